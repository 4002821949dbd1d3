import assert from 'node:assert/strict';
import type { FinishOptions } from '../../../contracts/follow-up.js';
import type { WriteBatch } from '../../../contracts/destination.js';
import type { Fetch } from '../../../contracts/http.js';
import type { AnyDestinationDriver } from '../../../contracts/typed-definition.js';
import type { SeenRequest } from './fixture.js';

/** What is watched of a driver while an engine uses it. */
export interface Watched {
  /** All batches that it was handed. */
  readonly batches: WriteBatch[];
  /** Awaited before each batch. */
  beforeWrite?: ((batch: WriteBatch) => void | Promise<void>) | undefined;
  /** Awaited before what follows the writes. */
  beforeFinish?: (() => void | Promise<void>) | undefined;
}

/** A driver that tells what it is handed. */
export function watch(driver: AnyDestinationDriver, watched: Watched): AnyDestinationDriver {
  return {
    ...driver,
    connect(options) {
      const connection = driver.connect(options);
      return {
        read: (readOptions) => connection.read(readOptions),
        async write(batch, writeOptions) {
          watched.batches.push(batch);
          await watched.beforeWrite?.(batch);
          return connection.write(batch, writeOptions);
        },
        ...(connection.finish !== undefined && {
          async finish(options: FinishOptions) {
            await watched.beforeFinish?.();
            assert(connection.finish !== undefined);
            return connection.finish(options);
          },
        }),
      };
    },
  };
}

/** A fetch that notes what is sent and how much is in progress. */
export function watchFetch(own: Fetch | undefined) {
  const requests: SeenRequest[] = [];
  let inFlight = 0;
  let peak = 0;
  const fetch: Fetch = async (url, options) => {
    requests.push({ url: String(url), headers: Object.fromEntries(new Headers(options?.headers)) });
    inFlight += 1;
    peak = Math.max(peak, inFlight);
    try {
      return await (own ?? globalThis.fetch)(url, options);
    } finally {
      inFlight -= 1;
    }
  };
  return { fetch, requests, peak: () => peak };
}
