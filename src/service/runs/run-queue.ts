import type { Clock } from '../../contracts/clock.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { onAbort } from '../../shared/abort.js';
import { settlesWithin } from '../../shared/async.js';
import type { Waiter } from './concurrency-gate.js';
import type { Activity } from './idle-tracker.js';
import type { RunEnd } from './run-end.js';
import type { RunCause, SyncJob } from './sync-job.js';

/** How long work that was ended may take to end, in ms: code that takes no notice must not hold up the process. */
const GRACE_MS = 5_000;

/** A job that is asked for in this process. */
export interface Asked {
  readonly job: SyncJob;
  /** Requests for one record with the same string share one run, as long as it has not begun. */
  readonly sharedAs?: string | undefined;
  /** A caller waits for it, and gets what it throws. */
  readonly isAwaited?: boolean | undefined;
  /** That of the caller: ends the run when no other caller waits for it. */
  readonly signal?: AbortSignal | undefined;
}

/** Work that waits for its turn or is in progress, for one or more callers. */
export interface QueuedRun extends Waiter {
  /** Set when it can't be shared any more. */
  isBegun: boolean;
  /** Why it is done, of those who ask for it now. */
  cause(): RunCause;
}

interface OpenRun extends QueuedRun {
  order: number;
  readonly id: string;
  readonly sharedAs: string | undefined;
  readonly done: Promise<RunEnd>;
  readonly controller: AbortController;
  /** Those who ask for it, each with a way to leave it. */
  readonly askers: Map<Asked, (reason: unknown) => void>;
}

const busy = (message: string) => new SecretSyncError('SYNC_BUSY', message, { retryable: true });

function join({ askers, controller, done }: OpenRun, asked: Asked): Promise<RunEnd> {
  return new Promise((resolve, reject) => {
    const leave = (reason: unknown) => {
      // With the last one it ends, and says so when it has saved what it knows.
      if (askers.size === 1) return controller.abort(reason);
      askers.delete(asked);
      // The platform rejects with the reason as it is, whatever it is.
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      reject(reason);
    };
    askers.set(asked, leave);
    const release = onAbort(asked.signal, (reason) => {
      if (askers.has(asked)) leave(reason);
    });
    void done.then(resolve, reject).finally(release);
  });
}

/** The runs of this process: who asks for the same as one that waits shares it. */
export class RunQueue {
  readonly #clock: Clock;
  readonly #activity: Activity;
  readonly #open = new Set<OpenRun>();
  #asks = 0;

  constructor(clock: Clock, activity: Activity) {
    this.#clock = clock;
    this.#activity = activity;
  }

  /** Does work, or shares what another one asked for and that has not begun. */
  async ask(asked: Asked, work: (run: QueuedRun) => Promise<RunEnd>): Promise<RunEnd> {
    asked.signal?.throwIfAborted();
    return join(this.#findShared(asked) ?? this.#openRun(asked, work), asked);
  }

  #openRun(asked: Asked, work: (run: QueuedRun) => Promise<RunEnd>): OpenRun {
    const controller = new AbortController();
    const askers: OpenRun['askers'] = new Map();
    const first = () =>
      [...askers.keys()].find(({ isAwaited }) => isAwaited === true) ?? [...askers.keys()][0];
    const run: OpenRun = {
      id: asked.job.syncId,
      sharedAs: asked.sharedAs,
      order: (this.#asks += 1),
      controller,
      askers,
      signal: controller.signal,
      isBegun: false,
      cause: () => (first() ?? asked).job.cause,
      isAwaited: () => first()?.isAwaited === true,
      // Begun when the first one has been noted.
      done: Promise.resolve().then(() => work(run)),
    };
    this.#open.add(run);
    this.#activity.track(run.done);
    void run.done.catch(() => undefined).finally(() => this.#open.delete(run));
    return run;
  }

  /**
   * Finds a run that waits and is the same for this request, and puts it behind what was asked for its record since: what was
   * asked last is also done last. Not behind what can't be shared, such as a deletion, which would leave it nothing to do.
   */
  #findShared({ job, sharedAs }: Asked): OpenRun | undefined {
    const ofRecord = [...this.#open].filter((run) => run.id === job.syncId);
    const shared = ofRecord.find(
      (run) => sharedAs !== undefined && run.sharedAs === sharedAs && !run.isBegun && !run.signal.aborted,
    );
    if (shared === undefined) return undefined;
    const later = ofRecord.filter(({ order }) => order > shared.order);
    if (later.some((run) => run.sharedAs === undefined)) return undefined;
    if (later.length > 0) shared.order = this.#asks += 1;
    return shared;
  }

  /** Takes back what was asked for a record and no caller waits for. `isMeant`: only where that is why. */
  abort(id: string, reason: unknown, isMeant: (cause: RunCause) => boolean = () => true): void {
    for (const run of this.#open) {
      if (run.id !== id) continue;
      for (const [asked, leave] of [...run.askers]) {
        if (asked.isAwaited !== true && isMeant(asked.job.cause)) leave(reason);
      }
    }
  }

  /** Takes back what has not begun, waits for the rest up to `timeout`, and then ends it. */
  async drain(timeout: number): Promise<void> {
    const open = [...this.#open];
    const notBegun = busy('The service was stopped before it was the turn of the run; run again.');
    for (const run of open) if (!run.isBegun) run.controller.abort(notBegun);
    const ends = Promise.allSettled(open.map(({ done }) => done));
    if (await settlesWithin(ends, timeout, this.#clock)) return;
    const notEnded = busy(
      'The service was stopped before the run had ended. What it had written is remembered; run again.',
    );
    for (const run of open) run.controller.abort(notEnded);
    await settlesWithin(ends, GRACE_MS, this.#clock);
  }
}
