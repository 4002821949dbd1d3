import type { Clock } from '../../contracts/clock.js';
import type { ErrorCode } from '../../contracts/error-codes.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { SyncEvent } from '../../contracts/events.js';
import type { Operation } from '../../contracts/plan.js';
import { endUnneeded, onAbort } from '../../shared/abort.js';
import { notify } from '../../shared/async.js';
import { contextOfSync, withContext } from '../../shared/problems.js';
import { timestamp } from '../../shared/timestamps.js';
import type { CallSignal } from '../call-options.js';
import type { ResolvedOptions } from '../options.js';
import type { PreparedSync } from '../resolve/resolve-sync.js';

/** What a call must know of its sync to take the lease: all that is known of one whose definition is gone. */
export interface AtPlace {
  readonly definition: {
    readonly id: string;
    readonly destination?: string;
    readonly connectionId?: string;
  };
  readonly place: string;
}

/** One call of the engine: its end, its events, its count of requests. */
export interface Run<Prepared extends AtPlace = PreparedSync> {
  readonly prepared: Prepared;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** In ms since the epoch; absent where there is no deadline. */
  readonly deadline?: number;
  readonly startedAt: string;
  /** What all events of the run share. */
  readonly fields: { readonly runId: string; readonly operation: Operation; readonly definitionId: string };
  emit(event: SyncEvent): void;
  countRequest(): void;
  requestCount(): number;
  /** Ends the run with this reason. */
  abort(reason: unknown): void;
}

/** Random text for run ids; not derived from `random`, which is for jitter and may be a constant. */
const drawId = (): string => globalThis.crypto.randomUUID();

/**
 * Does one call of the engine: prepares it, ends it on the caller's signal and at its deadline, tells its start and its
 * failure and its end, and leaves no timer.
 */
export async function withRun<Result, Prepared extends AtPlace>(
  options: ResolvedOptions,
  prepare: (signal: AbortSignal) => Promise<Prepared>,
  operation: Operation,
  { signal: callerSignal, onEvent }: CallSignal,
  work: (run: Run<Prepared>) => Promise<Result>,
): Promise<Result> {
  callerSignal?.throwIfAborted();
  const { clock, runTimeout } = options;
  const ended = new AbortController();
  const settled = new AbortController();
  const { signal } = ended;
  const release = onAbort(callerSignal, (reason) => ended.abort(reason));
  const deadline = runTimeout === undefined ? undefined : clock.now() + runTimeout;
  if (runTimeout !== undefined) {
    clock.sleep(runTimeout, settled.signal).then(
      () => {
        const message = `The run did not end within its runTimeout of ${runTimeout} ms; raise it, or run again to go on.`;
        ended.abort(new SecretSyncError('TIMEOUT', message, { retryable: true }));
      },
      () => undefined,
    );
  }
  try {
    const prepared = await prepare(signal);
    signal.throwIfAborted();
    let requests = 0;
    const run: Run<Prepared> = {
      prepared,
      clock,
      signal,
      ...(deadline === undefined ? {} : { deadline }),
      startedAt: timestamp(clock),
      fields: { runId: drawId(), operation, definitionId: prepared.definition.id },
      emit(event) {
        notify(options.onEvent, event);
        notify(onEvent, event);
      },
      countRequest: () => void (requests += 1),
      requestCount: () => requests,
      abort: (reason) => ended.abort(reason),
    };
    return await told(run, work, callerSignal);
  } finally {
    release();
    endUnneeded(settled);
  }
}

/** What says more than the reason for which a run was ended: what was done before. */
const OUTLIVES_ABORT: ReadonlySet<ErrorCode> = new Set(['STATE_NOT_SAVED', 'REDEPLOY_FAILED']);

/** Tells the start and the end of a run, and its failure, which is the reason of an abort where there was one. */
async function told<Result, Prepared extends AtPlace>(
  run: Run<Prepared>,
  work: (run: Run<Prepared>) => Promise<Result>,
  callerSignal: AbortSignal | undefined,
): Promise<Result> {
  const { fields, prepared, signal, clock } = run;
  const began = clock.now();
  try {
    run.emit({ ...fields, type: 'run-started', place: prepared.place });
    return await work(run);
  } catch (error) {
    const ended: unknown =
      signal.aborted && !(isSecretSyncError(error) && OUTLIVES_ABORT.has(error.code)) ? signal.reason : error;
    // The caller's own reason comes back as it is.
    const isCallers = callerSignal?.aborted === true && ended === callerSignal.reason;
    const thrown =
      isSecretSyncError(ended) && !isCallers
        ? withContext(ended, { ...contextOfSync(prepared), runId: fields.runId })
        : ended;
    run.emit({
      ...fields,
      type: 'run-failed',
      code: isSecretSyncError(thrown) ? thrown.code : signal.aborted ? 'ABORTED' : 'UNEXPECTED',
      message: isSecretSyncError(thrown) ? thrown.message : 'the run ended with an error of another kind',
    });
    throw thrown;
  } finally {
    run.emit({ ...fields, type: 'run-ended', durationMs: clock.now() - began });
  }
}
