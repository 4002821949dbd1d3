import { Worker } from 'node:worker_threads';
import type * as z from 'zod';
import {
  countsSchema,
  envelopeSchema,
  nothingSchema,
  openedSchema,
  placeSchema,
  valuesSchema,
  type Counts,
  type Destination,
  type Place,
  type ServerRequest,
} from './server-messages.js';
import type { RateLimit } from './sliding-window.js';

/** An emulator behind a simulated round trip, in another thread. */
export interface BenchServer {
  readonly destination: Destination;
  readonly url: string;
  readonly accessToken: string;
  /** Adds an empty place, whose values `values` shows from then on. */
  addPlace(): Promise<Place>;
  /** In ms; 0 at the start. */
  setRoundTrip(ms: number): Promise<void>;
  /** Forgets the requests that were counted. */
  clear(): Promise<void>;
  counts(): Promise<Counts>;
  values(): Promise<Map<string, string>>;
  close(): Promise<void>;
}

export interface BenchServers {
  open(destination: Destination, limit?: RateLimit): Promise<BenchServer>;
  close(): Promise<void>;
}

/** Starts the thread of the servers. */
export function startServers(): BenchServers {
  const worker = new Worker(new URL('./server-thread.mjs', import.meta.url));
  const waiting = new Map<number, PromiseWithResolvers>();
  let asked = 0;
  worker.on('message', (message: unknown) => {
    const { number, content } = envelopeSchema.parse(message);
    waiting.get(number)?.resolve(content);
    waiting.delete(number);
  });
  worker.on('error', (error) => waiting.forEach(({ reject }) => reject(error)));

  async function ask<Answer>(request: ServerRequest, schema: z.ZodType<Answer>): Promise<Answer> {
    const number = ++asked;
    const content = await new Promise<unknown>((resolve, reject) => {
      waiting.set(number, { resolve, reject });
      worker.postMessage({ number, content: request });
    });
    return schema.parse(content);
  }

  return {
    async open(destination, limit) {
      const { server, ...rest } = await ask(
        { action: 'open', destination, ...(limit && { limit }) },
        openedSchema,
      );
      const order = (request: ServerRequest) => ask(request, nothingSchema).then(() => undefined);
      return {
        ...rest,
        destination,
        addPlace: () => ask({ action: 'addPlace', server }, placeSchema),
        setRoundTrip: (ms) => order({ action: 'setRoundTrip', server, ms }),
        clear: () => order({ action: 'clear', server }),
        counts: () => ask({ action: 'counts', server }, countsSchema),
        values: async () => new Map(await ask({ action: 'values', server }, valuesSchema)),
        close: () => order({ action: 'close', server }),
      };
    },
    close: async () => void (await worker.terminate()),
  };
}

interface PromiseWithResolvers {
  readonly resolve: (content: unknown) => void;
  readonly reject: (error: unknown) => void;
}
