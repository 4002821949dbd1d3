import type { WriteBatch, WriteOptions, WriteOutcome } from '../../contracts/destination.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { HttpClient } from '../../contracts/http.js';
import { retell } from '../../shared/problems.js';
import { interrupted } from '../support/interrupted.js';
import { isDone, sameBeside, type Changes, type Snapshot } from './snapshot.js';
import { changeEnvironment } from './wire.js';

/** A mutation of which it is not known whether it was carried out, to be judged by what is read after it. */
export interface Doubt {
  readonly before: Snapshot;
  readonly changes: Changes;
  readonly error: SecretSyncError;
}

interface Written {
  readonly outcomes: readonly WriteOutcome[];
  /** What is there now; absent where it must be read before anything else is written. */
  readonly snapshot?: Snapshot | undefined;
  readonly doubt?: Doubt | undefined;
}

/** Returns what to throw where the environment is not, or no longer, what was read. `more` follows the sentence. */
export const conflict = (more = '') =>
  new SecretSyncError(
    'CONFLICT',
    `The environment of the project was changed by something else in the meantime; try again.${more}`,
    { retryable: true },
  );

type Ending = WriteOutcome extends infer Outcome
  ? Outcome extends unknown
    ? Omit<Outcome, 'key'>
    : never
  : never;

const outcomesOf = (changes: Changes, ending: Ending): WriteOutcome[] =>
  [...changes.keys()].map((key) => ({ key, ...ending }));

/**
 * Judges a mutation in doubt by what was read after it. The API documents no error for a stale hash, every error comes
 * with HTTP 200, and only one of two mutations with one hash can pass.
 *
 * | read back | it was |
 * |---|---|
 * | all its changes are there, and nothing else has changed | carried out: go on |
 * | all its changes are there, and more has changed | carried out, and the rest has to be decided again: `CONFLICT` |
 * | not there, hash moved | refused, the hash being stale: `CONFLICT`, nothing of ours was written |
 * | not there, hash as before, no response came | not carried out: go on, and send it again |
 * | not there, hash as before | refused for another reason: that error |
 */
function judge({ before, changes, error }: Doubt, after: Snapshot): SecretSyncError | undefined {
  if ([...changes].every(([key, value]) => isDone(after.entries, key, value))) {
    return sameBeside(before.entries, after.entries, changes) ? undefined : conflict();
  }
  if (after.hash !== before.hash) return conflict(` The response to the write: ${error.message}`);
  // With HTTP 200 the API itself has spoken.
  const isLost = error.retryable && error.maybeWritten === true && error.status !== 200;
  return isLost ? undefined : retell(error, { maybeWritten: false });
}

/** Sends one mutation under the hash of the snapshot. A failure is in doubt unless the token was refused. */
async function mutate(
  http: HttpClient,
  snapshot: Snapshot,
  changes: Changes,
  signal: AbortSignal,
): Promise<Written> {
  try {
    const { tenantId, hash: currentHash } = snapshot;
    const envs = [...changes].flatMap(([key, value]) => (value ? [{ key, value }] : []));
    const sent = envs.length > 0 ? { envs } : { deleteEnvs: [...changes.keys()] };
    const hash = await changeEnvironment(http, { tenantId, currentHash }, sent, signal);
    const entries = new Map(snapshot.entries);
    for (const [key, value] of changes) {
      if (value) entries.set(key, { key, value });
      else entries.delete(key);
    }
    return { outcomes: outcomesOf(changes, { status: 'applied' }), snapshot: { ...snapshot, hash, entries } };
  } catch (error) {
    if (signal.aborted || !isSecretSyncError(error)) throw error;
    if (error.code === 'UNAUTHORIZED') {
      const refused = retell(error, { maybeWritten: false });
      return { outcomes: outcomesOf(changes, { status: 'failed', error: refused }), snapshot };
    }
    const doubtful = retell(error, { maybeWritten: error.maybeWritten ?? false });
    return {
      outcomes: outcomesOf(changes, { status: 'unknown', error: doubtful }),
      doubt: { before: snapshot, changes, error },
    };
  }
}

/**
 * Writes a batch with one mutation, under the hash that was seen last. A change that is there already is not sent:
 * each mutation restarts the project, and one that changes nothing can end in an error.
 *
 * @throws SecretSyncError `CONFLICT` where an earlier mutation of this run turns out to have met a changed environment.
 */
export async function write(
  { http, snapshot, doubt }: { http: HttpClient; snapshot: Snapshot; doubt: Doubt | undefined },
  batch: WriteBatch,
  options: WriteOptions,
): Promise<Written> {
  const wanted = new Map(
    batch.changes.map(({ key, value }) => [key, batch.phase === 'delete' ? undefined : value] as const),
  );
  const changes = new Map([...wanted].filter(([key, value]) => !isDone(snapshot.entries, key, value)));
  const done = [...wanted.keys()].filter((key) => !changes.has(key));
  const report = ({ outcomes, ...rest }: Written): Written => {
    const all = [...done.map((key): WriteOutcome => ({ key, status: 'applied' })), ...outcomes];
    all.forEach((outcome) => options.onOutcome(outcome));
    return { ...rest, outcomes: all };
  };
  const verdict = doubt && judge(doubt, snapshot);
  if (verdict?.code === 'CONFLICT') throw verdict;
  if (verdict !== undefined) {
    return report({ outcomes: outcomesOf(changes, { status: 'failed', error: verdict }), snapshot });
  }
  if (changes.size === 0) return report({ outcomes: [], snapshot });
  try {
    return report(await mutate(http, snapshot, changes, options.signal));
  } catch (error) {
    const unknown = retell(interrupted(), { maybeWritten: true });
    report({ outcomes: outcomesOf(changes, { status: 'unknown', error: unknown }) });
    throw error;
  }
}
