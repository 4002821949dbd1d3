import { workOf, type Application } from './application.js';
import type {
  DestinationConnection,
  DestinationEntry,
  WriteBatch,
  WriteChange,
  WriteOutcome,
} from '../../contracts/destination.js';
import type { SecretSyncError } from '../../contracts/errors.js';
import { isSecretSyncError } from '../../contracts/errors.js';
import { entryId } from '../../core/inputs/ownership.js';
import { guarded } from '../boundary/guard-call.js';
import { outcomesOf } from '../boundary/guard-driver.js';
import type { Lease } from '../state/lease.js';
import { readDestination } from '../run/read.js';
import type { Recorder, Work } from '../state/recorder.js';
import type { Run } from '../run/run.js';
import type { Outcome, OutcomeError } from '../../contracts/result.js';
import { readableValue } from '../../core/inputs/destination-index.js';

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
  if (unsettled.size > 0) await settle(context, phase, unsettled, ends);
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
  const onOutcome = (outcome: WriteOutcome) => {
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

/** How a key is written once more, from what stands there now; `undefined` where something is in the way. */
function secondTry(
  item: Work,
  at: (key: string, kind: string | undefined) => DestinationEntry | undefined,
): WriteChange | undefined {
  const { key, kind, action } = item.change;
  const { entry: previous, ...rest } = toWriteChange(item);
  const replaced =
    action === 'replace' && previous !== undefined ? at(previous.key, previous.kind) : undefined;
  if (replaced !== undefined) return { ...rest, entry: replaced };
  const entry = at(key, kind);
  if (entry === undefined) return { ...rest, action: 'create' };
  // Where nothing stood before, an entry with another system's mark is our own create.
  const isOurs = entry.fixed === 'foreign-owner' && action === 'create';
  if (entry.fixed !== undefined && !isOurs) return undefined;
  return { ...rest, entry, action: action === 'delete' ? 'delete' : 'update' };
}

/** Reads back once; what can't be told from that is written once more, from what stands there now. */
async function settle(
  context: WriteContext,
  phase: WriteBatch['phase'],
  unsettled: ReadonlyMap<Work, Failure>,
  ends: Ends,
): Promise<void> {
  const { run, connection } = context;
  const leaveOpen = (item: Work, error: SecretSyncError) =>
    end(context, ends, item, outcomeOf(item, 'indeterminate', error));
  try {
    const own = (await readDestination(run, connection)).filter((entry) => entry.fixed !== 'inherited');
    const entries = new Map(own.map((entry) => [entryId(entry.key, entry.kind), entry]));
    const again: (readonly [Work, WriteChange])[] = [];
    const open = new Set<Work>();
    for (const [item, { error }] of unsettled) {
      const { change, value } = item;
      const entry = entries.get(entryId(change.key, change.kind));
      const holds =
        entry !== undefined && value !== undefined && readableValue(entry)?.equals(value) === true;
      if (change.action === 'delete' ? entry === undefined : holds) {
        endApplied(context, ends, item, entry ?? {});
        continue;
      }
      const retried = secondTry(item, (key, kind) => entries.get(entryId(key, kind)));
      if (retried === undefined) endFailed(context, ends, item, error);
      else again.push([item, retried]);
      if (entry !== undefined && entry.value === undefined && change.action !== 'delete') open.add(item);
    }
    if (again.length === 0) return;
    for (const [item, { error }] of await writeRound(context, phase, again, ends, open)) {
      leaveOpen(item, error);
    }
  } catch (error) {
    if (run.signal.aborted) throw error;
    for (const [item, failure] of unsettled) if (!ends.has(item)) leaveOpen(item, failure.error);
  }
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
