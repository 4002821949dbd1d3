import type { SyncEvent } from '../../contracts/events.js';
import { notify } from '../../shared/async.js';
import { createHttpClient, type GuardedHttpClient } from '../../http/client.js';
import type { ResolvedOptions } from '../options.js';
import type { PreparedSync } from '../resolve/resolve-sync.js';
import { createStateRepository, type StateRepository } from '../state/place-repository.js';

/** What an engine keeps for all its calls. */
export interface EngineContext {
  readonly options: ResolvedOptions;
  readonly state: StateRepository;
  /** Returns the client of a connection, which all runs through it share with its limits and its pace. */
  readonly clientOf: (prepared: ConnectionOfRun) => GuardedHttpClient;
  /** Tells, once, what of the memory of this engine ends with its process. */
  readonly tellAboutStore: () => void;
}

/** The part of a prepared sync that says which connection it uses, and what that is made of. */
export type ConnectionOfRun = Pick<PreparedSync, 'endpoint' | 'headers'> & {
  readonly driver: Pick<PreparedSync['driver'], 'name'>;
  readonly definition: Pick<PreparedSync['definition'], 'connectionId'>;
};

/**
 * A client that no run has asked for in so many ms is let go of: a day, for which a server can have closed the
 * connection, and which the client alone remembers.
 */
const IDLE_MS = 86_400_000;

interface KeptClient {
  readonly client: GuardedHttpClient;
  /** The endpoint and the headers that it was made of. */
  readonly madeOf: string;
  usedAt: number;
}

/**
 * Keeps one client for each connection. One whose endpoint or token has changed is replaced, and one that is idle is
 * let go of, so that no token outlives its use; runs that are in progress keep what they began with.
 */
export function createClients(options: ResolvedOptions): EngineContext['clientOf'] {
  const clients = new Map<string, KeptClient>();

  const dropIdle = (now: number) => {
    for (const [id, { usedAt }] of clients) if (now - usedAt > IDLE_MS) clients.delete(id);
  };

  return ({ driver, endpoint, headers, definition }) => {
    const now = options.clock.now();
    dropIdle(now);
    const id = JSON.stringify([driver.name, definition.connectionId ?? null]);
    const madeOf = JSON.stringify([endpoint, headers]);
    const known = clients.get(id);
    if (known?.madeOf === madeOf) {
      known.usedAt = now;
      return known.client;
    }
    const client = createHttpClient({ ...options, endpoint, headers });
    clients.set(id, { client, madeOf, usedAt: now });
    return client;
  };
}

/** What of the memory of an engine ends with its process; `undefined` where nothing does, as far as can be seen. */
function whatEnds({ isStoreExplicit, keyring }: ResolvedOptions): SyncEvent | undefined {
  if (!isStoreExplicit) {
    const message =
      'No store was passed: ownership and first syncs are forgotten when this process ends, and nothing keeps two processes from writing to one place at the same time. Pass a durable store.';
    return { type: 'store-not-durable', message };
  }
  if (!keyring.ephemeral) return undefined;
  const message =
    'A store was passed without a fingerprintKey: fingerprints are lost when this process ends, and the next one writes again whatever a destination does not let it read back. Pass a fingerprintKey; generateFingerprintKey() makes one.';
  return { type: 'fingerprints-not-durable', message };
}

export function createEngineContext(options: ResolvedOptions): EngineContext {
  const told = whatEnds(options);
  let isTold = told === undefined;
  return {
    options,
    state: createStateRepository(options),
    clientOf: createClients(options),
    tellAboutStore() {
      if (isTold || told === undefined) return;
      isTold = true;
      notify(options.onEvent, told);
    },
  };
}
