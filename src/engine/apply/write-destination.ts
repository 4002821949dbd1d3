import { workOf, type Application } from './application.js';
import type {
  DestinationConnection,
  WriteBatch,
  WriteChange,
  WriteOutcome,
} from '../../contracts/destination.js';
import type { SecretSyncError } from '../../contracts/errors.js';
import { isSecretSyncError } from '../../contracts/errors.js';
import { guarded } from '../boundary/guard-call.js';
import { outcomesOf } from '../boundary/guard-driver.js';
import type { Lease } from '../state/lease.js';
import { readDestination } from '../run/read.js';
import type { Recorder, Work } from '../state/recorder.js';
import type { Run } from '../run/run.js';
import type { Outcome, OutcomeError } from '../../contracts/result.js';
import { indexEntries } from '../../core/inputs/destination-index.js';
import { secondLook, type SecondLook } from './second-look.js';

/** What a phase of writes needs. */
export interface WriteContext {
  readonly run: Run;
  readonly lease: Lease;
  readonly connection: DestinationConnection;
  readonly recorder: Recorder;
  /** What a driver was handed: without an end, it may have been written. */
  readonly handed: Set<Work>;
  /** How many keys the whole run writes, and how many have ended. */
  readonly progress: { done: number; readonly total: number };
}

export type Ends = Map<Work, Outcome>;

type Failure = Extract<WriteOutcome, { status: 'failed' | 'unknown' }>;

function toWriteChange({ change, value, entry }: Work, action = change.action): WriteChange {
  return {
    key: change.key,
    action,
    ...(change.kind === undefined ? {} : { kind: change.kind }),
    ...(value === undefined ? {} : { value }),
    ...(entry === undefined ? {} : { entry }),
  };
}

const outcomeError = ({ code, message, retryable, status, retryAt }: SecretSyncError): OutcomeError => ({
  code,
  message,
  retryable,
  ...(status === undefined ? {} : { status }),
  ...(retryAt === undefined ? {} : { retryAt }),
});

export const outcomeOf = ({ change }: Work, status: Outcome['status'], error?: SecretSyncError): Outcome => ({
  key: change.key,
  ...(change.kind === undefined ? {} : { kind: change.kind }),
  action: change.action,
  status,
  ...(error === undefined ? {} : { error: outcomeError(error) }),
});

/** Lists in which each key stands once: a driver names its outcomes by key alone. */
function uniqueKeyRounds(work: readonly Work[]): Work[][] {
  const rounds: Work[][] = [];
  const counts = new Map<string, number>();
  for (const item of work) {
    const round = counts.get(item.change.key) ?? 0;
    counts.set(item.change.key, round + 1);
    (rounds[round] ??= []).push(item);
  }
  return rounds;
}

/**
 * Writes one phase and says how each key ended. What a driver could not say is settled by reading back, or by a
 * second try that converges; `indeterminate` only where that fails too. Keys that were not tried have no end.
 *
 * @throws SecretSyncError `CONFLICT` when the driver found the place changed and wrote nothing.
 */
export async function writePhase(
  context: WriteContext,
  phase: WriteBatch['phase'],
  work: readonly Work[],
  ends: Ends,
): Promise<void> {
  const unsettled = new Map<Work, Failure>();
  for (const round of uniqueKeyRounds(work)) {
    for (const [item, failure] of await writeRound(
      context,
      phase,
      round.map((item) => [item, toWriteChange(item)]),
      ends,
    )) {
      unsettled.set(item, failure);
    }
  }
  if (unsettled.size > 0) await settle(context, phase, { work, unsettled }, ends);
}

function end(context: WriteContext, ends: Ends, item: Work, outcome: Outcome): void {
  const { run, progress } = context;
  ends.set(item, outcome);
  progress.done += 1;
  const { key, action, status } = outcome;
  run.emit({
    ...run.fields,
    type: 'progress',
    done: progress.done,
    total: progress.total,
    key,
    action,
    status,
  });
}

function endApplied(
  context: WriteContext,
  ends: Ends,
  item: Work,
  answer: { id?: string; revision?: string },
): void {
  context.recorder.applied(item, answer);
  end(context, ends, item, outcomeOf(item, 'applied'));
}

