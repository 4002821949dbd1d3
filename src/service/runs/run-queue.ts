import { onAbort } from '../../shared/abort.js';
import type { Clock } from '../../contracts/clock.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { Activity } from './idle-tracker.js';
import type { StoredSync } from '../records/stored-sync.js';
import type { RunCause } from '../events.js';
import type { Waiter } from './concurrency-gate.js';
import { settlesWithin } from '../../shared/async.js';
import type { SyncResult } from '../../contracts/result.js';

/** How long work that was ended may take to end, in ms: code that takes no notice must not hold up the process. */
const GRACE_MS = 5_000;

/** What somebody asks for at a record's place. */
export interface Asked {
  readonly id: string;
  readonly cause: RunCause;
  /** Requests for one record with the same text are answered by one job, as long as it has not begun. */
  readonly sharedAs?: string | undefined;
  /** Given by who runs syncs by himself: not begun where nobody wants it any more when its turn comes. */
  readonly isWanted?: ((stored: StoredSync) => boolean) | undefined;
  /** That of the caller: ends the job when nobody else waits for it. */
  readonly signal?: AbortSignal | undefined;
}

type Answer = SyncResult | undefined;

/** Work that waits for its turn or is under way, for one or more who asked for it. */
export interface Job extends Waiter {
  /** Set when it can't be shared any more. */
  isBegun: boolean;
  /** Why it is done, of those who ask for it now. */
  cause(): RunCause;
  isWanted(stored: StoredSync): boolean;
}

export interface Jobs {
  /** Does work, or shares what another one asked for and that has not begun. */
  ask(asked: Asked, work: (job: Job) => Promise<Answer>): Promise<Answer>;
  /** Takes back what was asked for a record and nobody waits for. `isMeant`: only where that is why. */
  abort(id: string, reason: unknown, isMeant?: (cause: RunCause) => boolean): void;
  /** Takes back what has not begun, waits for the rest up to `timeout`, and then ends it. */
  drain(timeout: number): Promise<void>;
}

const isAwaited = ({ cause }: Asked) => cause === 'manual' || cause === 'deleted';

const busy = (message: string) => new SecretSyncError('SYNC_BUSY', message, { retryable: true });

interface OpenJob extends Job {
  order: number;
  readonly id: string;
  readonly sharedAs: string | undefined;
  readonly done: Promise<Answer>;
  readonly controller: AbortController;
  /** Those who ask for it, each with a way to leave it. */
  readonly askers: Map<Asked, (reason: unknown) => void>;
}

export function createJobs(clock: Clock, activity: Activity): Jobs {
  const jobs = new Set<OpenJob>();
  let asks = 0;

  function open({ id, cause, sharedAs }: Asked, work: (job: Job) => Promise<Answer>): OpenJob {
    const controller = new AbortController();
    const askers: OpenJob['askers'] = new Map();
    const job: OpenJob = {
      id,
      sharedAs,
      order: (asks += 1),
      controller,
      askers,
      signal: controller.signal,
      isBegun: false,
      cause: () => [...askers.keys()].find(isAwaited)?.cause ?? [...askers.keys()][0]?.cause ?? cause,
      isAwaited: () => [...askers.keys()].some(isAwaited),
      isWanted: (stored) => [...askers.keys()].some(({ isWanted }) => isWanted?.(stored) !== false),
      // Begun when the first one has been noted.
      done: Promise.resolve().then(() => work(job)),
    };
    jobs.add(job);
    activity.track(job.done);
    void job.done.catch(() => undefined).finally(() => jobs.delete(job));
    return job;
  }

  /**
   * A job that waits and is the same for this request, put behind what was asked for its record since: what was asked last
   * is also done last. Not behind what can't be shared, such as a deletion, which would leave it nothing to do.
   */
  function findShared({ id, sharedAs }: Asked): OpenJob | undefined {
    const ofRecord = [...jobs].filter((job) => job.id === id);
    const shared = ofRecord.find(
      (job) => sharedAs !== undefined && job.sharedAs === sharedAs && !job.isBegun && !job.signal.aborted,
    );
    if (shared === undefined) return undefined;
    const later = ofRecord.filter(({ order }) => order > shared.order);
    if (later.some((job) => job.sharedAs === undefined)) return undefined;
    if (later.length > 0) shared.order = asks += 1;
    return shared;
  }

  function join({ askers, controller, done }: OpenJob, asked: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const leave = (reason: unknown) => {
        // With the last one it ends, and says so when it has saved what it knows.
        if (askers.size === 1) return controller.abort(reason);
        askers.delete(asked);
        // The platform rejects with the reason as it stands, whatever it is.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(reason);
      };
      askers.set(asked, leave);
      const forget = onAbort(asked.signal, (reason) => {
        if (askers.has(asked)) leave(reason);
      });
      void done.then(resolve, reject).finally(forget);
    });
  }

  return {
    async ask(asked, work) {
      asked.signal?.throwIfAborted();
      return join(findShared(asked) ?? open(asked, work), asked);
    },
    abort(id, reason, isMeant = () => true) {
      for (const job of jobs) {
        if (job.id !== id) continue;
        for (const [asked, leave] of [...job.askers])
          if (!isAwaited(asked) && isMeant(asked.cause)) leave(reason);
      }
    },
    async drain(timeout) {
      const open = [...jobs];
      const notBegun = busy('The service was stopped before it was the turn of the run; run again.');
      for (const job of open) if (!job.isBegun) job.controller.abort(notBegun);
      const ends = Promise.allSettled(open.map(({ done }) => done));
      if (await settlesWithin(ends, timeout, clock)) return;
      const notEnded = busy(
        'The service was stopped before the run had ended. What it had written is remembered; run again.',
      );
      for (const job of open) job.controller.abort(notEnded);
      await settlesWithin(ends, GRACE_MS, clock);
    },
  };
}
