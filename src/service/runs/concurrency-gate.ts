/** Where a run takes place, and through which connection. */
export interface Lane {
  readonly place: string;
  readonly connection: string;
}

/** Who waits for a turn. May change while it waits. */
export interface Waiter {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Whether it comes before those that nobody waits for. */
  isAwaited(): boolean;
  /** Among the others the lower one comes first. */
  readonly order: number;
}

/** Lets runs wait for each other: one at a place, and no more than a limit through a connection. */
export interface Lanes {
  /**
   * Waits for a turn, in one queue with all others; answers what ends it. Rejects with the waiter's `signal.reason` when
   * that is aborted before its turn.
   */
  enter(lane: Lane, waiter: Waiter): Promise<() => void>;
}

interface Waiting {
  readonly lane: Lane;
  readonly waiter: Waiter;
  readonly begin: () => void;
}

const comesBefore = (first: Waiter, second: Waiter): boolean =>
  first.isAwaited() === second.isAwaited() ? first.order < second.order : first.isAwaited();

export function createLanes(runsPerConnection: number): Lanes {
  /** None of them could begin now. */
  const waiting = new Set<Waiting>();
  const places = new Set<string>();
  const connections = new Map<string, number>();
  const countOf = (connection: string) => connections.get(connection) ?? 0;
  const isFree = ({ place, connection }: Lane) =>
    !places.has(place) && countOf(connection) < runsPerConnection;

  function occupy({ place, connection }: Lane): () => void {
    places.add(place);
    connections.set(connection, countOf(connection) + 1);
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      places.delete(place);
      if (countOf(connection) > 1) connections.set(connection, countOf(connection) - 1);
      else connections.delete(connection);
      admit();
    };
  }

  function next(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const candidate of waiting)
      if (isFree(candidate.lane) && (first === undefined || comesBefore(candidate.waiter, first.waiter)))
        first = candidate;
    return first;
  }

  function admit(): void {
    for (let chosen = next(); chosen !== undefined; chosen = next()) {
      waiting.delete(chosen);
      chosen.begin();
    }
  }

  return {
    enter: (lane, waiter) =>
      new Promise((resolve, reject) => {
        const { signal } = waiter;
        const giveUp = () => {
          waiting.delete(candidate);
          // The platform rejects with the reason as it stands, whatever it is.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(signal.reason);
        };
        const candidate: Waiting = {
          lane,
          waiter,
          begin() {
            signal.removeEventListener('abort', giveUp);
            resolve(occupy(lane));
          },
        };
        if (signal.aborted) return giveUp();
        if (isFree(lane)) return candidate.begin();
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.add(candidate);
      }),
  };
}
