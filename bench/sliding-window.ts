/** How a server says that it takes no more for now. */
export type Telling = 'retry-after' | 'both' | 'headers';

/** A limit on all requests, in any second. */
export interface RateLimit {
  readonly perSecond: number;
  /** `Retry-After` on a 429, the `X-RateLimit` headers on every answer, or both. */
  readonly tell: Telling;
}

export interface Verdict {
  readonly isTaken: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

const WINDOW_MS = 1_000;

/** Takes so many requests in any stretch of one second, and refuses the others. */
export function createSlidingWindow({ perSecond, tell }: RateLimit, now: () => number): () => Verdict {
  let taken: number[] = [];
  return () => {
    const at = now();
    taken = taken.filter((earlier) => earlier > at - WINDOW_MS);
    const isTaken = taken.length < perSecond;
    if (isTaken) taken.push(at);
    const freeAt = (taken[0] ?? at) + WINDOW_MS;
    const told = {
      'x-ratelimit-limit': String(perSecond),
      'x-ratelimit-remaining': String(perSecond - taken.length),
      'x-ratelimit-reset': String(Math.ceil(freeAt / 1_000)),
    };
    const wait = { 'retry-after': String(Math.ceil((freeAt - at) / 1_000)) };
    return {
      isTaken,
      headers: {
        ...(tell === 'retry-after' ? {} : told),
        ...(tell === 'headers' || isTaken ? {} : wait),
      },
    };
  };
}
