import type { StateStore } from '../../src/contracts/state-store.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createEngine, FINGERPRINT_KEY, memoryDefinition } from './engine.js';
import { recordingStore } from './recording-store.js';

/** A sync that deletes what it owns, and nothing else. */
export const owned = memoryDefinition({ syncOptions: { deletionScope: 'owned' } });

/** Three keys synced to a place whose values can't be read back. */
export async function synced(setup: { fingerprintKey?: string | null; store?: StateStore } = {}) {
  const { fingerprintKey = FINGERPRINT_KEY } = setup;
  const destination = memoryDestination({ readable: false });
  const store = recordingStore(setup.store);
  const source = memorySource({ A: '1', B: '2', C: '3' });
  const create = (more: Partial<Parameters<typeof createEngine>[0]> = {}) =>
    createEngine({ source, store, fingerprintKey, ...more, drivers: [destination] }).engine;
  const engine = create();
  await engine.sync(owned);
  destination.clearCalls();
  store.changes.length = 0;
  const writes = () =>
    destination.calls.flatMap(({ changes }) => changes.map(({ key, action }) => `${action} ${key}`));
  return { destination, store, source, create, engine, writes };
}
