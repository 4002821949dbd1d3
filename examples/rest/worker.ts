// The API in a worker, such as of Cloudflare: what the engine needs comes with the first request, and nothing is read
// from a disk. A worker drops what goes on after the response, unless it was told to wait: so runs are put into a queue, and
// done with waitUntil. No timer outlives a request either: a cron trigger, for example every five minutes, runs what is due,
// because the source has changed or a run that failed is to be tried again. In production, give it a store on a database.
import { memoryStore, SecretSyncEngine } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { createRestHandler, type RestHandler } from 'secret-sync-engine/rest';
import { SecretSyncService, type SyncJob } from 'secret-sync-engine/service';
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

/** What a worker gets with a request, as far as it is used. */
interface Context {
  waitUntil(work: Promise<unknown>): void;
}

interface Api {
  readonly handler: RestHandler;
  /** Does what was asked for. */
  work(): Promise<unknown>;
  /** Does what is due without being asked for. */
  workDue(): Promise<unknown>;
}

function createApi(env: Env): Api {
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
  const jobs: SyncJob[] = [];
  const queue = {
    enqueue: async (job: SyncJob) => {
      jobs.push(job);
      return crypto.randomUUID();
    },
  };
  const service = new SecretSyncService({ engine, store, queue });
  return {
    handler: createRestHandler(service, {
      authorize: (request) => request.headers.get('authorization') === `Bearer ${env.API_TOKEN}`,
    }),
    work: () => Promise.all(jobs.splice(0).map((job) => service.perform(job))),
    workDue: async () => Promise.all((await service.findDue()).map((job) => service.perform(job))),
  };
}

let api: Api | undefined;

export default {
  async fetch(request: Request, env: Env, context: Context): Promise<Response> {
    api ??= createApi(env);
    const response = await api.handler.fetch(request);
    context.waitUntil(api.work());
    return response;
  },
  scheduled(_event: unknown, env: Env, context: Context): void {
    api ??= createApi(env);
    context.waitUntil(api.workDue());
  },
};
