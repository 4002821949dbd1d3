import { describe, expect, it } from 'vitest';
import type { WriteOutcome } from '../../../src/contracts/destination.js';
import { SecretSyncEngine, type SyncEvent } from '../../../src/index.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { memoryDefinition } from '../../support/engine.js';

/** The most outcomes that are entered before others have their turn. */
const MOST_PER_TURN = 1_024;
/** Some times as many. */
const KEYS = 4_000;

const secrets = () =>
  Object.fromEntries(
    Array.from({ length: KEYS }, (_, index) => [`KEY_${index}`, `the value of the key ${index}`]),
  );

/** Counts how many keys end between two turns of others, by the events: the clock has no part in it. */
function turnCounter() {
  let [inTurn, most, all] = [0, 0, 0];
  let next: NodeJS.Immediate | undefined;
  const turn = () => {
    inTurn = 0;
    next = setImmediate(turn);
  };
  turn();
  return {
    onEvent(event: SyncEvent) {
      if (event.type !== 'progress') return;
      all += 1;
      inTurn += 1;
      most = Math.max(most, inTurn);
    },
    end() {
      clearImmediate(next);
      return { most, all };
    },
  };
}

async function counted(work: (onEvent: (event: SyncEvent) => void) => Promise<unknown>) {
  const counter = turnCounter();
  try {
    await work((event) => counter.onEvent(event));
  } finally {
    counter.end();
  }
  return counter.end();
}

describe.each(['batch', 'each'] as const)(`${KEYS} keys of which a driver writes %s`, (writes) => {
  const engineWith = () =>
    new SecretSyncEngine({
      source: memorySource(secrets()),
      drivers: [memoryDestination({ writes })],
      store: memoryStore(),
      fingerprintKey: 'k'.repeat(32),
    });
  const definition = memoryDefinition({ syncOptions: { keySchema: 'APP_{{secretKey}}' } });

  it('let others have their turn in a first sync, in an apply and in a removal', async () => {
    const engine = engineWith();
    const first = await counted((onEvent) => engine.sync(definition, { onEvent }));
    const plan = await engine.plan(definition, { force: true });
    const applied = await counted((onEvent) => engine.apply(plan, { onEvent }));
    const removed = await counted((onEvent) =>
      engine.removeSecrets(definition, { confirmDeletions: KEYS, onEvent }),
    );
    for (const { most, all } of [first, applied, removed]) {
      expect(all).toBe(KEYS);
      expect(most).toBeLessThanOrEqual(MOST_PER_TURN);
    }
  });
});

describe('a driver that tells of all keys in one go, with one object for all of them', () => {
  /** Tells of its changes without ever waiting, and ends as `afterwards` does. */
  function hasty(afterwards: (outcomes: WriteOutcome[], signal: AbortSignal) => Promise<WriteOutcome[]>) {
    const memory = memoryDestination({ writes: 'batch' });
    return {
      ...memory,
      connect: () => ({
        read: async () => ({ entries: [] }),
        write: (
          { changes }: { readonly changes: readonly { readonly key: string }[] },
          {
            signal,
            onOutcome,
          }: { readonly signal: AbortSignal; readonly onOutcome: (outcome: WriteOutcome) => void },
        ) => {
          const told = { key: '', status: 'applied' as const };
          for (const { key } of changes) {
            told.key = key;
            onOutcome(told);
          }
          return afterwards([], signal);
        },
      }),
    };
  }

  it.each<[string, (outcomes: WriteOutcome[], signal: AbortSignal) => Promise<WriteOutcome[]>]>([
    ['returns nothing more', async (outcomes) => outcomes],
    ['throws then', () => Promise.reject(new Error('broken'))],
    [
      'runs into the end of its run then',
      async (outcomes, signal) => {
        signal.throwIfAborted();
        return outcomes;
      },
    ],
  ])('has each of them remembered, also where it %s', async (title, afterwards) => {
    const store = memoryStore();
    const abort = new AbortController();
    const engine = new SecretSyncEngine({
      source: memorySource(secrets()),
      drivers: [hasty(afterwards) as never],
      store,
      fingerprintKey: 'k'.repeat(32),
    });
    const counter = turnCounter();
    const onEvent = (event: SyncEvent) => {
      counter.onEvent(event);
      if (event.type === 'progress' && title.startsWith('runs')) abort.abort(new Error('enough'));
    };
    await engine
      .sync(memoryDefinition() as never, { onEvent, signal: abort.signal })
      .catch((error: unknown) => error);
    const { most, all } = counter.end();
    expect(all).toBe(KEYS);
    expect(most).toBeLessThanOrEqual(MOST_PER_TURN);
    const [key = ''] = await store.list('places/');
    const document = (await store.get(key))?.document as { readonly entries: readonly object[] };
    expect(document.entries).toHaveLength(KEYS);
    expect(document.entries.filter((entry) => 'pending' in entry)).toEqual([]);
  });
});
