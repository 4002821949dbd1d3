import type { SourceLocation } from '../../contracts/source.js';
import { locationIn, locationKey } from '../../core/inputs/location.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { LoadedSync, RecordStore } from '../records/record-store.js';
import type { StoredSync } from '../records/stored-sync.js';
import { askedAnew, dueJobs, dueOptions, isAskedFor, isAutomatic, laterJobs } from '../runs/due.js';
import { noteOutage } from '../runs/find-due.js';
import type { Activity } from '../runs/idle-tracker.js';
import type { LocalRuns } from '../runs/local-runs.js';
import { switchedOff } from '../runs/run-end.js';
import type { SourceLooks } from '../runs/source-looks.js';
import { jobOf, type RunCause, type SyncJob } from '../runs/sync-job.js';
import { Agenda } from './agenda.js';
import { RecordChanges } from './record-changes.js';
import { createBackground, type Background } from './retry-loop.js';
import { SourceWatcher, type FinalLook } from './source-watcher.js';

/** When a job is asked for again whose record another process is at, in ms. */
const BUSY_MS = 5_000;

/** A record that is synced by itself, as it was at one version. */
interface Followed {
  readonly name: string;
  readonly version: number;
  readonly createdAt: string;
  /** The key of what it reads. */
  readonly location: string;
  readonly controller: AbortController;
  /** The last look at its source, until it was acted on. */
  look?: FinalLook | undefined;
  isActing: boolean;
}

/**
 * Runs records when their source changes and when they are due: a watcher for each location that they read, an agenda for what
 * is due later. What is due is decided as `findDue` does, and done as `perform` does: truth is in the records.
 */
export class AutoSync {
  readonly #options: ResolvedServiceOptions;
  readonly #records: RecordStore;
  readonly #runs: LocalRuns;
  readonly #looks: SourceLooks;
  readonly #activity: Activity;
  readonly #background: Background;
  readonly #agenda: Agenda;
  readonly #followed = new Map<string, Followed>();
  readonly #watchers = new Map<string, SourceWatcher>();
  #stopped: AbortController | undefined;

  constructor(
    options: ResolvedServiceOptions,
    parts: {
      readonly records: RecordStore;
      readonly runs: LocalRuns;
      readonly looks: SourceLooks;
      readonly activity: Activity;
    },
  ) {
    this.#options = options;
    this.#records = parts.records;
    this.#runs = parts.runs;
    this.#looks = parts.looks;
    this.#activity = parts.activity;
    this.#background = createBackground(options);
    this.#agenda = new Agenda(options.clock);
  }

  get isStarted(): boolean {
    return this.#stopped?.signal.aborted === false;
  }

