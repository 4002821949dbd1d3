import { Redis } from 'ioredis';
import { SecretSyncEngine } from 'secret-sync-engine';
import { hasuraCloud } from 'secret-sync-engine/drivers/hasura-cloud';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { SecretSyncService, type ServiceEvent } from 'secret-sync-engine/service';
import { infisicalSource } from 'secret-sync-engine/sources/infisical';
import { redisStore } from 'secret-sync-engine/stores/redis';
import { bullmqQueue } from 'secret-sync-engine/workers/bullmq';

/** What every process of the fleet is told. */
export interface FleetSettings {
  /** The address of Redis, or the path of its socket. */
  readonly redis: string;
  readonly fingerprintKey: string;
  readonly infisical: { readonly url: string; readonly clientId: string; readonly clientSecret: string };
  readonly hasura: { readonly url: string; readonly accessToken: string };
  readonly qovery: { readonly url: string; readonly accessToken: string };
}

/** The service of one process: records in Redis, jobs in BullMQ on the same Redis. */
export function openFleetService(settings: FleetSettings, onEvent?: (event: ServiceEvent) => void) {
  const { redis, fingerprintKey, infisical, hasura, qovery: qoveryService } = settings;
  const client = new Redis(redis);
  client.on('error', () => undefined);
  const queue = bullmqQueue({ connection: redis.startsWith('/') ? { path: redis } : { url: redis } });
  const engine = new SecretSyncEngine({
    source: infisicalSource({
      clientId: infisical.clientId,
      clientSecret: infisical.clientSecret,
      siteUrl: infisical.url,
      allowPrivateNetwork: true,
    }),
    drivers: [hasuraCloud(), qovery()],
    connections: {
      hasura: { app: 'hasura-cloud', credentials: { accessToken: hasura.accessToken, apiUrl: hasura.url } },
      qovery: {
        app: 'qovery',
        credentials: { accessToken: qoveryService.accessToken, instanceUrl: qoveryService.url },
      },
    },
    store: redisStore(client),
    fingerprintKey,
    leaseWait: 0,
    allowPrivateNetwork: true,
  });
  const service = new SecretSyncService({
    engine,
    store: redisStore(client),
    queue,
    ...(onEvent && { onEvent }),
  });
  return {
    service,
    queue,
    close: async () => {
      await queue.close();
      client.disconnect();
    },
  };
}
