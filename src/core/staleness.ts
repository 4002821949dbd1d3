import type { ErrorProblem } from '../contracts/error-codes.js';
import type { SyncPlan } from '../contracts/plan.js';
import { errorFromProblems } from '../shared/problems.js';
import { byText } from '../shared/text.js';
import { forEachInTurns, type Turns } from '../shared/turns/turns.js';
import type { Digester } from './fingerprint/keyring.js';
import { stepDigest } from './seal.js';
import { isWrite, isWriteStep, type Step, type WriteStep } from './step.js';

/** All that a plan writes under one key, on one side. */
interface PlannedWrites {
  readonly key: string;
  readonly isImport: boolean;
  readonly actions: string[];
  readonly digests: string[];
}

function* plannedWrites(
  { changes, imports }: SyncPlan,
  withImports: boolean,
): Turns<Map<string, PlannedWrites>> {
  const writes = new Map<string, PlannedWrites>();
  const add = (id: string, key: string, isImport: boolean, action: string, digest = '') => {
    let found = writes.get(id);
    if (found === undefined) writes.set(id, (found = { key, isImport, actions: [], digests: [] }));
    found.actions.push(action);
    found.digests.push(digest);
  };
  yield* forEachInTurns(changes, ({ key, kind = '', action, digest }) => {
    if (isWrite(action) || action === 'blocked')
      add(JSON.stringify(['key', key, kind]), key, false, action, digest);
  });
  yield* forEachInTurns(imports, ({ sourceKey, action, digest }) => {
    if (action !== 'ignore' && withImports)
      add(JSON.stringify(['import', sourceKey]), sourceKey, true, action, digest);
  });
  return writes;
}

const sameList = (first: readonly string[], second: readonly string[]): boolean =>
  first.length === second.length && [...first].sort().join() === [...second].sort().join();

/** Whether two decisions write the same, over the same: whatever is decided again must come out as it was planned. */
export function sameWrites(
  digester: Digester,
  place: string,
  planned: readonly WriteStep[],
  now: readonly Step[],
): boolean {
  const digests = (steps: readonly WriteStep[]) => steps.map((step) => stepDigest(digester, place, step));
  return sameList(digests(planned), digests(now.filter(isWriteStep)));
}

/** What follows the writes depends on what earlier runs left due, beside the rows of a plan. */
function followUpMoved({ after: then }: SyncPlan, { after: now }: SyncPlan): ErrorProblem | undefined {
  if (then?.action === now?.action && then?.wait === now?.wait) return undefined;
  const words = (after: SyncPlan['after']) => (after === undefined ? 'no follow-up' : `a ${after.action}`);
  const message = `the plan has ${words(then)}, and would now have ${words(now)}`;
  return { code: 'PLAN_STALE', path: 'after', message };
}

/**
 * Compares, in turns, a plan with the same decision made now.
 *
 * | planned | now | then |
 * |---|---|---|
 * | a write | the same, of the same value, over the same entry | as planned |
 * | a write | the same, of another value or over an entry that moved | stale |
 * | a write | another action, or none | stale |
 * | none | a write | stale |
 * | one entry of a key | two of them | stale |
 * | something follows the writes, or nothing | the other of both | stale |
 *
 * `withImports: false` once the imports have been written.
 *
 * @throws SecretSyncError `PLAN_STALE`, naming every key that moved.
 */
export function* assertNotStale(plan: SyncPlan, now: SyncPlan, withImports: boolean): Turns {
  const planned = yield* plannedWrites(plan, withImports);
  const current = yield* plannedWrites(now, withImports);
  const problems: (ErrorProblem & { key: string })[] = [];
  yield* forEachInTurns(new Map([...planned, ...current]), ([id, { key, isImport }]) => {
    const [then, today] = [planned.get(id), current.get(id)];
    const sameActions = sameList(then?.actions ?? [], today?.actions ?? []);
    if (sameActions && sameList(then?.digests ?? [], today?.digests ?? [])) return;
    const words = (writes: PlannedWrites | undefined) => writes?.actions.join(' and ') ?? 'nothing to do';
    const message = sameActions
      ? 'the value to be written, or what exists there, has changed since the plan was made'
      : `${isImport ? 'its import' : 'it'} was planned as ${words(then)} and would now be ${words(today)}`;
    problems.push({ code: 'PLAN_STALE', key, message });
  });
  // Where rows moved, what follows them moved with them.
  const unfollowed = problems.length === 0 ? followUpMoved(plan, now) : undefined;
  if (problems.length === 0 && unfollowed === undefined) return;
  problems.sort(byText((problem) => problem.key));
  throw errorFromProblems(
    'PLAN_STALE',
    'The plan is out of date, and nothing was written; make a new plan',
    unfollowed === undefined ? problems : [unfollowed],
  );
}
