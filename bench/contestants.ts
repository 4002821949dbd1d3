import {
  defineSource,
  memoryStore,
  parseDefinition,
  SecretSyncEngine,
  type StateStore,
} from 'secret-sync-engine';
import { hasuraCloud } from 'secret-sync-engine/drivers/hasura-cloud';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { fileStore } from 'secret-sync-engine/stores/file';
import { syncHasuraCloudLikeReference, syncQoveryLikeReference } from './reference/reference-model.js';
import type { Place } from './server-messages.js';
import type { BenchServer } from './servers.js';

/** Brings a place up to date once. */
export type Sync = () => Promise<unknown>;

const KEY_SCHEMA = 'APP_{{secretKey}}';

/** What a secret is called at the destination. */
export const destinationKey = (secretKey: string): string => KEY_SCHEMA.replace('{{secretKey}}', secretKey);

/** What an engine of the bench is told beyond its servers. */
export interface EngineSettings {
  readonly concurrency?: number;
  /** Default: a new memory store. */
  readonly store?: StateStore;
  readonly fetch?: typeof globalThis.fetch;
}

/** This package, as a long-lived process uses it: one engine, which remembers what it wrote. */
export function createEngineSync(
  server: BenchServer,
  place: Place,
  secrets: ReadonlyMap<string, string>,
  options: EngineSettings = {},
): Sync {
  const { url, accessToken } = server;
  const drivers = [
    hasuraCloud({ accessToken, apiUrl: url }),
    qovery({ accessToken, instanceUrl: url }),
  ] as const;
  const engine = new SecretSyncEngine({
    source: defineSource('bench', () => secrets),
    drivers,
    store: memoryStore(),
    fingerprintKey: 'a fingerprint key that only the bench knows',
    allowPrivateNetwork: true,
    ...options,
  });
  const definition = parseDefinition(
    {
      name: 'bench',
      destination: server.destination,
      destinationConfig: place,
      syncOptions: { keySchema: KEY_SCHEMA },
    },
    drivers,
  );
  return () => engine.sync(definition);
}

/** This package, as a cron job uses it: for each run a new engine, which finds in files what the last one remembered. */
export const createCronSync =
  (
    server: BenchServer,
    place: Place,
    secrets: ReadonlyMap<string, string>,
    { folder, fetch }: { readonly folder: string } & Pick<EngineSettings, 'fetch'>,
  ): Sync =>
  () =>
    createEngineSync(server, place, secrets, { store: fileStore(folder), ...(fetch && { fetch }) })();

/** The model of the reference's algorithm. */
export function createReferenceSync(
  { destination, url, accessToken }: BenchServer,
  place: Place,
  secrets: ReadonlyMap<string, string>,
  { fetch = globalThis.fetch }: Pick<EngineSettings, 'fetch'> = {},
): Sync {
  const sync = { url, accessToken, place, secrets, keySchema: KEY_SCHEMA, fetch };
  return () =>
    destination === 'qovery' ? syncQoveryLikeReference(sync) : syncHasuraCloudLikeReference(sync);
}

/** So many secrets, with values of the length of a usual token. */
export function makeSecrets(size: number): Map<string, string> {
  return new Map(
    Array.from({ length: size }, (_, index) => [`KEY_${String(index).padStart(7, '0')}`, valueOf(index, 0)]),
  );
}

/** Gives the first `changed` secrets another value than they ever had. */
export function changeSecrets(secrets: Map<string, string>, changed: number, revision: number): void {
  [...secrets.keys()].slice(0, changed).forEach((key, index) => secrets.set(key, valueOf(index, revision)));
}

const valueOf = (index: number, revision: number): string =>
  `value-${String(revision).padStart(6, '0')}-${String(index).padStart(7, '0')}-of-some-forty-chars`;
