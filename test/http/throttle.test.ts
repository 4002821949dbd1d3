import { describe, expect, it } from 'vitest';
import { createHttpClient } from '../../src/http/client.js';
import { createThrottle, type Ticket } from '../../src/http/throttle.js';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.js';

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

  it('loses little over the first refusals in a run of 5,000', async () => {
    const { refused, seconds } = await run({ roundTrip: 20, jitter: 5 }, 5_000);
    expect(refused).toBeLessThanOrEqual(50);
    expect(seconds).toBeLessThanOrEqual(1.1 * 100);
  });

  it('finds the pace of a limit a minute', async () => {
    const { taken, refused } = await run({ roundTrip: 20, window: 60_000 }, 200);
    expect(taken).toBe(200);
    expect(refused).toBeLessThanOrEqual(14);
  });
});

describe('createThrottle', () => {
  const never = () => false;
  const { signal } = new AbortController();
  const ticketOf = (passed: Ticket | number): Ticket => {
    if (typeof passed === 'number') throw new Error('refused');
    return passed;
  };

  it('holds nothing back before a first refusal', async () => {
    const clock = createVirtualClock();
    const throttle = createThrottle(clock);
    for (let count = 0; count < 500; count += 1) {
      throttle.accepted(ticketOf(await throttle.pass(signal, never)), undefined);
    }
    expect(clock.slept).toEqual([]);
  });

  it('lets all requests wait until the time that one was told', async () => {
    const clock = createVirtualClock({ auto: true });
    const throttle = createThrottle(clock);
    const until = clock.now() + 7_000;
    throttle.refused(ticketOf(await throttle.pass(signal, never)), until);
    const passed = await Promise.all([1, 2, 3].map(() => throttle.pass(signal, never)));
    expect(passed.map((ticket) => ticketOf(ticket).sentAt)).toEqual([until, until, until]);
  });

  it('answers at once until when the server takes nothing, where that is too late', async () => {
    const clock = createVirtualClock();
    const throttle = createThrottle(clock);
    const until = clock.now() + 7_000;
    throttle.refused(ticketOf(await throttle.pass(signal, never)), until);
    expect(await throttle.pass(signal, () => true)).toBe(until);
    expect(clock.slept).toEqual([]);
  });

  it('stops by itself when the requests under way use up what the server said is left', async () => {
    const clock = createVirtualClock();
    const throttle = createThrottle(clock);
    const resetAt = clock.now() + 2_400_000;
    throttle.accepted(ticketOf(await throttle.pass(signal, never)), {
      limit: 1_000,
      remaining: 3,
      resetAt,
    });
    const passed = [];
    for (let count = 0; count < 5; count += 1) passed.push(await throttle.pass(signal, () => true));
    expect(passed.map((ticket) => typeof ticket)).toEqual(['object', 'object', 'object', 'number', 'number']);
    expect(passed[4]).toBe(resetAt);
  });

  it.each([100, 1_000])(
    'takes refusals of requests that were under way together for one, told %i ms',
    async (told) => {
      const clock = createVirtualClock({ auto: true });
      const throttle = createThrottle(clock);
      const tickets = [];
      for (let count = 0; count < 30; count += 1) tickets.push(ticketOf(await throttle.pass(signal, never)));
      tickets.slice(0, 20).forEach((ticket) => throttle.accepted(ticket, undefined));
      tickets.slice(20).forEach((ticket) => throttle.refused(ticket, clock.now() + told));
      await throttle.pass(signal, never);
      const first = clock.now();
      await throttle.pass(signal, never);
      // 20 in a second, less 5 %: one refusal; ten would have brought it to one a second.
      expect(clock.now() - first).toBeCloseTo(1_000 / 19, 0);
    },
  );

  it('leaves no sleep and lets nobody else wait when a waiting request is aborted', async () => {
    const clock = createVirtualClock();
    const throttle = createThrottle(clock);
    throttle.refused(ticketOf(await throttle.pass(signal, never)), clock.now() + 5_000);
    const controller = new AbortController();
    const first = throttle.pass(controller.signal, never);
    const queued = throttle.pass(controller.signal, never);
    const other = throttle.pass(signal, never);
    controller.abort('reason');
    await expect(first).rejects.toBe('reason');
    await expect(queued).rejects.toBe('reason');
    await clock.advance(5_000);
    expect(ticketOf(await other).sentAt).toBe(clock.now());
    expect(clock.sleepers).toBe(0);
  });
});

describe('the throttle, while the clock of the machine is set', () => {
  const MINUTE = 60_000;

  it.each([
    ['back by an hour', -60 * MINUTE],
    ['back by a second', -1_000],
    ['not at all', 0],
  ])('waits as long as it was told to when that is %s', async (_title, step) => {
    const clock = createVirtualClock();
    let ahead = 0;
    const throttle = createThrottle({
      now: () => clock.now() + ahead,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    });
    const { signal } = new AbortController();
    const ticket = await throttle.pass(signal, () => false);
    if (typeof ticket === 'number') throw new Error('It was refused at once.');
    throttle.refused(ticket, clock.now() + MINUTE);
    ahead = step;
    const asked: number[] = [];
    expect(await throttle.pass(signal, (until) => asked.push(until) > 0)).toBe(clock.now() + ahead + MINUTE);
    expect(asked).toEqual([clock.now() + ahead + MINUTE]);
    let isThrough = false;
    const next = throttle.pass(signal, () => false).then(() => (isThrough = true));
    await clock.advance(MINUTE - 1);
    expect(isThrough).toBe(false);
    await clock.advance(1);
    await next;
  });
});
