import { z } from '@hono/zod-openapi';
import { endpoint, noBody, strictBody, type Endpoint } from '../endpoint.js';
import { recordOf } from '../find-record.js';
import { importBehavior, planBody, planResponse, removeBody, syncBody } from '../schemas/plan.js';
import { secretSyncResponse } from '../schemas/secret-sync.js';
import { shown, type RestService } from '../service.js';

/** The fields that are set. */
function set<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]?: NonNullable<Fields[Name]> };
}

/** The routes below `root` that plan and run the sync of a record. */
export function runEndpoints(service: RestService, root: string): readonly Endpoint[] {
  const one = `${root}/{destination}/{syncId}`;
  return [
    endpoint({
      method: 'post',
      path: `${one}/sync-secrets`,
      action: 'sync',
      summary: 'Ask for a sync; the record shows how it goes.',
      body: strictBody(syncBody),
      response: secretSyncResponse,
      async handle(call) {
        const { id } = await recordOf(service, call);
        return { secretSync: shown(await service.requestSync(id, set(call.body))) };
      },
    }),
    endpoint({
      method: 'post',
      path: `${one}/import-secrets`,
      action: 'import',
      summary: 'Ask for an import of the secrets of the destination into the source.',
      query: z.strictObject({ importBehavior: importBehavior.optional() }),
      body: noBody,
      response: secretSyncResponse,
      async handle(call) {
        const { id } = await recordOf(service, call);
        return { secretSync: shown(await service.requestImport(id, set(call.query))) };
      },
    }),
    endpoint({
      method: 'post',
      path: `${one}/remove-secrets`,
      action: 'remove',
      summary: 'Ask for the deletion of what the sync wrote.',
      body: strictBody(removeBody),
      response: secretSyncResponse,
      async handle(call) {
        const { id } = await recordOf(service, call);
        return { secretSync: shown(await service.requestRemoval(id, set(call.body))) };
      },
    }),
    endpoint({
      method: 'post',
      path: `${one}/plan`,
      action: 'plan',
      summary: 'Plan a sync, an import or a removal: a dry run that writes nothing.',
      body: strictBody(planBody),
      response: planResponse,
      async handle(call) {
        const { id } = await recordOf(service, call);
        return { plan: await service.plan(id, { ...set(call.body), signal: call.signal }) };
      },
    }),
  ];
}
