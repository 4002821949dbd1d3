import type { ImportBehavior } from '../contracts/definition.js';
import { SecretSyncError } from '../contracts/errors.js';
import type { Operation, PlanOptions } from '../contracts/plan.js';

/** Options of every call. */
export interface CallSignal {
  /** Ends the call, which then rejects with `signal.reason`. What had been written is remembered. */
  readonly signal?: AbortSignal;
}

export interface SyncCallOptions extends CallSignal {
  /** Write also what looks equal. Default: false. */
  readonly force?: boolean;
  /** The number of deletions that the plan shows, to let it do what it would else refuse. */
  readonly confirmDeletions?: number;
}

export interface PlanCallOptions extends SyncCallOptions {
  /** Default: `sync`. */
  readonly operation?: Operation;
  /** For the operation `import`. Default: `prioritize-source`. */
  readonly importBehavior?: ImportBehavior;
}

export interface ApplyCallOptions extends CallSignal {
  /** The number of deletions that the plan shows; wins over the number that it was planned with. */
  readonly confirmDeletions?: number;
}

export interface ImportCallOptions extends CallSignal {
  /** Which side wins where both hold a key. Default: `prioritize-source`. */
  readonly importBehavior?: ImportBehavior;
}

export interface RemoveCallOptions extends CallSignal {
  /** Needed where nothing is remembered of the sync: the number of deletions that the plan shows. */
  readonly confirmDeletions?: number;
}

/** @throws SecretSyncError `INVALID_OPTION`. */
export function checkConfirmation(deletions: number | undefined): void {
  if (deletions === undefined || (Number.isInteger(deletions) && deletions >= 0)) return;
  const message = 'confirmDeletions must be the whole number of deletions that the plan shows.';
  throw new SecretSyncError('INVALID_OPTION', message);
}

/** What a call asks for beyond the definition, as it stands in the plan. */
export function planOptions(operation: Operation, options: PlanCallOptions): PlanOptions {
  const { force = false, confirmDeletions } = options;
  checkConfirmation(confirmDeletions);
  return {
    force,
    ...(operation === 'import' ? { importBehavior: options.importBehavior ?? 'prioritize-source' } : {}),
    ...(confirmDeletions === undefined ? {} : { confirmDeletions }),
  };
}
