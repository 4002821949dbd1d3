// The API in a worker, such as of Cloudflare: what the engine needs comes with the first request, and nothing is read
// from a disk. Runs begin with requests: there is no service.start() here. In production, give it a store on a database.
import { memoryStore, SecretSyncEngine } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { createRestHandler, type RestHandler } from 'secret-sync-engine/rest';
import { SecretSyncService } from 'secret-sync-engine/service';
import { infisicalSource } from 'secret-sync-engine/sources/infisical';

/** The secrets and variables of the worker. */
export interface Env {
  readonly API_TOKEN: string;
  readonly INFISICAL_CLIENT_ID: string;
  readonly INFISICAL_CLIENT_SECRET: string;
  readonly INFISICAL_URL?: string;
  readonly QOVERY_ACCESS_TOKEN: string;
  readonly QOVERY_INSTANCE_URL?: string;
  readonly ALLOW_PRIVATE_NETWORK?: string;
}

function createHandler(env: Env): RestHandler {
  const allowPrivateNetwork = env.ALLOW_PRIVATE_NETWORK === 'true';
  const store = memoryStore();
  const engine = new SecretSyncEngine({
    source: infisicalSource({
      clientId: env.INFISICAL_CLIENT_ID,
      clientSecret: env.INFISICAL_CLIENT_SECRET,
      ...(env.INFISICAL_URL !== undefined && { siteUrl: env.INFISICAL_URL }),
      allowPrivateNetwork,
    }),
    drivers: [qovery({ accessToken: env.QOVERY_ACCESS_TOKEN, instanceUrl: env.QOVERY_INSTANCE_URL })],
    store,
    allowPrivateNetwork,
  });
  return createRestHandler(new SecretSyncService({ engine, store }), {
    authorize: (request) => request.headers.get('authorization') === `Bearer ${env.API_TOKEN}`,
  });
}

let handler: RestHandler | undefined;

export default {
  fetch: (request: Request, env: Env): Promise<Response> => (handler ??= createHandler(env)).fetch(request),
};