function endFailed(context: WriteContext, ends: Ends, item: Work, error: SecretSyncError): void {
  context.recorder.failed(item);
  end(context, ends, item, outcomeOf(item, 'failed', error));
}

/**
 * One call of the driver; gives back the keys of which it is unknown whether they were written. `open`: keys of which
 * it stays unknown when this call fails, since what an earlier one did can't be seen.
 */
async function writeRound(
  context: WriteContext,
  phase: WriteBatch['phase'],
  changes: readonly (readonly [Work, WriteChange])[],
  ends: Ends,
  open?: ReadonlySet<Work>,
): Promise<Map<Work, Failure>> {
  const { run, connection } = context;
  const { driver } = run.prepared;
  const byKey = new Map(changes.map(([item]) => [item.change.key, item]));
  const unsettled = new Map<Work, Failure>();
  const onOutcome = (told: WriteOutcome) => {
    const outcome = run.echoes.checked(told);
    const item = byKey.get(outcome.key);
    // A driver tells each key as it ends and again in its answer.
    if (item === undefined || ends.has(item) || unsettled.has(item)) return;
    if (outcome.status === 'applied') endApplied(context, ends, item, outcome);
    else if (outcome.status === 'unknown' || open?.has(item) === true) unsettled.set(item, outcome);
    else endFailed(context, ends, item, outcome.error);
  };
  const hear = (told: unknown) => outcomesOf(driver, [told]).forEach(onOutcome);
  run.signal.throwIfAborted();
  context.lease.check();
  for (const [item] of changes) context.handed.add(item);
  try {
    const batch = { phase, changes: changes.map(([, change]) => change) };
    const outcomes = await guarded(
      async () => outcomesOf(driver, await connection.write(batch, { signal: run.signal, onOutcome: hear })),
      run.signal,
      'DESTINATION_UNAVAILABLE',
      `${driver.displayName} failed while it was written.`,
      { maybeWritten: true, clock: run.clock },
    );
    outcomes.forEach(onOutcome);
  } catch (error) {
    if (run.signal.aborted || !isSecretSyncError(error)) throw error;
    if (error.code === 'CONFLICT' && unsettled.size === 0 && !changes.some(([item]) => ends.has(item)))
      throw error;
    for (const [item] of changes) {
      onOutcome({ key: item.change.key, status: error.maybeWritten === true ? 'unknown' : 'failed', error });
    }
  }
  return unsettled;
}

/**
 * Reads back; what can't be told from that is written once more, from what exists now. If the response to that is lost
 * too, a last read tells how it ended, where it can be seen; else a write that may have been carried out stays
 * `indeterminate`, and one that surely was not has failed.
 *
 * @throws SecretSyncError `CONFLICT` when the driver finds at the second write that the place was changed, and nothing
 * of this phase has ended.
 */
async function settle(
  context: WriteContext,
  phase: WriteBatch['phase'],
  { work, unsettled }: { readonly work: readonly Work[]; readonly unsettled: ReadonlyMap<Work, Failure> },
  ends: Ends,
): Promise<void> {
  const { run } = context;
  const open = new Set<Work>();
  const leave = (item: Work, error: SecretSyncError) =>
    error.maybeWritten === true || open.has(item)
      ? end(context, ends, item, outcomeOf(item, 'indeterminate', error))
      : endFailed(context, ends, item, error);
  let left = unsettled;
  try {
    const again: (readonly [Work, WriteChange])[] = [];
    for (const [item, look] of await lookAgain(context, unsettled)) {
      if (look.end === 'applied') endApplied(context, ends, item, look.entry ?? {});
      else if (look.end === 'failed') endFailed(context, ends, item, look.error);
      else again.push([item, look.change]);
      if (look.end === 'again' && look.open) open.add(item);
    }
    if (again.length > 0) left = await writeRound(context, phase, again, ends, open);
    const lost = new Map(
      [...left].filter(([item, { error }]) => !ends.has(item) && error.maybeWritten === true),
    );
    for (const [item, look] of lost.size === 0 ? [] : await lookAgain(context, lost)) {
      const error = look.end === 'failed' ? look.error : lost.get(item)?.error;
      if (look.end === 'applied') endApplied(context, ends, item, look.entry ?? {});
      else if (error !== undefined && (look.end === 'failed' || !look.open))
        endFailed(context, ends, item, error);
    }
  } catch (error) {
    if (run.signal.aborted) throw error;
    if (isSecretSyncError(error, 'CONFLICT') && !work.some((item) => ends.has(item))) throw error;
  }
  for (const [item, { error }] of left) if (!ends.has(item)) leave(item, error);
}

