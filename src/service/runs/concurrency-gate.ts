import { onAbort } from '../../shared/abort.js';

/** Where a run takes place, and through which connection. */
export interface Lane {
  readonly place: string;
  readonly connection: string;
}

/** A run that waits for a turn. What it says may change while it waits. */
export interface Waiter {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Whether it comes before those that no caller waits for. */
  isAwaited(): boolean;
  /** Among the others the lower one comes first. */
  readonly order: number;
}

interface Waiting {
  readonly lane: Lane;
  readonly waiter: Waiter;
  readonly begin: () => void;
}

const comesBefore = (first: Waiter, second: Waiter): boolean =>
  first.isAwaited() === second.isAwaited() ? first.order < second.order : first.isAwaited();

/** Lets runs wait for each other: one at a place, and no more than a limit through a connection. */
export class ConcurrencyGate {
  readonly #runsPerConnection: number;
  /** None of them could begin now. */
  readonly #waiting = new Set<Waiting>();
  readonly #places = new Set<string>();
  readonly #connections = new Map<string, number>();

  constructor(runsPerConnection: number) {
    this.#runsPerConnection = runsPerConnection;
  }

  #countOf(connection: string): number {
    return this.#connections.get(connection) ?? 0;
  }

  #isFree({ place, connection }: Lane): boolean {
    return !this.#places.has(place) && this.#countOf(connection) < this.#runsPerConnection;
  }

  #occupy({ place, connection }: Lane): () => void {
    this.#places.add(place);
    this.#connections.set(connection, this.#countOf(connection) + 1);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#places.delete(place);
      const left = this.#countOf(connection) - 1;
      if (left > 0) this.#connections.set(connection, left);
      else this.#connections.delete(connection);
      this.#admit();
    };
  }

  #next(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const candidate of this.#waiting)
      if (
        this.#isFree(candidate.lane) &&
        (first === undefined || comesBefore(candidate.waiter, first.waiter))
      )
        first = candidate;
    return first;
  }

  #admit(): void {
    for (let chosen = this.#next(); chosen !== undefined; chosen = this.#next()) {
      this.#waiting.delete(chosen);
      chosen.begin();
    }
  }

  /** Takes a turn where one is free now; returns what ends it. */
  tryEnter(lane: Lane): (() => void) | undefined {
    return this.#isFree(lane) ? this.#occupy(lane) : undefined;
  }

  /**
   * Waits for a turn, in one queue with all others; returns what ends it. Rejects with the waiter's `signal.reason` when that
   * is aborted before its turn.
   */
  enter(lane: Lane, waiter: Waiter): Promise<() => void> {
    return new Promise((resolve, reject) => {
      let release = () => undefined as void;
      const candidate: Waiting = {
        lane,
        waiter,
        begin: () => {
          release();
          resolve(this.#occupy(lane));
        },
      };
      this.#waiting.add(candidate);
      release = onAbort(waiter.signal, (reason) => {
        this.#waiting.delete(candidate);
        // The platform rejects with the reason as it is, whatever it is.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(reason);
      });
      this.#admit();
    });
  }
}
