import { z } from '@hono/zod-openapi';
import { endpoint, noBody, strictBody, type Endpoint } from '../endpoint.js';
import { destinationOf, permitExcluded } from '../find-record.js';
import { namedResources } from '../schemas/common.js';
import type { RestService } from '../service.js';

const optionsResponse = z
  .object({
    secretSyncOptions: z.array(
      z.object({
        name: z.string(),
        destination: z.string(),
        connection: z.string().describe('The app of the connections that it takes.'),
        canImportSecrets: z.boolean().describe('False where that depends on the config of a sync.'),
        canRemoveSecretsOnDeletion: z.boolean(),
      }),
    ),
  })
  .openapi('SecretSyncOptionsResponse');

const checkBody = z
  .strictObject({
    destinationConfig: z.record(z.string(), z.unknown()),
    connectionId: z.string().min(1).optional(),
    excludeSyncId: z.string().min(1).optional(),
    projectId: z.string().min(1).optional(),
  })
  .openapi('CheckDestination');

const checkResponse = z
  .object({ hasDuplicate: z.boolean(), duplicateProjectId: z.string().optional() })
  .openapi('CheckDestinationResponse');

/** The routes below `root` that tell of destinations. */
export const destinationEndpoints = (service: RestService, root: string): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: `${root}/options`,
    action: 'list-destinations',
    summary: 'List the destinations.',
    body: noBody,
    response: optionsResponse,
    handle: () =>
      Promise.resolve({
        secretSyncOptions: service.destinations.list().map(({ destination, displayName, canImport }) => ({
          name: displayName,
          destination,
          connection: destination,
          canImportSecrets: canImport,
          canRemoveSecretsOnDeletion: true,
        })),
      }),
  }),
  endpoint({
    method: 'post',
    path: `${root}/{destination}/check-destination`,
    action: 'check-destination',
    summary: 'Check whether a sync writes to a destination already.',
    body: strictBody(checkBody),
    response: checkResponse,
    async handle(call) {
      const { projectId, ...query } = call.body;
      const destination = destinationOf(service, call);
      const { connectionId, excludeSyncId } = query;
      await call.permit({
        ...(projectId !== undefined && { projectId }),
        ...(connectionId !== undefined && { connectionId }),
      });
      if (excludeSyncId !== undefined) await permitExcluded(service, excludeSyncId, call);
      return service.destinations.check({ destination, ...query });
    },
  }),
];

/** The routes below `root` that list what a connection can see. */
export const discoveryEndpoints = (service: RestService, root: string): readonly Endpoint[] =>
  service.destinations.list().flatMap(({ destination, discovery }) =>
    discovery.map((path) =>
      endpoint({
        method: 'get',
        path: `${root}/${destination}/{connectionId}/${path}`,
        action: 'discover',
        summary: `List ${path.split('/').at(-1) ?? path} that a connection can see.`,
        destination,
        body: noBody,
        response: namedResources,
        handle: ({ params: { connectionId, ...ids }, signal }) =>
          service.destinations.discover({ destination, connectionId, path, ids }, { signal }),
      }),
    ),
  );
