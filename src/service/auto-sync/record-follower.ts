import { isSecretSyncError } from '../../contracts/errors.js';
import type { Activity } from '../runs/idle-tracker.js';
import type { Background } from './retry-loop.js';
import type { StoredSync } from '../records/stored-sync.js';
import type { RunCause } from '../events.js';
import { failureText, isWorthRetrying, pauseAfter, type FailureText } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import { settled, withOutage } from '../records/sync-record.js';
import type { RecordStore } from '../records/record-store.js';
import type { Runs } from '../runs/runner.js';

/** Whether a record is to be synced by itself. */
export const isAutomatic = ({ definition, deletingUntil }: StoredSync, now: number): boolean =>
  definition.isEnabled && definition.syncOptions.autoSyncEnabled && (deletingUntil ?? 0) <= now;

/** The latest of the source: what it holds, or that it is out of reach. */
type News = { readonly digest: string } | { readonly failure: FailureText; readonly attempts: number };

/** A run that is due without any news. `digest`: what the source held then; absent, it is run whatever that is. */
interface Wish {
  readonly digest: string | undefined;
  readonly cause: RunCause;
}

/** Syncs one record by itself, as it stood at one version. */
export interface Follower {
  readonly id: string;
  readonly name: string;
  /** Of the definition. */
  readonly version: number;
  readonly createdAt: string;
  /** The key of what it reads. */
  readonly location: string;
  /** Takes news of its source. It is answered when the record can be read: nothing that was told is lost. */
  tell(news: News): void;
  /** Ends all waiting, at once. A run that is under way goes on. */
  stop(): void;
}

export interface FollowerParts {
  readonly options: ResolvedServiceOptions;
  readonly records: RecordStore;
  readonly runs: Runs;
  readonly activity: Activity;
  readonly background: Background;
}

/** Whether the record's last sync was of something else than what the source holds. */
const isDue = ({ runs, sourceDigest }: StoredSync, digest: string): boolean =>
  runs.sync?.status !== 'succeeded' || sourceDigest !== digest;

export function createFollower(parts: FollowerParts, stored: StoredSync, location: string): Follower {
  const { options, records, runs, activity, background } = parts;
  const { autoSync, clock, random, emit } = options;
  const { id, name } = stored.definition;
  const controller = new AbortController();
  const { signal } = controller;
  let news: News | undefined;
  let wish: Wish | undefined;
  let isAnswering = false;
  let failures = 0;
  /** What the source held when the last run failed: it is not run for the same again, but by a retry. */
  let failedOn: string | undefined;
  /** Ends the wait for a retry. */
  let retry: AbortController | undefined;
  let isOutageTold = false;

  function retryLater(digest: string | undefined, error: unknown): void {
    // It was deleted: whoever did that knows.
    if (isSecretSyncError(error, 'SYNC_NOT_FOUND')) return;
    failures += 1;
    failedOn = digest;
    if (failures > autoSync.retries || !isWorthRetrying(error)) {
      emit({ type: 'sync-left', syncId: id, name, attempts: failures, ...failureText(error) });
      return;
    }
    const retryAt = isSecretSyncError(error) ? Date.parse(error.retryAt ?? '') : NaN;
    const waitMs = Math.max(pauseAfter(failures, random(), autoSync), retryAt - clock.now() || 0);
    emit({ type: 'retry-scheduled', syncId: id, name, attempt: failures, waitMs });
    const waiting = new AbortController();
    retry = waiting;
    void clock.sleep(waitMs, waiting.signal).then(
      () => ask({ digest, cause: 'retry' }),
      () => undefined,
    );
  }

  async function run({ digest, cause }: Wish): Promise<void> {
    retry?.abort();
    wish = undefined;
    const isWanted = (current: StoredSync) =>
      !signal.aborted &&
      isAutomatic(current, clock.now()) &&
      (digest === undefined || isDue(current, digest));
    try {
      await runs.run({ id, operation: 'sync', cause, isWanted });
      failures = 0;
      failedOn = undefined;
    } catch (error) {
      if (!signal.aborted) retryLater(digest, error);
    }
  }

  /** Decides whether what the source holds calls for a run. */
  async function consider(digest: string): Promise<void> {
    isOutageTold = false;
    const loaded = await records.read(id);
    if (loaded === undefined || signal.aborted) return;
    const current = settled(loaded.stored, clock.now());
    // Somebody else has run it since.
    if (current.runs.sync?.status !== 'failed') failedOn = undefined;
    if (failedOn === digest || !isDue(current, digest)) return;
    failures = 0;
    await run({ digest, cause: current.runs.sync?.status === 'pending' ? 'created' : 'change' });
  }

  async function noteOutage(failure: FailureText, attempts: number): Promise<void> {
    if (isOutageTold) return;
    const noted = await records.change(id, (current) => withOutage(current, failure.message));
    isOutageTold = true;
    failedOn = undefined;
    if (noted !== undefined && !signal.aborted)
      emit({ type: 'sync-left', syncId: id, name, attempts, ...failure });
  }

  /** Answers whatever there is, one after the other. What fails here was not answered, and is answered again. */
  async function answer(): Promise<void> {
    while (!signal.aborted) {
      const latest = news;
      if (latest !== undefined) {
        await ('digest' in latest ? consider(latest.digest) : noteOutage(latest.failure, latest.attempts));
        if (news === latest) news = undefined;
      } else if (wish !== undefined) await run(wish);
      else break;
    }
    isAnswering = false;
  }

  function wake(): void {
    if (isAnswering || signal.aborted) return;
    isAnswering = true;
    const attempt = () => {
      const work = answer();
      activity.track(work);
      return work;
    };
    void background.untilDone(attempt, signal);
  }

  function ask(next: Wish): void {
    wish = next;
    wake();
  }

  /** Counted from the last success: so a restart brings no run forward. */
  function reconcileEvery(interval: number): void {
    let last = clock.now();
    let isFirst = true;
    const lastSuccess = async () =>
      Date.parse((await records.read(id))?.stored.runs.sync?.succeededAt ?? '') || 0;
    void background.forever(async () => {
      const success = await lastSuccess();
      last = isFirst && success > 0 ? success : Math.max(last, success);
      isFirst = false;
      const left = last + interval * (1 - random() / 10) - clock.now();
      if (left > 0) await clock.sleep(left, signal);
      if ((await lastSuccess()) > last) return;
      last = clock.now();
      ask({ digest: undefined, cause: 'reconcile' });
    }, signal);
  }

  if (autoSync.reconcileInterval !== undefined) reconcileEvery(autoSync.reconcileInterval);
  return {
    id,
    name,
    version: stored.version,
    createdAt: stored.createdAt,
    location,
    tell(latest) {
      news = latest;
      wake();
    },
    stop() {
      controller.abort();
      retry?.abort();
    },
  };
}
