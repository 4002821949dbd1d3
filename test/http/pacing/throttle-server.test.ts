import { describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../src/http/client.js';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.js';

interface Simulation {
  readonly roundTrip: number;
  /** What X-RateLimit-Reset holds; absent: no X-RateLimit headers. */
  readonly reset?: 'unix' | 'delta' | 'unix-full' | 'delta-full';
  readonly window?: number;
  readonly jitter?: number;
}
const LIMIT = 50;

/** A server that takes LIMIT requests in any `window` ms, as a `fetch` on a virtual clock. */
function limitedServer(clock: VirtualClock, { roundTrip, reset, window = 1_000, jitter = 0 }: Simulation) {
  let taken: number[] = [];
  const counts = { taken: 0, refused: 0, early: 0, underWay: 0, mostUnderWay: 0 };
  let openAt = 0;
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const fetch: typeof globalThis.fetch = async () => {
    counts.underWay += 1;
    if (clock.now() < openAt) counts.early += 1;
    counts.mostUnderWay = Math.max(counts.mostUnderWay, counts.underWay);
    await clock.sleep(roundTrip / 2 + random() * jitter);
    const now = clock.now();
    taken = taken.filter((at) => at > now - window);
    const isTaken = taken.length < LIMIT;
    if (isTaken) taken.push(now);
    counts[isTaken ? 'taken' : 'refused'] += 1;
    const headers = new Headers();
    const oldest = taken[0] ?? now;
    const free = (reset?.endsWith('full') ? (taken.at(-1) ?? now) : oldest) + window;
    if (reset) {
      headers.set('x-ratelimit-limit', String(LIMIT));
      headers.set('x-ratelimit-remaining', String(LIMIT - taken.length));
      headers.set(
        'x-ratelimit-reset',
        String(Math.ceil((reset.startsWith('unix') ? free : free - now) / 1_000)),
      );
    }
    const wait = Math.ceil((oldest + window - now) / 1_000);
    if (!isTaken) headers.set('retry-after', String(wait));
    await clock.sleep(roundTrip / 2 + random() * jitter);
    if (!isTaken) openAt = Math.max(openAt, clock.now() + wait * 1_000);
    counts.underWay -= 1;
    return new Response('{}', { status: isTaken ? 200 : 429, headers });
  };
  return { fetch, counts };
}

async function run(simulation: Simulation, requests = 1_000) {
  const clock = createVirtualClock({ auto: true });
  const { fetch, counts } = limitedServer(clock, simulation);
  const client = createHttpClient({ endpoint: 'https://api.example.com', fetch, clock, random: () => 0.5 });
  const start = clock.now();
  await Promise.all(
    Array.from({ length: requests }, () => client.request({ operation: 'ask', method: 'GET' })),
  );
  return { ...counts, seconds: (clock.now() - start) / 1_000, sleepers: clock.sleepers };
}

const cases: readonly Simulation[] = [
  ...[0, 20, 100].map((roundTrip) => ({ roundTrip })),
  { roundTrip: 20, jitter: 10 },
  { roundTrip: 20, reset: 'unix' },
  { roundTrip: 100, jitter: 10, reset: 'unix-full' },
  { roundTrip: 1, reset: 'delta' },
  { roundTrip: 100, jitter: 10, reset: 'delta-full' },
];

describe('the throttle, before a server that takes 50 requests in any second', () => {
  it.each(cases)(
    'sends 1,000 requests in 1.2 times the least time with at most 5 % refused: %o',
    async (simulation) => {
      const { taken, refused, early, mostUnderWay, seconds, sleepers } = await run(simulation);
      expect(taken).toBe(1_000);
      expect(refused).toBeLessThanOrEqual(50);
      expect(seconds).toBeLessThanOrEqual(1.2 * 19);
      expect(early).toBe(0);
      expect(mostUnderWay).toBe(10);
      expect(sleepers).toBe(0);
    },
  );

  it('loses little over the first refusals in a run of 2,500', async () => {
    const { refused, seconds } = await run({ roundTrip: 20, jitter: 5 }, 2_500);
    expect(refused).toBeLessThanOrEqual(50);
    expect(seconds).toBeLessThanOrEqual(1.1 * 50);
  });

  it('finds the pace of a limit a minute', async () => {
    const { taken, refused } = await run({ roundTrip: 20, window: 60_000 }, 200);
    expect(taken).toBe(200);
    expect(refused).toBeLessThanOrEqual(14);
  });
});
