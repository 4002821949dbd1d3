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
  const after = async (id: string) => ({ secretSync: shown(await service.getSync(id)) });
  return [
    endpoint({
      method: 'post',
      path: `${one}/sync-secrets`,
      action: 'sync',
      summary: 'Sync the secrets.',
      body: strictBody(syncBody),
      response: secretSyncResponse,
      async handle(call) {
        const { id } = await recordOf(service, call);
        await service.sync(id, set(call.body));
        return after(id);
      },
    }),
    endpoint({
      method: 'post',
      path: `${one}/import-secrets`,
      action: 'import',
      summary: 'Import the secrets of the destination into the source.',
      query: z.strictObject({ importBehavior: importBehavior.optional() }),
      body: noBody,
      response: secretSyncResponse,
      async handle(call) {
        const { id } = await recordOf(service, call);
        await service.importSecrets(id, set(call.query));
        return after(id);
      },
    }),
    endpoint({
      method: 'post',
      path: `${one}/remove-secrets`,
      action: 'remove',
      summary: 'Delete what the sync wrote.',
      body: strictBody(removeBody),
      response: secretSyncResponse,
      async handle(call) {
        const { id } = await recordOf(service, call);
        await service.removeSecrets(id, set(call.body));
        return after(id);
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
