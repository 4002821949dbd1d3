import type { Clock } from '../../contracts/clock.js';
import type { SyncJob } from '../runs/sync-job.js';
import { Nap } from './nap.js';

interface Entry {
  readonly job: SyncJob;
  /** By the time of the nap. */
  readonly dueAt: () => number;
}

/** The jobs that are due later, one for each operation of a record. */
export class Agenda {
  readonly #clock: Clock;
  readonly #nap: Nap;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nap = new Nap(clock);
  }

  /** Puts a job down for a time of its record, in ms since the epoch: it is due when the clock shows it. */
  set(job: SyncJob, at: number): void {
    this.#put(job, () => this.#nap.now() + (at - this.#clock.now()));
  }

  /** Puts a job down for the time after a wait, in ms, whatever the clock shows then. */
  setIn(job: SyncJob, ms: number): void {
    const dueAt = this.#nap.now() + ms;
    this.#put(job, () => dueAt);
  }

  #put(job: SyncJob, dueAt: Entry['dueAt']): void {
    this.#entries.set(`${job.operation} ${job.syncId}`, { job, dueAt });
    this.#nap.wake();
  }

  /** Takes the jobs of a record off. */
  drop(id: string): void {
    for (const [key, { job }] of this.#entries) if (job.syncId === id) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Waits for the next job that is due, and takes it off. Rejects once the signal is aborted. */
  async next(signal: AbortSignal): Promise<SyncJob> {
    for (;;) {
      await this.#nap.until(() => this.#first()?.at ?? Infinity, signal);
      const due = this.#first();
      if (due === undefined || due.at > this.#nap.now()) continue;
      this.#entries.delete(due.key);
      return due.job;
    }
  }

  /** The job that is due first, and when that is now. */
  #first() {
    let first: { readonly key: string; readonly job: SyncJob; readonly at: number } | undefined;
    for (const [key, { job, dueAt }] of this.#entries) {
      const at = dueAt();
      if (first === undefined || at < first.at) first = { key, job, at };
    }
    return first;
  }
}
