import * as z from 'zod/mini';
import type { ImportBehavior } from '../contracts/definition.js';
import type { SyncEvent } from '../contracts/events.js';
import type { Operation, PlanOptions } from '../contracts/plan.js';
import { atLeast, flag, functionOf, oneOf, optionsOf, signal, string } from '../shared/option-schemas.js';
import { parseOptions } from '../shared/validation.js';

/** Options of every call. */
export interface CallSignal {
  /** Ends the call, which then rejects with `signal.reason`. What was written until then is remembered. */
  readonly signal?: AbortSignal | undefined;
  /** Gets the events of this call, besides the engine's own `onEvent`. What it throws is ignored. */
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
}

/** Options of calls that decide about a whole destination. */
interface DecisionCallOptions extends CallSignal {
  /** Whether what looks equal is written too. Default: false. */
  readonly force?: boolean | undefined;
  /** The number of deletions that the plan shows: confirms what it would refuse otherwise. */
  readonly confirmDeletions?: number | undefined;
}

export interface SyncCallOptions extends DecisionCallOptions {
  /**
   * Do nothing where the source still has this digest, the `sourceDigest` of an earlier result: the source is read,
   * and nothing is asked of the destination.
   */
  readonly unlessDigest?: string | undefined;
}

export interface PlanCallOptions extends DecisionCallOptions {
  /** Default: `sync`. */
  readonly operation?: Operation | undefined;
  /** Which side wins where both hold a key; for the operation `import` only. Default: `prioritize-source`. */
  readonly importBehavior?: ImportBehavior | undefined;
}

export interface ApplyCallOptions extends CallSignal {
  /** The number of deletions that the plan shows; wins over the number that it was planned with. */
  readonly confirmDeletions?: number | undefined;
}

export interface ImportCallOptions extends CallSignal {
  /** Which side wins where both hold a key. Default: `prioritize-source`. */
  readonly importBehavior?: ImportBehavior | undefined;
}

export interface RemoveCallOptions extends CallSignal {
  /** Needed where nothing is remembered of the sync: the number of deletions that the plan shows. */
  readonly confirmDeletions?: number | undefined;
}

const signalFields = {
  signal: z.optional(signal),
  onEvent: z.optional(functionOf<(event: SyncEvent) => void>()),
};
const deletions = atLeast(0, ', the number of deletions that the plan shows');
const confirmation = { confirmDeletions: z.optional(deletions) };
const behavior = { importBehavior: z.optional(oneOf('prioritize-source', 'prioritize-destination')) };
const planFields = {
  operation: z.optional(oneOf('sync', 'import', 'remove')),
  ...behavior,
  force: z.optional(flag),
  ...confirmation,
};

/** The options that each method of an engine takes. */
export interface OptionsOfMethods {
  readonly plan: PlanCallOptions;
  readonly apply: ApplyCallOptions;
  readonly sync: SyncCallOptions;
  readonly importSecrets: ImportCallOptions;
  readonly removeSecrets: RemoveCallOptions;
  readonly release: CallSignal;
}

/** What the options of each method are parsed by. */
export const CALL_SCHEMAS: {
  readonly [Method in keyof OptionsOfMethods]: z.ZodMiniType<OptionsOfMethods[Method]>;
} = {
  plan: optionsOf({ ...signalFields, ...planFields }),
  apply: optionsOf({ ...signalFields, ...confirmation }),
  sync: optionsOf({
    ...signalFields,
    ...confirmation,
    force: z.optional(flag),
    unlessDigest: z.optional(string),
  }),
  importSecrets: optionsOf({ ...signalFields, ...behavior }),
  removeSecrets: optionsOf({ ...signalFields, ...confirmation }),
  release: optionsOf(signalFields),
};

/**
 * Parses the options of a call of an engine's method.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong; before any I/O.
 */
export function parseCallOptions<Method extends keyof OptionsOfMethods>(
  method: Method,
  options: unknown,
): OptionsOfMethods[Method] {
  return parseOptions(CALL_SCHEMAS[method], options, `The options of ${method}() are not valid`);
}

/** What a call asks for beyond the definition, as it is written in the plan. */
export function planOptions(
  operation: Operation,
  { force = false, confirmDeletions, importBehavior }: PlanCallOptions,
): PlanOptions {
  return {
    force,
    ...(operation === 'import' ? { importBehavior: importBehavior ?? 'prioritize-source' } : {}),
    ...(confirmDeletions === undefined ? {} : { confirmDeletions }),
  };
}
