import PQueue from 'p-queue';
import { isSecretSyncError } from '../contracts/errors.js';
import type { SourceLocation } from '../contracts/source.js';
import { canonicalJson } from '../core/fingerprint.js';
import type { Activity } from './activity.js';
import type { StoredSync } from './documents.js';
import type { RunCause } from './events.js';
import { failureText, isWorthRetrying, pauseAfter, type FailureText } from './failures.js';
import type { ResolvedServiceOptions } from './options.js';
import { settled } from './record.js';
import type { RecordStore } from './record-store.js';
import { switchedOff, type Runs } from './runs.js';
import { createWatcher, type Watcher } from './watcher.js';

/** How many locations of the source are read at once. */
const LOOKS_AT_ONCE = 10;

/** A record that is synced by itself. */
interface Entry {
  readonly id: string;
  readonly name: string;
  /** Of the definition. */
  readonly version: number;
  readonly location: string;
  /** Ends what is waited for on behalf of the record. */
  readonly controller: AbortController;
  /** A run waits or is under way. */
  isBusy: boolean;
  /** The digest that was seen while a run was under way. */
  next: string | undefined;
  failures: number;
  /** What the source held when the last run failed: it is not run for the same again, but by a retry. */
  failedOn: string | undefined;
  /** Ends the wait for a retry. */
  retry: AbortController | undefined;
}

/** Runs records when their source changes. */
export interface AutoSync {
  /** Takes up all records that are to be synced by themselves; throws when they can't be read. */
  start(): Promise<void>;
  /** Ends all watching and waiting, at once; runs that are under way are not its business. */
  stop(): void;
  readonly isStarted: boolean;
  /** A record was made, changed or deleted. True when it is now looked after. */
  recordChanged(id: string): Promise<boolean>;
  /** Lets go of a record, at once. */
  drop(id: string): void;
}

const isAutomatic = ({ definition, deletingUntil }: StoredSync, now: number): boolean =>
  definition.isEnabled && definition.syncOptions.autoSyncEnabled && (deletingUntil ?? 0) <= now;

function locationOf({ definition: { projectId, environment, secretPath } }: StoredSync): SourceLocation {
  return {
    ...(projectId !== undefined && { projectId }),
    ...(environment !== undefined && { environment }),
    ...(secretPath !== undefined && { secretPath }),
  };
}

