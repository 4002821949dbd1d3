import { createHttpClient, type GuardedHttpClient } from '../../http/client.js';
import type { ResolvedOptions } from '../options.js';
import type { PreparedSync } from '../resolve/resolve-sync.js';
import { createStateRepository, type StateRepository } from '../state/place-repository.js';

/** What an engine keeps for all its calls. */
export interface EngineContext {
  readonly options: ResolvedOptions;
  readonly state: StateRepository;
  /** One client for each connection, so that all runs through it share its limits and its pace. */
  readonly clientOf: (prepared: PreparedSync) => GuardedHttpClient;
}

export function createEngineContext(options: ResolvedOptions): EngineContext {
  const clients = new Map<string, GuardedHttpClient>();
  return {
    options,
    state: createStateRepository(options),
    clientOf({ driver, endpoint, headers }) {
      const id = JSON.stringify([driver.name, endpoint, headers]);
      const known = clients.get(id);
      if (known !== undefined) return known;
      const client = createHttpClient({ ...options, endpoint, headers });
      clients.set(id, client);
      return client;
    },
  };
}
