// Measures one task of the planner at one size, in a process of its own: node planner.mjs TASK SIZE
import {
  compileKeySchema,
  guardDeletions,
  planSync,
  reconcile,
  SecretValue,
  type DestinationEntry,
  type PlaceState,
} from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { fingerprint } from '../src/core/fingerprint/fingerprint.js';
import { makeSecrets } from './contestants.js';
import { decideLikeReference } from './reference/reference-model.js';
import { createKeyring } from '../src/core/fingerprint/keyring.js';

const KEY_SCHEMA = 'APP_{{secretKey}}';
const FINGERPRINT_KEY = 'a fingerprint key that only the bench knows';
const PLACE = 'qovery:bench';

/** The same data, made as it comes from a server. */
const fromServer = <Data>(data: Data): Data => JSON.parse(JSON.stringify(data)) as Data;

/** Of 100 keys, 1 is new, 2 have changed, and 97 are as they were; 1 more is gone and 1 is somebody else's. */
function standingKeys(secrets: ReadonlyMap<string, string>): [key: string, value: string][] {
  const standing = [...secrets].flatMap(([key, value], index): [string, string][] => {
    switch (index % 100) {
      case 0:
        return [];
      case 1:
      case 2:
        return [[`APP_${key}`, 'another value']];
      case 3:
        return [
          [`APP_${key}`, value],
          [`APP_GONE_${key}`, value],
          [`OTHER_${key}`, value],
        ];
      default:
        return [[`APP_${key}`, value]];
    }
  });
  return fromServer(standing);
}

type Task = () => number;

/** Decides on values that can be read: the changes, then which deletions may happen. */
function createReconcileTask(size: number): Task {
  const keySchema = compileKeySchema(KEY_SCHEMA);
  const secrets = makeSecrets(size);
  const destination = standingKeys(secrets).map(([key, value]) => ({ key, value: new SecretValue(value) }));
  const desired = new Map(
    Array.from(secrets, ([sourceKey, value]) => [
      keySchema.render(sourceKey),
      { sourceKey, value: new SecretValue(value) },
    ]),
  );
  const options = { maxDeletions: { count: size } };
  return () => {
    const shared = { syncId: 'bench', destination, keySchema, options };
    const { changes } = reconcile({ ...shared, desired });
    const guarded = guardDeletions({ ...shared, changes });
    if (guarded.problems.length > 0) throw new Error('The guard refused the deletions of the bench.');
    return guarded.changes.length;
  };
}

/** Plans secrets that can't be read back: one HMAC a key to compare, and one a change and over the plan to seal it. */
function createPlanTask(size: number): Task {
  const { current } = createKeyring(FINGERPRINT_KEY);
  const source = makeSecrets(size);
  const standing = standingKeys(source);
  const destination = standing.map(([key], index): DestinationEntry => ({
    key,
    kind: 'secret',
    id: `id-${index}`,
    revision: '2026-01-01T00:00:00Z',
  }));
  const state: PlaceState = {
    syncs: [{ syncId: 'bench', importedAt: '2026-01-01T00:00:00.000Z' }],
    entries: standing
      .map(([key, value], index) => ({
        key,
        kind: 'secret',
        syncId: 'bench',
        fingerprint: fingerprint(current, PLACE, 'secret', key, new SecretValue(value)),
        id: `id-${index}`,
        revision: '2026-01-01T00:00:00Z',
      }))
      .filter(({ key }) => key.startsWith('APP_')),
  };
  const definition = { name: 'bench', syncOptions: { keySchema: KEY_SCHEMA, maxDeletions: { count: size } } };
  const capabilities = qovery.capabilities({});
  return () => {
    const plan = planSync({
      definition,
      source,
      destination,
      state,
      capabilities,
      fingerprintKey: FINGERPRINT_KEY,
      place: PLACE,
    });
    const { create, update, delete: deleted } = plan.summary;
    if (!plan.applicable || create !== size / 100 || update !== size / 50 || deleted !== size / 100) {
      throw new Error(`The plan of the bench is not as expected: ${JSON.stringify(plan.summary)}`);
    }
    return plan.changes.length;
  };
}

/** The least that can be done: which keys are new, changed, and gone, by two Maps of strings. */
function createMapTask(size: number): Task {
  const desired = new Map<string, string>(
    Array.from(makeSecrets(size), ([key, value]) => [`APP_${key}`, value]),
  );
  const standing = new Map<string, string>(standingKeys(makeSecrets(size)));
  return () => {
    const changes: { key: string; action: string }[] = [];
    for (const [key, value] of desired) {
      const there = standing.get(key);
      if (there === undefined) changes.push({ key, action: 'create' });
      else changes.push({ key, action: there === value ? 'unchanged' : 'update' });
    }
    for (const key of standing.keys()) if (!desired.has(key)) changes.push({ key, action: 'delete' });
    return changes.length;
  };
}

/** The decisions of the reference's algorithm: no comparison, but a template compiled for each key. */
function createReferenceTask(size: number): Task {
  const secrets = makeSecrets(size);
  const standing = standingKeys(secrets).map(([key]) => key);
  return () => decideLikeReference(secrets, standing, KEY_SCHEMA).writes.size;
}

const TASKS = new Map<string, (size: number) => Task>([
  ['reconcile', createReconcileTask],
  ['plan', createPlanTask],
  ['map', createMapTask],
  ['reference', createReferenceTask],
  ['nothing', () => () => 0],
]);

/** How long a task is warmed up and measured, in ms, once it was done at least twice and three times. */
const [WARM_UP, LONGEST, MOST_RUNS] = [1_000, 5_000, 31];

function timeOf(task: Task): number {
  globalThis.gc?.();
  const start = performance.now();
  task();
  return performance.now() - start;
}

const [, , name = '', size = '0'] = process.argv;
const task = TASKS.get(name)?.(Number(size));
if (!task) throw new Error(`There is no task ${JSON.stringify(name)}.`);
let spent = 0;
for (let run = 0; run < 2 || (spent < WARM_UP && run < MOST_RUNS); run += 1) spent += timeOf(task);
const times: number[] = [];
for (spent = 0; times.length < 3 || (spent < LONGEST && times.length < MOST_RUNS);) {
  const time = timeOf(task);
  times.push(time);
  spent += time;
}
// maxRSS counts kibibytes.
console.log(JSON.stringify({ times, peakBytes: process.resourceUsage().maxRSS * 1_024 }));