export function createAutoSync(
  options: ResolvedServiceOptions,
  records: RecordStore,
  runs: Runs,
  activity: Activity,
): AutoSync {
  const { engine, autoSync, clock, random, emit } = options;
  const entries = new Map<string, Entry>();
  const watchers = new Map<string, Watcher>();
  const looks = new PQueue({ concurrency: LOOKS_AT_ONCE });
  let stopped: AbortController | undefined;

  const background = (work: () => Promise<void>, signal: AbortSignal): Promise<void> =>
    work().catch((error: unknown) => {
      if (!signal.aborted) emit({ type: 'service-failed', ...failureText(error) });
    });

  const membersOf = (location: string) =>
    [...entries.values()].filter((entry) => entry.location === location);

  /** Whether the record's last sync was of something else than what the source holds. */
  const isDue = (stored: StoredSync, digest: string): boolean =>
    stored.runs.sync?.status !== 'succeeded' || stored.sourceDigest !== digest;

  async function afterFailure(entry: Entry, digest: string | undefined, error: unknown): Promise<void> {
    entry.failures += 1;
    entry.failedOn = digest;
    const { id: syncId, name, failures } = entry;
    if (failures > autoSync.retries || !isWorthRetrying(error)) {
      emit({ type: 'sync-left', syncId, name, attempts: failures, ...failureText(error) });
      return;
    }
    const retryAt = isSecretSyncError(error) ? Date.parse(error.retryAt ?? '') : NaN;
    const waitMs = Math.max(pauseAfter(failures, random(), autoSync), retryAt - clock.now() || 0);
    emit({ type: 'retry-scheduled', syncId, name, attempt: failures, waitMs });
    const retry = new AbortController();
    entry.retry = retry;
    const signal = AbortSignal.any([retry.signal, entry.controller.signal]);
    void background(async () => {
      await clock.sleep(waitMs, signal);
      entry.retry = undefined;
      enqueue(entry, digest, 'retry');
    }, signal);
  }

  /** Asks for a run. `digest`: what the source holds; absent, it is run whatever that is. */
  function enqueue(entry: Entry, digest: string | undefined, cause: RunCause): void {
    const { id, controller } = entry;
    if (entry.isBusy || controller.signal.aborted) return;
    entry.isBusy = true;
    entry.retry?.abort();
    const isWanted = (stored: StoredSync) =>
      !controller.signal.aborted &&
      isAutomatic(stored, clock.now()) &&
      (digest === undefined || isDue(stored, digest));
    const run = runs.run({ id, operation: 'sync', cause, isWanted }).then(
      () => {
        entry.failures = 0;
        entry.failedOn = undefined;
      },
      async (error: unknown) => {
        if (!controller.signal.aborted) await afterFailure(entry, digest, error);
      },
    );
    const done = run.then(async () => {
      entry.isBusy = false;
      const { next } = entry;
      entry.next = undefined;
      if (next !== undefined) await consider(entry, next);
    });
    activity.track(background(() => done, controller.signal));
  }

  /** Decides whether what the source holds calls for a run. */
  async function consider(entry: Entry, digest: string): Promise<void> {
    if (entry.isBusy) {
      entry.next = digest;
      return;
    }
    const stored = (await records.read(entry.id))?.stored;
    if (stored === undefined || entry.controller.signal.aborted || entry.failedOn === digest) return;
    if (!isDue(settled(stored, clock.now()), digest)) return;
    entry.failures = 0;
    enqueue(entry, digest, stored.runs.sync?.status === 'pending' ? 'created' : 'change');
  }

  async function noteSourceFailure(location: string, failure: FailureText, attempts: number): Promise<void> {
    const { message } = failure;
    for (const { id, name } of membersOf(location)) {
      const stored = await records.change(id, (current) =>
        current.runs.sync?.status === 'running'
          ? undefined
          : {
              ...current,
              runs: {
                ...current.runs,
                sync: {
                  jobId: current.runs.sync?.jobId ?? null,
                  succeededAt: current.runs.sync?.succeededAt ?? null,
                  status: 'failed',
                  message,
                  runningUntil: null,
                },
              },
            },
      );
      if (stored !== undefined) emit({ type: 'sync-left', syncId: id, name, attempts, ...failure });
    }
  }

  function watcherOf(key: string, location: SourceLocation): Watcher {
    const known = watchers.get(key);
    if (known !== undefined) return known;
    const watcher = createWatcher(options, location, activity, {
      digest: (signal) =>
        looks.add(() => {
          signal.throwIfAborted();
          return engine.digestSource(location, { signal });
        }),
      async onDigest(digest) {
        await Promise.all(membersOf(key).map((entry) => consider(entry, digest)));
      },
      onGivenUp: (failure, attempts) => noteSourceFailure(key, failure, attempts),
    });
    watchers.set(key, watcher);
    watcher.start();
    return watcher;
  }

  /** Runs the record every so often, counted from its last success: so a restart brings no run forward. */
  async function reconcile(entry: Entry, interval: number): Promise<void> {
    const { id, controller } = entry;
    const lastSuccess = async () =>
      Date.parse((await records.read(id))?.stored.runs.sync?.succeededAt ?? '') || 0;
    let last = (await lastSuccess()) || clock.now();
    for (;;) {
      last = Math.max(last, await lastSuccess());
      const dueAt = last + interval * (1 - random() / 10);
      if (dueAt > clock.now()) await clock.sleep(dueAt - clock.now(), controller.signal);
      if ((await lastSuccess()) > last) continue;
      last = clock.now();
      enqueue(entry, undefined, 'reconcile');
    }
  }

  function drop(id: string): void {
    const entry = entries.get(id);
    if (entry === undefined) return;
    entries.delete(id);
    entry.controller.abort();
    runs.abort(id, switchedOff(entry.name));
    if (membersOf(entry.location).length > 0) return;
    watchers.get(entry.location)?.stop();
    watchers.delete(entry.location);
  }

  /** Looks after a record as it now is. */
  function take(stored: StoredSync): void {
    const { id, name } = stored.definition;
    if (!isAutomatic(stored, clock.now())) return drop(id);
    const location = locationOf(stored);
    const key = canonicalJson(location);
    const known = entries.get(id);
    if (known?.version === stored.version) return;
    if (known !== undefined) forget(known, key);
    const entry: Entry = {
      id,
      name,
      version: stored.version,
      location: key,
      controller: new AbortController(),
      isBusy: false,
      next: undefined,
      failures: 0,
      failedOn: undefined,
      retry: undefined,
    };
    entries.set(id, entry);
    if (watchers.has(key)) watcherOf(key, location).look();
    else watcherOf(key, location);
    const { reconcileInterval } = autoSync;
    if (reconcileInterval === undefined) return;
    void background(() => reconcile(entry, reconcileInterval), entry.controller.signal);
  }

  /** Lets go of what a record was, which is still there: a run of it may go on. */
  function forget(entry: Entry, nextLocation: string): void {
    entry.controller.abort();
    entries.delete(entry.id);
    if (entry.location === nextLocation || membersOf(entry.location).length > 0) return;
    watchers.get(entry.location)?.stop();
    watchers.delete(entry.location);
  }

  async function refresh(): Promise<void> {
    const found = new Set<string>();
    for (const { load } of await records.list()) {
      const loaded = await load().catch((error: unknown) => {
        emit({ type: 'service-failed', ...failureText(error) });
        return undefined;
      });
      if (stopped?.signal.aborted !== false) return;
      if (loaded === undefined) continue;
      found.add(loaded.stored.definition.id);
      take(loaded.stored);
    }
    for (const id of [...entries.keys()]) if (!found.has(id)) drop(id);
  }

  async function refreshForever(signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(autoSync.refreshInterval, signal);
      await background(refresh, signal);
    }
  }

  return {
    get isStarted() {
      return stopped?.signal.aborted === false;
    },
    async start() {
      if (stopped?.signal.aborted === false) return;
      const controller = new AbortController();
      stopped = controller;
      try {
        await refresh();
      } catch (error) {
        this.stop();
        throw error;
      }
      void background(() => refreshForever(controller.signal), controller.signal);
    },
    stop() {
      stopped?.abort();
      for (const entry of entries.values()) entry.controller.abort();
      for (const watcher of watchers.values()) watcher.stop();
      entries.clear();
      watchers.clear();
    },
    async recordChanged(id) {
      if (stopped?.signal.aborted !== false) return false;
      const stored = (await records.read(id))?.stored;
      if (stored === undefined) drop(id);
      else take(stored);
      return entries.has(id);
    },
    drop,
  };
}
