import type { SyncDefinition } from '../../contracts/definition.js';
import type { SyncEvent } from '../../contracts/events.js';
import { canonicalJson } from '../../shared/canonical-json.js';
import { connectionOf } from '../fleet/connection.js';
import type { ResolvedServiceOptions } from '../options.js';
import { syncNotFound, type LoadedSync, type RecordStore } from '../records/record-store.js';
import type { StoredSync } from '../records/stored-sync.js';
import { ConcurrencyGate, type Lane } from './concurrency-gate.js';
import type { Activity } from './idle-tracker.js';
import { RunQueue, type QueuedRun } from './run-queue.js';
import { isAskedFor } from './due.js';
import { switchedOff, type RunEnd } from './run-end.js';
import type { Runner } from './runner.js';
import type { SyncJob } from './sync-job.js';

/** How a run is asked for in this process. */
export interface LocalCall {
  /** A caller waits for it, and gets what it throws: it is done whatever the record says. */
  readonly isAwaited?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: SyncEvent) => void) | undefined;
  /** Done before the run, in its turn, for the record as it is then. */
  readonly before?: (signal: AbortSignal, stored: StoredSync) => Promise<void>;
  /** Done before the place is given back, once the run has succeeded there. */
  readonly onSucceeded?: (place: string) => Promise<void>;
}

const laneOf = ({ stored: { definition, place } }: LoadedSync): Lane => ({
  place,
  connection: connectionOf(definition),
});

/** Runs that ask for the same can be shared; who passes a function waits for calls of it. */
function sharedAs({ operation, options = {} }: SyncJob, call: LocalCall): string | undefined {
  const isPlain = call.onEvent === undefined && call.onSucceeded === undefined && call.before === undefined;
  return isPlain ? `${operation} ${canonicalJson(options)}` : undefined;
}

/** Runs jobs in this process, in turns: one at a place, few through a connection, calls before others. */
export class LocalRuns {
  readonly queue: RunQueue;
  readonly #gate: ConcurrencyGate;
  readonly #records: RecordStore;
  readonly #runner: Runner;

  constructor(
    { autoSync, clock }: ResolvedServiceOptions,
    records: RecordStore,
    runner: Runner,
    activity: Activity,
  ) {
    this.queue = new RunQueue(clock, activity);
    this.#gate = new ConcurrencyGate(autoSync.runsPerConnection);
    this.#records = records;
    this.#runner = runner;
  }

  /** Does a job when it is its turn. Rejects where the record can't be read, or where it was taken back before its turn. */
  run(job: SyncJob, call: LocalCall = {}, known?: LoadedSync): Promise<RunEnd> {
    const { isAwaited, signal } = call;
    const asked = { job, sharedAs: sharedAs(job, call), isAwaited, signal };
    return this.queue.ask(asked, (run) => this.#inTurn(job, call, run, known));
  }

  /** Does other work, which a caller waits for, in the turn of a record, as that is then. */
  async inTurn(
    job: SyncJob,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal, stored: StoredSync) => Promise<void>,
  ) {
    await this.queue.ask({ job, isAwaited: true, signal }, (run) =>
      this.#turn(job, run, undefined, async ({ stored }) => {
        await work(run.signal, stored);
        return { status: 'unwanted' };
      }),
    );
  }

  /** Ends the runs of a definition that was switched off; of one that auto-sync leaves alone, those that it has begun. */
  endSwitchedOff({ id, name, isEnabled, syncOptions }: SyncDefinition): void {
    if (!isEnabled) this.queue.abort(id, switchedOff(name));
    else if (!syncOptions.autoSyncEnabled)
      this.queue.abort(id, switchedOff(name), (cause) => !isAskedFor(cause));
  }

  #inTurn(job: SyncJob, call: LocalCall, run: QueuedRun, known: LoadedSync | undefined): Promise<RunEnd> {
    return this.#turn(job, run, known, async (loaded) => {
      await call.before?.(run.signal, loaded.stored);
      return this.#runner.run({ ...job, cause: run.cause() }, loaded, {
        signal: run.signal,
        isAwaited: run.isAwaited(),
        ...(call.onEvent && { onEvent: call.onEvent }),
        ...(call.onSucceeded && { onSucceeded: call.onSucceeded }),
      });
    });
  }

  /** Waits until the record may run where it points when its turn has come; that can change while it waits. */
  async #turn(
    { syncId }: SyncJob,
    run: QueuedRun,
    known: LoadedSync | undefined,
    work: (loaded: LoadedSync) => Promise<RunEnd>,
  ): Promise<RunEnd> {
    let loaded = known ?? (await this.#records.read(syncId));
    for (;;) {
      if (loaded === undefined) {
        if (run.isAwaited()) throw syncNotFound(syncId);
        return { status: 'unwanted' };
      }
      const lane = laneOf(loaded);
      const atOnce = this.#gate.tryEnter(lane);
      const leave = atOnce ?? (await this.#gate.enter(lane, run));
      try {
        if (atOnce === undefined) loaded = await this.#records.read(syncId);
        run.signal.throwIfAborted();
        if (loaded === undefined || !isSame(laneOf(loaded), lane)) continue;
        run.isBegun = true;
        const end = await work(loaded);
        if (end.status !== 'moved') return end;
        run.isBegun = false;
        loaded = await this.#records.read(syncId);
      } finally {
        leave();
      }
    }
  }
}

const isSame = (first: Lane, second: Lane): boolean =>
  first.place === second.place && first.connection === second.connection;
