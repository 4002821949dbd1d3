// Syncs 100,000 keys in a process of its own, and watches its event loop and its heap: node --expose-gc large.mjs SIZE
import { defineSource, memoryStore, SecretSyncEngine } from 'secret-sync-engine';
import { memoryDestination } from 'secret-sync-engine/testing';
import { changeSecrets, makeSecrets } from './contestants.js';

const size = Number(process.argv[2] ?? 100_000);
const heap = () => process.memoryUsage().heapUsed;
const settled = () => {
  globalThis.gc?.();
  return heap();
};

const empty = settled();
const secrets = makeSecrets(size);
const secretsBytes = settled() - empty;
const engine = new SecretSyncEngine({
  source: defineSource('bench', () => secrets),
  drivers: [memoryDestination()],
  store: memoryStore(),
  fingerprintKey: 'a fingerprint key that only the bench knows',
});

/** Runs once; looks at the heap in each turn of the event loop, and at how long each turn was. */
async function watch(work: () => Promise<unknown>) {
  const before = settled();
  let [isOver, longest, peak, last] = [false, 0, before, performance.now()];
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    peak = Math.max(peak, heap());
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  const start = performance.now();
  await work();
  isOver = true;
  const time = performance.now() - start;
  look();
  return { time, longest, peakBytes: peak - before };
}

const definition = { name: 'bench', destination: 'memory', destinationConfig: {} } as const;
const sync = () => engine.sync(definition);
const first = await watch(sync);
const noChange = await watch(sync);
changeSecrets(secrets, 1, 1);
const oneChange = await watch(sync);
console.log(
  JSON.stringify({ secretsBytes, runs: { first, 'no change': noChange, 'one change': oneChange } }),
);
