/** What the fleet is measured at. */
export const SETTINGS = {
  records: 200,
  keys: 10,
  connections: 20,
  changes: 1_000,
  /** Over how many ms the changes are spread. */
  changesTake: 20_000,
  /** How long a request to the destination or to the source takes, in ms. */
  roundTrip: 20,
  /** Of each worker. */
  concurrency: 2,
  runsPerConnection: 2,
  pollInterval: 5_000,
  debounce: 500,
  /** How often a worker is killed while the source changes, in ms. */
  killEvery: 4_000,
} as const;

/** What a worker is started with, as JSON. */
export interface WorkerSettings {
  readonly server: 'Redis' | 'PostgreSQL';
  readonly url: string;
  /** Names the queue and the documents. */
  readonly name: string;
  readonly sourceUrl: string;
  readonly destinationUrl: string;
  readonly accessToken: string;
}

/** What a worker tells, one JSON object a line. */
export type WorkerLine =
  | { readonly type: 'look' }
  | { readonly type: 'begun'; readonly run: string; readonly syncId: string; readonly at: number }
  | {
      readonly type: 'ended';
      readonly run: string;
      readonly at: number;
      /** Keys that were written; `null`: it failed. */
      readonly applied: number | null;
    };

/** The header by which the destination knows which worker asks. */
export const WORKER_HEADER = 'x-bench-worker';

export const connectionIds: readonly string[] = Array.from(
  { length: SETTINGS.connections },
  (_, number) => `connection-${number}`,
);
