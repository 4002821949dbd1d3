import { errorFromProblems, SecretSyncError } from '../contracts/errors.js';
import type { Operation } from '../contracts/plan.js';
import { quote } from '../contracts/quote.js';
import type { DecidedPlan } from '../core/decide.js';
import { sourceChanges } from './apply.js';
import { guarded } from './foreign-code.js';
import type { ResolvedOptions } from './options.js';
import type { PreparedSync } from './prepare.js';
import { locationOf } from './read.js';
import type { Run } from './run.js';

/**
 * What keeps a definition from being imported, known before anything is read.
 *
 * @throws SecretSyncError `IMPORT_NOT_SUPPORTED`, `DURABLE_STORE_REQUIRED`.
 */
export function checkImport(
  { isStoreExplicit }: ResolvedOptions,
  operation: Operation,
  { definition, capabilities, driver }: PreparedSync,
): void {
  const { initialSyncBehavior } = definition.syncOptions;
  const imports =
    operation === 'import' || (operation === 'sync' && initialSyncBehavior !== 'overwrite-destination');
  if (!imports) return;
  if (!capabilities.import) {
    const message = `${driver.displayName} can't be imported from; use initialSyncBehavior "overwrite-destination".`;
    throw new SecretSyncError('IMPORT_NOT_SUPPORTED', message);
  }
  if (operation === 'sync' && !isStoreExplicit) {
    const message = `initialSyncBehavior ${quote(initialSyncBehavior)} needs a store that remembers that the first sync was done; pass the engine a store (memoryStore() if forgetting is fine).`;
    throw new SecretSyncError('DURABLE_STORE_REQUIRED', message);
  }
}

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
  const { plan } = decided;
  const isImport =
    operation === 'import' ||
    (operation === 'sync' &&
      plan.isInitialSync &&
      plan.definition.syncOptions.initialSyncBehavior !== 'overwrite-destination');
  if (!isImport) return;
  if (source.write === undefined) {
    const message = `The source ${quote(source.name)} can't be written, so that nothing can be imported into it; use one with write(), or "overwrite-destination".`;
    throw new SecretSyncError('SOURCE_NOT_WRITABLE', message);
  }
  const changes = sourceChanges(decided);
  if (changes.length === 0 || source.checkWrite === undefined) return;
  const refused = await guarded(
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
