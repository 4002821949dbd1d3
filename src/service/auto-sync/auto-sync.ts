import PQueue from 'p-queue';
import type { SourceLocation } from '../../contracts/source.js';
import { locationIn, locationKey } from '../../core/inputs/location.js';
import type { Activity } from '../runs/idle-tracker.js';
import { createBackground } from './retry-loop.js';
import type { StoredSync } from '../records/stored-sync.js';
import type { RunCause } from '../events.js';
import { failureText } from '../failure.js';
import { createFollower, isAutomatic, type Follower } from './record-follower.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from '../records/record-store.js';
import { switchedOff, type Runs } from '../runs/runner.js';
import { createWatcher, type Watcher } from './source-watcher.js';

/** How many locations of the source are read at once. */
const LOOKS_AT_ONCE = 10;

/**
 * Runs records when their source changes: a follower for each record, a watcher for each location that they read. Its
 * runs stand in one queue with those that are called for, of each record at most one, which a call can share.
 */
export interface AutoSync {
  /** Takes up all records that are to be synced by themselves; throws when they can't be read. */
  start(): Promise<void>;
  /** Ends all watching and waiting, at once; runs that are under way are not its business. */
  stop(): void;
  readonly isStarted: boolean;
  /** A record was made or changed. True when it is now looked after. */
  take(stored: StoredSync): boolean;
  /** Lets go of a record, at once. */
  drop(id: string): void;
}

export function createAutoSync(
  options: ResolvedServiceOptions,
  records: RecordStore,
  runs: Runs,
  activity: Activity,
): AutoSync {
  const { engine, autoSync, clock, emit } = options;
  const background = createBackground(options);
  const parts = { options, records, runs, activity, background };
  const followers = new Map<string, Follower>();
  const watchers = new Map<string, Watcher>();
  const looks = new PQueue({ concurrency: LOOKS_AT_ONCE });
  let stopped: AbortController | undefined;
  const isStarted = () => stopped?.signal.aborted === false;

  const membersOf = (location: string) =>
    [...followers.values()].filter((follower) => follower.location === location);

  /** Looks at a location now, for the sake of a record that reads it. */
  function watch(key: string, location: SourceLocation): void {
    const known = watchers.get(key);
    if (known !== undefined) return known.look();
    const watcher = createWatcher(options, location, activity, background, {
      digest: (signal) =>
        looks.add(() => {
          signal.throwIfAborted();
          return engine.digestSource(location, { signal });
        }),
      onDigest: (digest) => membersOf(key).forEach((follower) => follower.tell({ digest })),
      onGivenUp: (failure, attempts) =>
        membersOf(key).forEach((follower) => follower.tell({ failure, attempts })),
    });
    watchers.set(key, watcher);
    watcher.start();
  }

  /** Lets go of what a record was, which may still be there: a run of it may go on. */
  function forget(follower: Follower): void {
    follower.stop();
    followers.delete(follower.id);
  }

  function unwatch(location: string): void {
    if (membersOf(location).length > 0) return;
    watchers.get(location)?.stop();
    watchers.delete(location);
  }

  function drop(id: string, isMeant?: (cause: RunCause) => boolean): void {
    const follower = followers.get(id);
    if (follower === undefined) return;
    forget(follower);
    unwatch(follower.location);
    runs.abort(id, switchedOff(follower.name), isMeant);
  }

  function take(stored: StoredSync): boolean {
    if (!isStarted()) return false;
    const { id } = stored.definition;
    const known = followers.get(id);
    // Read before a change that is known already.
    if (known?.createdAt === stored.createdAt && stored.version < known.version) return true;
    if (!isAutomatic(stored, clock.now())) {
      // Where only auto-sync was switched off, the first run of who made the record is still wanted.
      if (stored.definition.isEnabled) drop(id, (cause) => cause !== 'created');
      else drop(id);
      return false;
    }
    if (known?.createdAt === stored.createdAt && known.version === stored.version) return true;
    const location = locationIn(stored.definition);
    const key = locationKey(location);
    if (known !== undefined) forget(known);
    followers.set(id, createFollower(parts, stored, key));
    if (known !== undefined) unwatch(known.location);
    watch(key, location);
    return true;
  }

  /** Takes up what other processes made of the records. A record that can't be read for a moment stays as it was. */
  async function refresh(): Promise<void> {
    const before = [...followers.keys()];
    const found = new Set<string>();
    const isStillStarted = stopped?.signal;
    const told = (error: unknown) => emit({ type: 'service-failed', ...failureText(error) });
    for (const { load } of await records.list()) {
      try {
        const loaded = await load();
        if (isStillStarted?.aborted !== false) return;
        if (loaded === undefined) continue;
        found.add(loaded.stored.definition.id);
        take(loaded.stored);
      } catch (error) {
        told(error);
      }
    }
    for (const id of before.filter((known) => !found.has(known))) {
      try {
        // Only what is known to be gone is let go of.
        const isGone = (await records.read(id)) === undefined;
        if (isStillStarted?.aborted !== false) return;
        if (isGone) drop(id);
      } catch {
        // Told of above, by whichever document could not be read.
        continue;
      }
    }
  }

  function stop(): void {
    stopped?.abort();
    for (const follower of followers.values()) follower.stop();
    for (const watcher of watchers.values()) watcher.stop();
    followers.clear();
    watchers.clear();
  }

  return {
    get isStarted() {
      return isStarted();
    },
    async start() {
      if (isStarted()) return;
      const { signal } = (stopped = new AbortController());
      try {
        await refresh();
      } catch (error) {
        stop();
        throw error;
      }
      void background.forever(async () => {
        await clock.sleep(autoSync.refreshInterval, signal);
        await refresh();
      }, signal);
    },
    stop,
    take,
    drop: (id) => drop(id),
  };
}
