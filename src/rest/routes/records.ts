import { z } from '@hono/zod-openapi';
import type { SyncRecord } from '../../service/records/sync-record.js';
import { changesIn, definitionIn } from '../definition-body.js';
import { endpoint, noBody, type Endpoint } from '../endpoint.js';
import { destinationOf, namedRecord, recordOf, recordToDelete } from '../find-record.js';
import { count, flag, numberIn, projectQuery } from '../schemas/common.js';
import {
  createBody,
  deletedSyncResponse,
  secretSyncResponse,
  secretSyncsResponse,
  updateBody,
} from '../schemas/secret-sync.js';
import { shown, type RestService } from '../service.js';

type Visible = (projectId: string | null) => Promise<boolean>;

/** The records of projects that may be seen. */
async function visible(records: readonly SyncRecord[], maySee: Visible): Promise<object> {
  const allowed = new Map<string | null, boolean>();
  for (const { projectId } of records)
    if (!allowed.has(projectId)) allowed.set(projectId, await maySee(projectId));
  return { secretSyncs: records.filter(({ projectId }) => allowed.get(projectId) === true).map(shown) };
}

function reading(service: RestService, root: string): readonly Endpoint[] {
  const filter = ({ projectId }: { readonly projectId?: string | undefined }) =>
    projectId === undefined ? {} : { projectId };
  return [
    endpoint({
      method: 'get',
      path: root,
      action: 'list',
      summary: 'List the syncs of a project.',
      query: projectQuery,
      body: noBody,
      response: secretSyncsResponse,
      handle: async ({ query, maySee }) => visible(await service.listSyncs(filter(query)), maySee),
    }),
    endpoint({
      method: 'get',
      path: `${root}/{destination}`,
      action: 'list',
      summary: 'List the syncs of a project to a destination.',
      query: projectQuery,
      body: noBody,
      response: secretSyncsResponse,
      handle: async (call) => {
        const destination = destinationOf(service, call);
        return visible(await service.listSyncs({ ...filter(call.query), destination }), call.maySee);
      },
    }),
    endpoint({
      method: 'get',
      path: `${root}/{destination}/{syncId}`,
      action: 'read',
      summary: 'Get a sync by its id.',
      body: noBody,
      response: secretSyncResponse,
      handle: async (call) => ({ secretSync: shown(await recordOf(service, call)) }),
    }),
    endpoint({
      method: 'get',
      path: `${root}/{destination}/sync-name/{name}`,
      action: 'read',
      summary: 'Get a sync by its name.',
      query: projectQuery,
      body: noBody,
      response: secretSyncResponse,
      handle: async (call) => ({ secretSync: shown(await namedRecord(service, call)) }),
    }),
  ];
}

function writing(service: RestService, root: string): readonly Endpoint[] {
  const one = `${root}/{destination}/{syncId}`;
  return [
    endpoint({
      method: 'post',
      path: `${root}/{destination}`,
      action: 'create',
      summary: 'Create a sync. Its first run begins immediately where it is enabled.',
      body: { schema: createBody, parse: (body) => body },
      response: secretSyncResponse,
      async handle(call) {
        const definition = definitionIn(call.body, destinationOf(service, call));
        const { projectId, connectionId } = definition;
        await call.permit({ ...textIn({ projectId, connectionId }) });
        return { secretSync: shown(await service.createSync(definition)) };
      },
    }),
    endpoint({
      method: 'patch',
      path: one,
      action: 'update',
      summary: 'Change a sync: what is not named stays, and null clears.',
      body: { schema: updateBody, parse: changesIn },
      response: secretSyncResponse,
      async handle(call) {
        const { changes, version } = call.body;
        const { id, projectId } = await recordOf(service, call);
        await call.permit({ syncId: id, projectId, ...textIn({ connectionId: changes.connectionId }) });
        const options = version === undefined ? {} : { version };
        return { secretSync: shown(await service.updateSync(id, changes, options)) };
      },
    }),
    endpoint({
      method: 'delete',
      path: one,
      action: 'delete',
      summary: 'Delete a sync, and what it wrote where removeSecrets is true.',
      query: z.strictObject({ removeSecrets: flag, confirmDeletions: count }),
      alsoNeeds: ({ removeSecrets }) => (removeSecrets === 'true' ? ['remove'] : []),
      body: noBody,
      response: deletedSyncResponse,
      async handle(call) {
        const { syncId = '' } = call.params;
        const record = await recordToDelete(service, call);
        const confirmDeletions = numberIn(call.query.confirmDeletions);
        await service.deleteSync(syncId, {
          removeSecrets: call.query.removeSecrets === 'true',
          ...(confirmDeletions !== undefined && { confirmDeletions }),
        });
        return { secretSync: record === undefined ? null : shown(record) };
      },
    }),
  ];
}

/** The fields that are strings; the others are refused later. */
const textIn = (fields: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => typeof field[1] === 'string'),
  );

/** The routes of records below `root`. */
export const recordEndpoints = (service: RestService, root: string): readonly Endpoint[] => [
  ...reading(service, root),
  ...writing(service, root),
];
