import type { Application } from './apply/application.js';
import { SecretSyncError } from '../contracts/errors.js';
import type { Operation } from '../contracts/plan.js';
import { quote } from '../shared/text.js';
import { guardedSource } from './boundary/guard-call.js';
import type { ResolvedOptions } from './options.js';
import { importBehaviorOf } from '../core/imports.js';
import { locationOf, readSource } from './run/read.js';
import type { Run } from './run/run.js';
import { errorFromProblems } from '../shared/problems.js';
import type { DecidedPlan } from '../core/situation.js';
import type { SourceChange } from '../contracts/source.js';

/**
 * What keeps the source from taking what a decision imports.
 *
 * @throws SecretSyncError `SOURCE_NOT_WRITABLE`, with every key that it can't take; `SOURCE_READ_FAILED`.
 */
export async function checkSourceWrites(
  { source }: ResolvedOptions,
  run: Run,
  operation: Operation,
  decided: DecidedPlan,
): Promise<void> {
  const { definition, isInitialSync } = decided.plan;
  if (importBehaviorOf(operation, definition, undefined, isInitialSync) === 'overwrite-destination') return;
  if (source.write === undefined) {
    const message = `The source ${quote(source.name)} can't be written, so that nothing can be imported into it; use one with write(), or "overwrite-destination".`;
    throw new SecretSyncError('SOURCE_NOT_WRITABLE', message);
  }
  const changes = sourceChanges(decided);
  if (changes.length === 0 || source.checkWrite === undefined) return;
  const refused = await guardedSource(
    () => source.checkWrite?.(locationOf(run), changes, { signal: run.signal }) ?? [],
    run.signal,
    'SOURCE_READ_FAILED',
    `The source ${quote(source.name)} could not be asked what it takes; nothing was written.`,
    { retryable: true },
  );
  if (refused.length === 0) return;
  const problems = refused.map(
    ({ key, message }) => ({ code: 'SOURCE_NOT_WRITABLE', key, message }) as const,
  );
  throw errorFromProblems(
    'SOURCE_NOT_WRITABLE',
    `The source ${quote(source.name)} can't take these keys; nothing was imported`,
    problems,
  );
}

/** Returns what a decision writes to the source. */
export function sourceChanges({ imports }: DecidedPlan): SourceChange[] {
  return imports.flatMap(({ planned: { sourceKey, action }, value }): SourceChange[] =>
    action === 'ignore' ? [] : [{ key: sourceKey, value, action }],
  );
}

/** Whether a source holds what was to be written to it. One that can't be read counts as one that does not. */
async function holdsWritten(options: ResolvedOptions, run: Run, changes: readonly SourceChange[]) {
  try {
    const { secrets } = await readSource(options, run);
    return changes.every(({ key, value }) => secrets.get(key)?.equals(value) === true);
  } catch {
    run.signal.throwIfAborted();
    return false;
  }
}

/**
 * Writes the imports of a decision to the source. A write that failed is settled by reading back: an import that is
 * done must not be made again at the next first sync, over what was edited in the meantime.
 *
 * @throws SecretSyncError `SOURCE_WRITE_FAILED`.
 */
export async function writeSource(application: Application): Promise<void> {
  const { options, run, decided, lease } = application;
  const changes = sourceChanges(decided);
  if (changes.length === 0) return;
  lease.check();
  const { source } = options;
  try {
    await guardedSource(
      () => source.write?.(locationOf(run), changes, { signal: run.signal }),
      run.signal,
      'SOURCE_WRITE_FAILED',
      `The import could not be written to the source ${quote(source.name)}; the destination was not touched. Check the source and run again.`,
      { clock: options.clock },
    );
  } catch (error) {
    run.signal.throwIfAborted();
    if (!(await holdsWritten(options, run, changes))) throw error;
  }
  application.onSourceWritten();
}