  /** Takes up all records that are to be run by themselves; throws when they can't be read. */
  async start(): Promise<void> {
    if (this.isStarted) return;
    const { signal } = (this.#stopped = new AbortController());
    try {
      await this.#refresh(signal);
    } catch (error) {
      this.stop();
      throw error;
    }
    const changes = new RecordChanges(this.#options);
    changes.watch(this.#background, signal);
    void this.#background.forever(async () => {
      await changes.next(signal);
      await this.#refresh(signal);
    }, signal);
    void this.#background.forever(async () => this.#do(await this.#agenda.next(signal)), signal);
  }

  /** Ends all watching and waiting, immediately; runs that are in progress are not its business. */
  stop(): void {
    this.#stopped?.abort();
    for (const { controller } of this.#followed.values()) controller.abort();
    for (const watcher of this.#watchers.values()) watcher.stop();
    this.#followed.clear();
    this.#watchers.clear();
    this.#agenda.clear();
  }

  /** A record was made or changed, or is seen again. True when what it asks for is done from here. */
  take(stored: StoredSync): boolean {
    if (!this.isStarted) return false;
    const { id } = stored.definition;
    const known = this.#followed.get(id);
    const isSame = known?.createdAt === stored.createdAt;
    // Read before a change that is known already.
    if (known !== undefined && isSame && stored.version < known.version) return true;
    if (!isAutomatic(stored)) {
      // Where only auto-sync was switched off, a run that was asked for is still wanted.
      const isOn = stored.definition.isEnabled && stored.deletion?.status !== 'running';
      this.drop(id, isOn ? (cause) => !isAskedFor(cause) : undefined);
    } else if (known === undefined || !isSame || known.version !== stored.version)
      this.#follow(stored, known);
    const due = dueJobs(stored, undefined, dueOptions(this.#options));
    for (const job of [...due, ...askedAnew(stored)]) this.#do(job);
    this.#plan(stored);
    return true;
  }

  /** Lets go of a record, immediately. `isMeant`: the runs that are taken back. */
  drop(id: string, isMeant?: (cause: RunCause) => boolean): void {
    const known = this.#followed.get(id);
    this.#agenda.drop(id);
    if (known === undefined) return;
    known.controller.abort();
    this.#followed.delete(id);
    this.#unwatch(known.location);
    this.#runs.queue.abort(id, switchedOff(known.name), isMeant);
  }

  #follow(stored: StoredSync, known: Followed | undefined): void {
    const { definition, version, createdAt } = stored;
    const { id, name } = definition;
    const location = locationIn(definition);
    const key = locationKey(location);
    known?.controller.abort();
    const controller = new AbortController();
    this.#followed.set(id, { name, version, createdAt, location: key, controller, isActing: false });
    if (known !== undefined) this.#unwatch(known.location);
    this.#watch(key, location);
  }

  /** Looks at a location now, for the sake of a record that reads it. */
  #watch(key: string, location: SourceLocation): void {
    const known = this.#watchers.get(key);
    if (known !== undefined) return known.look();
    const [options, looks, activity] = [this.#options, this.#looks, this.#activity];
    const parts = { options, looks, activity, background: this.#background };
    const watcher = new SourceWatcher(parts, location, (look) => {
      for (const [id, followed] of this.#followed)
        if (followed.location === key) this.#tell(id, followed, look);
    });
    this.#watchers.set(key, watcher);
    watcher.start();
  }

  #unwatch(location: string): void {
    if ([...this.#followed.values()].some((followed) => followed.location === location)) return;
    this.#watchers.get(location)?.stop();
    this.#watchers.delete(location);
  }

  /** Puts down when a record is due next without a change of its source. */
  #plan(stored: StoredSync): void {
    for (const { job, at } of laterJobs(stored, dueOptions(this.#options))) this.#agenda.set(job, at);
  }

  /** Takes what a look found. It is acted on when the record can be read: nothing that was found is lost. */
  #tell(id: string, followed: Followed, look: FinalLook): void {
    followed.look = look;
    if (followed.isActing) return;
    followed.isActing = true;
    const { signal } = followed.controller;
    const work = async () => {
      for (let latest = followed.look; latest !== undefined && !signal.aborted; latest = followed.look) {
        await this.#act(id, latest);
        if (followed.look === latest) followed.look = undefined;
      }
      followed.isActing = false;
    };
    const tracked = () => {
      const working = work();
      this.#activity.track(working);
      return working;
    };
    void this.#background.untilDone(tracked, signal);
  }

  async #act(id: string, look: FinalLook): Promise<void> {
    if (!('digest' in look)) return noteOutage(this.#options, this.#records, id, look);
    const loaded = await this.#records.read(id);
    if (loaded === undefined) return this.drop(id);
    const { stored } = loaded;
    const { digest } = look;
    for (const job of dueJobs(stored, digest, dueOptions(this.#options))) this.#do(job, loaded);
    // The run that is in progress may have read the source before.
    if (stored.runs.sync?.status === 'running' && isAutomatic(stored))
      this.#do(jobOf(id, 'sync', 'change', { sourceDigest: digest }));
  }

  /** Does a job when it is its turn, and puts down when it is due again. */
  #do(job: SyncJob, known?: LoadedSync): void {
    const { signal } = this.#stopped ?? new AbortController();
    const isFollowed = this.#followed.get(job.syncId);
    const work = async () => {
      try {
        await this.#runOnce(job, known);
      } catch (error) {
        // Taken back: the record was switched off, or is another one by now.
        if (isFollowed?.controller.signal.aborted === true) return;
        throw error;
      }
    };
    void this.#background.untilDone(work, signal);
  }

  async #runOnce(job: SyncJob, known: LoadedSync | undefined): Promise<void> {
    const { reconcileInterval } = this.#options.autoSync;
    const end = await this.#runs.run(job, {}, known);
    if (!this.isStarted) return;
    if (end.status === 'busy') this.#agenda.setIn(job, BUSY_MS);
    if (end.status === 'failed' && end.retryAt !== null)
      this.#agenda.set(jobOf(job.syncId, job.operation, 'retry'), Date.parse(end.retryAt));
    // What failed for good was for another definition, perhaps.
    const isLeft = end.status === 'failed' && end.retryAt === null;
    if (!isLeft && (end.status !== 'succeeded' || reconcileInterval === undefined)) return;
    const loaded = await this.#records.read(job.syncId);
    if (loaded !== undefined && this.isStarted) this.take(loaded.stored);
  }

  /** Takes up what other processes made of the records. A record that can't be read for a moment stays as it was. */
  async #refresh(signal: AbortSignal): Promise<void> {
    const before = [...this.#followed.keys()];
    const loaded = await this.#records.readable();
    if (signal.aborted) return;
    const found = new Set(loaded.map(({ stored }) => stored.definition.id));
    for (const { stored } of loaded) this.take(stored);
    for (const id of before.filter((known) => !found.has(known))) {
      // Only what is known to be gone is let go of.
      const isGone = await this.#records.read(id).then(
        (record) => record === undefined,
        () => false,
      );
      if (signal.aborted) return;
      if (isGone) this.drop(id);
    }
  }
}