/**
 * Reads back, a second time where the first fails, and returns what that says of each. The keys of a batch share one
 * end: all are there, or all are written again.
 */
async function lookAgain(
  { run, connection }: WriteContext,
  unsettled: ReadonlyMap<Work, Failure>,
): Promise<(readonly [Work, SecondLook])[]> {
  const { capabilities } = run.prepared;
  const entries = await readDestination(run, connection).catch((error: unknown) => {
    if (run.signal.aborted) throw error;
    return readDestination(run, connection);
  });
  const index = indexEntries(entries, capabilities);
  const looks = [...unsettled].map(([item, { error }]) => {
    const change = toWriteChange(item);
    return [item, secondLook(change, error, index.at(change.key))] as const;
  });
  if (capabilities.writes !== 'batch' || !looks.some(([, { end: how }]) => how === 'again')) return looks;
  return looks.map(([item, look]) => {
    if (look.end !== 'applied') return [item, look];
    return [item, { end: 'again', change: toWriteChange(item), open: false }];
  });
}

/** Ends the keys that have no end: withheld, failed with an error, or, when the run was cut off, maybe written. */
export function endRest(
  context: WriteContext,
  work: readonly Work[],
  ends: Ends,
  how: { readonly error?: SecretSyncError; readonly cutOff?: boolean } = {},
): void {
  for (const item of work) {
    if (ends.has(item)) continue;
    if (how.error !== undefined) endFailed(context, ends, item, how.error);
    else if (how.cutOff === true && context.handed.has(item))
      end(context, ends, item, outcomeOf(item, 'indeterminate'));
    else {
      context.recorder.notWritten(item);
      end(context, ends, item, outcomeOf(item, 'withheld'));
    }
  }
}

const MAX_CONFLICTS = 3;

/** Deletions, decided again after a conflict as long as the same ones come out and nothing else would be written. */
async function deletePhase(
  application: Application,
  context: WriteContext,
  deletions: readonly Work[],
  ends: Ends,
) {
  let current = context;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writePhase(current, 'delete', deletions, ends);
    } catch (error) {
      if (application.run.signal.aborted || !isSecretSyncError(error, 'CONFLICT')) throw error;
      application.run.emit({ ...application.run.fields, type: 'conflict', attempt });
      const again = attempt < MAX_CONFLICTS ? await application.decideAgain() : undefined;
      const wanted =
        again === undefined
          ? []
          : workOf(again.decided).map(({ change }) => `${change.action} ${change.key}`);
      const planned = deletions.map(({ change }) => `delete ${change.key}`);
      if (again?.decided.plan.applicable !== true || wanted.join('\n') !== planned.join('\n')) {
        return endRest(current, deletions, ends, { error });
      }
      current = { ...context, connection: again.connection };
    }
  }
}

export async function writeDestination(
  application: Application,
  recorder: Recorder,
  work: readonly Work[],
  ends: Ends,
): Promise<void> {
  const { run, lease, connection } = application;
  const progress = { done: 0, total: work.length };
  const context: WriteContext = { run, lease, connection, recorder, handed: new Set(), progress };
  const upserts = work.filter(({ change }) => change.action !== 'delete');
  const deletions = work.filter(({ change }) => change.action === 'delete');
  try {
    if (upserts.length > 0) await writePhase(context, 'upsert', upserts, ends);
    endRest(context, upserts, ends);
    const allApplied = upserts.every((item) => ends.get(item)?.status === 'applied');
    if (allApplied && deletions.length > 0) await deletePhase(application, context, deletions, ends);
    endRest(context, deletions, ends);
  } catch (error) {
    const isConflict = isSecretSyncError(error, 'CONFLICT') && !run.signal.aborted;
    if (isConflict && ends.size === 0) {
      for (const item of work) recorder.notWritten(item);
      throw error;
    }
    endRest(context, work, ends, { cutOff: true });
    throw error;
  }
}
