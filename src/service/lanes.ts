import PQueue from 'p-queue';

/** Where a run takes place, and through which connection. */
export interface Lane {
  readonly place: string;
  readonly connection: string;
}

/** Lets runs wait for each other: one at a place, and no more than a limit through a connection. */
export interface Lanes {
  /**
   * Does work when it is its turn. Rejects with `signal.reason` when it is aborted before that; once begun, the turn
   * lasts until the work has ended.
   */
  run<Result>(
    lane: Lane,
    work: () => Promise<Result>,
    signal: AbortSignal,
    isUrgent: boolean,
  ): Promise<Result>;
}

function createQueues(concurrency: number): (name: string) => PQueue {
  const queues = new Map<string, PQueue>();
  return (name) => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const queue = new PQueue({ concurrency });
    queue.on('idle', () => queues.delete(name));
    queues.set(name, queue);
    return queue;
  };
}

export function createLanes(runsPerConnection: number): Lanes {
  const places = createQueues(1);
  const connections = createQueues(runsPerConnection);
  return {
    run: (lane, work, signal, isUrgent) =>
      new Promise((resolve, reject) => {
        // The platform rejects with the reason as it stands, whatever it is.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        const giveUp = () => reject(signal.reason);
        if (signal.aborted) return giveUp();
        signal.addEventListener('abort', giveUp, { once: true });
        const priority = isUrgent ? 1 : 0;
        // The queues get no signal: they would take a run that was aborted for one that has ended.
        const turn = async () => {
          signal.removeEventListener('abort', giveUp);
          if (!signal.aborted) await work().then(resolve, reject);
        };
        void places(lane.place).add(
          async () => {
            if (!signal.aborted) await connections(lane.connection).add(turn, { priority });
          },
          { priority },
        );
      }),
  };
}
