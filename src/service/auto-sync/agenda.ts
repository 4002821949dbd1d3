import type { Clock } from '../../contracts/clock.js';
import type { SyncJob } from '../runs/sync-job.js';
import { Nap } from './nap.js';

/** The jobs that are due later, one for each operation of a record. The times are those of the records. */
export class Agenda {
  readonly #clock: Clock;
  readonly #nap: Nap;
  readonly #entries = new Map<string, { readonly job: SyncJob; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#nap = new Nap(clock);
  }

  /** Puts a job down for a time, in ms since the epoch. */
  set(job: SyncJob, at: number): void {
    this.#entries.set(`${job.operation} ${job.syncId}`, { job, at });
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
      const first = () =>
        [...this.#entries].reduce<
          readonly [string, { readonly job: SyncJob; readonly at: number }] | undefined
        >(
          (earliest, entry) => (earliest === undefined || entry[1].at < earliest[1].at ? entry : earliest),
          undefined,
        );
      await this.#nap.until(() => first()?.[1].at ?? Infinity, signal);
      const due = first();
      if (due === undefined || due[1].at > this.#clock.now()) continue;
      this.#entries.delete(due[0]);
      return due[1].job;
    }
  }
}
