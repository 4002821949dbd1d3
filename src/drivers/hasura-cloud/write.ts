import type { WriteBatch, WriteOptions, WriteOutcome } from '../../contracts/destination.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { HttpClient } from '../../contracts/http.js';
import { interrupted } from '../support/interrupted.js';
import { isDone, sameBeside, type Changes, type Snapshot } from './snapshot.js';
import { changeEnvironment } from './wire.js';
import { retell } from '../../shared/problems.js';

interface WriteContext {
  readonly http: HttpClient;
  readonly snapshot: Snapshot;
  /** Reads the environment of the same tenant again. */
  readonly readAgain: (signal: AbortSignal) => Promise<Snapshot>;
}

interface Written {
  readonly outcomes: readonly WriteOutcome[];
  /** What stands there now; absent where it must be read before anything else is written. */
  readonly snapshot?: Snapshot | undefined;
}

/** What to throw where the environment is not, or no longer, what was read. `more` follows the sentence. */
export const conflict = (more = '') =>
  new SecretSyncError(
    'CONFLICT',
    `The environment of the project was changed by somebody else; try again.${more}`,
    {
      retryable: true,
    },
  );

type Ending = WriteOutcome extends infer Outcome
  ? Outcome extends unknown
    ? Omit<Outcome, 'key'>
    : never
  : never;

const outcomesOf = (changes: Changes, ending: Ending): WriteOutcome[] =>
  [...changes.keys()].map((key) => ({ key, ...ending }));

/**
 * Settles a mutation whose answer was an error or was lost, by reading back. The API documents no error for a stale
 * hash, and every error comes with HTTP 200.
 *
 * | read back | it was |
 * |---|---|
 * | all our changes are there | applied |
 * | not there, hash moved | refused, the hash being stale: `CONFLICT`, nothing of ours was written |
 * | not there, hash as before, no answer came | not carried out: sent again, once; the hash lets only one of both pass |
 * | not there, hash as before | refused for another reason: failed |
 * | failed too | not known |
 */
async function settle(
  context: WriteContext,
  changes: Changes,
  error: SecretSyncError,
  signal: AbortSignal,
  isRepeat: boolean,
): Promise<Written> {
  const { snapshot, readAgain } = context;
  const failed = (maybeWritten: boolean, after?: Snapshot): Written => ({
    outcomes: outcomesOf(changes, {
      status: maybeWritten ? 'unknown' : 'failed',
      error: retell(error, { maybeWritten }),
    }),
    snapshot: after,
  });
  // A bad token can't read back either.
  if (error.code === 'UNAUTHORIZED') return failed(false, snapshot);
  let after: Snapshot;
  try {
    after = await readAgain(signal);
  } catch (readError) {
    if (signal.aborted || !isSecretSyncError(readError)) throw readError;
    return failed(error.maybeWritten === true);
  }
  if ([...changes].every(([key, value]) => isDone(after.entries, key, value))) {
    return {
      outcomes: outcomesOf(changes, { status: 'applied' }),
      // What somebody else changed meanwhile has to be decided upon before more is written.
      snapshot: sameBeside(snapshot.entries, after.entries, changes) ? after : undefined,
    };
  }
  if (after.hash !== snapshot.hash) throw conflict(` The answer to the write: ${error.message}`);
  const isLost = error.retryable && error.maybeWritten === true;
  return isLost && !isRepeat ? mutate(context, changes, signal, true) : failed(false, after);
}

async function mutate(
  context: WriteContext,
  changes: Changes,
  signal: AbortSignal,
  isRepeat = false,
): Promise<Written> {
  const { snapshot, http } = context;
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
    return settle(context, changes, error, signal, isRepeat);
  }
}

/**
 * Writes a batch with one mutation, under the hash that was seen last. A change that is there already is not sent:
 * each mutation restarts the project, and one that changes nothing can be answered with an error.
 */
export async function write(
  context: WriteContext,
  batch: WriteBatch,
  options: WriteOptions,
): Promise<Written> {
  const { snapshot } = context;
  const { signal } = options;
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
  if (changes.size === 0) return report({ outcomes: [], snapshot });
  try {
    return report(await mutate(context, changes, signal));
  } catch (error) {
    if (signal.aborted || !isSecretSyncError(error)) {
      const unknown = retell(interrupted(), { maybeWritten: true });
      report({ outcomes: outcomesOf(changes, { status: 'unknown', error: unknown }) });
    }
    throw error;
  }
}
