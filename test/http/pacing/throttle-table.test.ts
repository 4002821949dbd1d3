import { beforeEach, describe, expect, it } from 'vitest';
import type { Ticket } from '../../../src/http/pacing/throttle.js';
import { createPassingThrottle } from '../../support/passing-throttle.js';
import type { Quota } from '../../../src/http/pacing/told-times.js';

const START = 1_000_000;
const { signal } = new AbortController();

/** One connection, used by one request at a time; a sleep is over at once, and the time with it. */
function connection() {
  let now = START;
  let sleeps = 0;
  const throttle = createPassingThrottle({
    now: () => now,
    sleep(ms) {
      sleeps += 1;
      if (sleeps > 10_000) throw new Error('It waits for ever.');
      now += ms;
      return Promise.resolve();
    },
  });
  const pass = async (): Promise<Ticket> => {
    const passed = await throttle.pass(signal, () => false);
    if (typeof passed === 'number') throw new Error('It gave up, although it was not asked to.');
    return passed;
  };
  return {
    ...throttle,
    closure: () => throttle.open(signal, () => true),
    passOrGiveUp: () => throttle.pass(signal, () => true),
    pass,
    now: () => now,
    later: (ms: number) => void (now += ms),
    /** Sends requests at once that the server takes. */
    async take(count: number, quota?: Quota) {
      for (let sent = 0; sent < count; sent += 1) throttle.accepted(await pass(), quota);
    },
    /** When the next requests are let through, in ms from now. */
    async gaps(count: number) {
      const from = now;
      const gaps: number[] = [];
      for (let sent = 0; sent < count; sent += 1) gaps.push((await pass()).sentAt - from);
      return gaps;
    },
  };
}

let at = connection();
beforeEach(() => {
  at = connection();
});

/** A server that took 20 in a second and then refused one, at its time to take requests again. */
async function paced(): Promise<void> {
  await at.take(20);
  at.refused(await at.pass(), START + 1_000);
  at.later(1_000);
}
/** What 20 in a second, less 5 %, leaves between two requests, in ms. */
const GAP = 1_000 / 19;

const expectGaps = (found: readonly number[], expected: readonly number[]) => {
  expect(found).toHaveLength(expected.length);
  expected.forEach((gap, index) => expect(found[index]).toBeCloseTo(gap, 3));
};

describe('after the first refusal', () => {
  it.each([
    ['in less than a second', 20, 500, GAP],
    ['in a second', 20, 1_000, GAP],
    ['in a second, rounded up', 20, 1_999, GAP],
    ['in two seconds', 20, 2_000, 2 * GAP],
    ['in a time that is no usual one', 20, 9_999, 9.999 * GAP],
    ['in ten seconds', 20, 10_000, 10 * GAP],
    ['in ten seconds, rounded up', 20, 10_999, 10 * GAP],
    ['in eleven seconds', 20, 11_000, 11 * GAP],
    ['in a minute, rounded up', 100, 60_500, 60_000 / 95],
    ['in an hour: one a second, since the told times do the rest', 100, 3_600_000, 1_000],
    ['of the very first request: not held back', 0, 1_000, 0],
  ])('requests come as the server took them %s', async (_title, taken, until, gap) => {
    await at.take(taken);
    at.refused(await at.pass(), START + until);
    at.later(until);
    expectGaps(await at.gaps(2), [0, gap]);
  });

  it('the pace is that of the best stretch, be it the last one or all of it', async () => {
    await at.take(10);
    at.later(5_000);
    await at.take(30);
    at.refused(await at.pass(), START + 6_000);
    at.later(1_000);
    expectGaps(await at.gaps(2), [0, 1_000 / (30 * 0.95)]);

    at = connection();
    await at.take(30);
    at.later(900);
    await at.take(1);
    at.refused(await at.pass(), START + 1_000);
    at.later(100);
    expectGaps(await at.gaps(2), [0, 1_000 / (31 * 0.95)]);
  });

  it('a thousand requests are remembered', async () => {
    await at.take(1_500);
    at.refused(await at.pass(), START + 1_000);
    at.later(1_000);
    expectGaps(await at.gaps(2), [0, 1_000 / 950]);
  });

  it('all wait until the told time, and give up at once where that is too late', async () => {
    at.refused(await at.pass(), START + 7_000);
    expect(await at.passOrGiveUp()).toBe(START + 7_000);
    expect(at.now()).toBe(START);
    expect((await at.pass()).sentAt).toBe(START + 7_000);
    expect(await at.passOrGiveUp()).toMatchObject({ sentAt: START + 7_000 });
  });

  it('the latest of the told times counts', async () => {
    const [first, second, third] = [await at.pass(), await at.pass(), await at.pass()];
    at.refused(first, START + 2_000);
    at.refused(second, START + 3_000);
    at.refused(third, START + 1_000);
    expect((await at.pass()).sentAt).toBe(START + 3_000);
  });
});

describe('a server that refuses again', () => {
  it('is asked a tenth more slowly', async () => {
    await paced();
    at.refused(await at.pass(), at.now() + 1_000);
    at.later(1_000);
    expectGaps(await at.gaps(2), [0, GAP / 0.9]);
  });

  it('is never asked more slowly than once a second', async () => {
    await at.take(1);
    for (let refusal = 0; refusal < 5; refusal += 1) {
      at.refused(await at.pass(), at.now() + 1_000);
      at.later(1_000);
    }
    expectGaps(await at.gaps(2), [0, 1_000]);
  });

  it('is not asked more slowly for what was under way when it refused before', async () => {
    await at.take(20);
    const [first, second] = [await at.pass(), await at.pass()];
    at.refused(first, START + 1_000);
    at.later(1);
    at.refused(second, START + 1_000);
    at.later(999);
    expectGaps(await at.gaps(2), [0, GAP]);
  });
});

describe('a server that says nothing', () => {
  it('is asked at even times: who comes late is made up for, by one request at most', async () => {
    await paced();
    await at.pass();
    at.later(10 * GAP);
    const [first = 0, second = 0, third = 0, fourth = 0] = await at.gaps(4);
    expect([first, second]).toEqual([0, 0]);
    expect(third).toBeCloseTo(GAP, 1);
    expect(fourth).toBeCloseTo(2 * GAP, 1);
  });
});

describe('a server that says what is left', () => {
  const quota = (remaining: number, more: Partial<Quota> = {}): Quota => ({
    limit: 100,
    remaining,
    resetAt: at.now() + 60_000,
    ...more,
  });
  /** The gap between two requests once the server has said what is left, when a period is over. */
  async function gapAfter(said: Quota): Promise<number> {
    const ticket = await at.pass();
    at.later(2_000);
    at.accepted(ticket, said);
    const [, , third = 0] = await at.gaps(3);
    return third;
  }

  it.each([
    ['nothing is left over: a little more slowly', 0, 0.94],
    ['the reserve is left over: at the same pace', 6, 1],
    ['half is left over: nearly twice as fast', 50, 1.88],
    ['most is left over: twice as fast at most', 90, 2],
    ['all is left over: twice as fast at most', 100, 2],
  ])('is asked, where %s', async (_title, remaining, factor) => {
    await paced();
    expect(await gapAfter(quota(remaining, { resetAt: START }))).toBeCloseTo(GAP / factor, 3);
  });

  it('is taken to hold as much as it ever said, where it tells no limit', async () => {
    await paced();
    const first = await at.pass();
    at.accepted(first, { limit: undefined, remaining: 99, resetAt: at.now() + 60_000 });
    expect(await gapAfter(quota(50, { limit: undefined }))).toBeCloseTo(GAP / 1.88, 3);
  });

  it('is asked by the least that was left in a period', async () => {
    await paced();
    const [first, second] = [await at.pass(), await at.pass()];
    at.accepted(first, quota(50));
    at.later(2_000);
    at.accepted(second, quota(90));
    expectGaps(await at.gaps(3), [0, 0, GAP / 1.88]);
  });

  it('is asked by what it says in the next period alone, once one is over', async () => {
    await paced();
    const [first, second] = [await at.pass(), await at.pass()];
    at.later(2_000);
    at.accepted(first, quota(50));
    at.later(2_000);
    at.accepted(second, quota(90));
    expectGaps(await at.gaps(3), [0, 0, GAP / 1.88 / 2]);
  });

  it('is asked at the same pace until a period is over', async () => {
    await paced();
    const ticket = await at.pass();
    at.later(1_999);
    at.accepted(ticket, quota(50));
    const [, , third = 0] = await at.gaps(3);
    expect(third).toBeCloseTo(GAP, 1);
  });

  it('is left alone until it has more, once what is under way uses up what is left', async () => {
    const [first] = [await at.pass(), await at.pass(), await at.pass()];
    at.accepted(first, quota(3));
    expect(await at.passOrGiveUp()).toMatchObject({ sentAt: START, sequence: 3 });
    expect(await at.passOrGiveUp()).toBe(START + 60_000);
    expect((await at.pass()).sentAt).toBe(START + 60_000);
  });

  it('is left alone for those that were sent after the one that it answered, and for no others', async () => {
    await at.take(3);
    const [answered] = [await at.pass(), await at.pass()];
    at.accepted(answered, quota(2));
    expect(await at.passOrGiveUp()).toMatchObject({ sequence: 5 });
    expect(await at.passOrGiveUp()).toBe(START + 60_000);
  });

  it.each([
    ['does not stop for those under way where it is renewed within five seconds', 4_999, 0],
    ['stops for those under way where it is renewed later', 5_000, 5_000],
  ])('%s', async (_title, opensIn, waits) => {
    await paced();
    const [first] = [await at.pass(), await at.pass()];
    at.accepted(first, quota(1, { resetAt: at.now() + opensIn }));
    const [wait = 0] = await at.gaps(1);
    if (waits === 0) expect(wait).toBeCloseTo(GAP, 1);
    else expect(wait).toBe(waits);
  });

  it('is asked on where what it said is over', async () => {
    const first = await at.pass();
    at.accepted(first, quota(0, { resetAt: START + 1_000 }));
    at.later(1_000);
    expectGaps(await at.gaps(3), [0, 0, 0]);
  });
});

describe('a server that cannot serve for now', () => {
  it('is left alone by all until the time that it told, and asked as before then', async () => {
    const [first, second] = [await at.pass(), await at.pass()];
    at.hold(first, START + 5_000);
    at.hold(second, START + 3_000);
    expect(await at.closure()).toEqual({ until: START + 5_000, isTold: true, inARow: 1 });
    expectGaps(await at.gaps(3), [5_000, 5_000, 5_000]);
  });

  it('is counted once for what was under way together, and anew once it has taken something', async () => {
    at.hold(await at.pass(), START + 1_000);
    at.hold(await at.pass(), at.now() + 1_000);
    expect(await at.closure()).toMatchObject({ inARow: 2 });
    at.later(1_000);
    await at.take(1);
    at.hold(await at.pass(), at.now() + 1_000);
    expect(await at.closure()).toMatchObject({ inARow: 1 });
  });
});

describe('a closed connection', () => {
  const told = (until: number, ticket: Ticket) => at.refused(ticket, until);
  const untold = (ms: number, ticket: Ticket) => at.refused(ticket, undefined, () => ms);

  it('is open where nothing was refused, and when the time is over', async () => {
    expect(await at.closure()).toBeUndefined();
    told(START + 1_000, await at.pass());
    at.later(999);
    expect(await at.closure()).toMatchObject({ until: START + 1_000 });
    at.later(1);
    expect(await at.closure()).toBeUndefined();
  });

  it('says whether the time is the word of the server, and not of a backoff that lasts longer', async () => {
    const [first, second, third] = [await at.pass(), await at.pass(), await at.pass()];
    untold(1_000, first);
    expect(await at.closure()).toEqual({ until: START + 1_000, isTold: false, inARow: 1 });
    told(START + 500, second);
    expect(await at.closure()).toEqual({ until: START + 1_000, isTold: false, inARow: 1 });
    told(START + 1_000, third);
    expect(await at.closure()).toEqual({ until: START + 1_000, isTold: true, inARow: 1 });
  });

  it('is closed for one backoff by all that were refused together, and for another one by the next', async () => {
    const [first, second, late] = [await at.pass(), await at.pass(), await at.pass()];
    expect(untold(1_000, first)).toBe(START + 1_000);
    expect(untold(9_000, second)).toBe(START + 1_000);
    at.later(1_000);
    expect(untold(500, late)).toBe(START + 1_500);
    at.later(500);
    expect(untold(700, await at.pass())).toBe(START + 2_200);
    expect(await at.closure()).toMatchObject({ inARow: 2 });
  });

  it('is closed until now where there is neither a time nor a backoff', async () => {
    expect(at.refused(await at.pass(), undefined)).toBe(START);
  });

  it('opens after a day, whatever was told, while the refused request hears the time itself', async () => {
    expect(told(START + 1e12, await at.pass())).toBe(START + 1e12);
    expect(await at.closure()).toMatchObject({ until: START + 86_400_000 });
  });
});

describe('a first refusal of one of many under way', () => {
  const underWay = async (taken: number, refused: number, until: number | undefined) => {
    await at.take(20);
    const tickets: Ticket[] = [];
    for (let sent = 0; sent < taken + refused; sent += 1) tickets.push(await at.pass());
    for (const ticket of tickets.splice(0, refused)) at.refused(ticket, until, () => 1_000);
    for (const ticket of tickets) at.accepted(ticket, undefined);
    at.later(1_000);
    return at.gaps(3);
  };

  it.each([
    ['is a stray where more of them were taken', 4, 3, START + 1_000, true],
    ['is meant where as many were taken', 3, 3, START + 1_000, false],
    ['is excused where no time was told', 0, 1, undefined, true],
  ])('%s', async (_title, taken, refused, until, isFree) => {
    const [, , third = 0] = await underWay(taken, refused, until);
    expect(third === 0).toBe(isFree);
  });

  it('is meant where one of those that were refused with it told a time', async () => {
    await at.take(20);
    const [first, second] = [await at.pass(), await at.pass()];
    at.refused(first, undefined, () => 1_000);
    at.refused(second, START + 1_000);
    at.later(1_000);
    expectGaps(await at.gaps(2), [0, GAP]);
  });
});

describe('what was learnt of the pace', () => {
  it.each([
    ['is kept for five minutes', 300_000, false],
    ['is forgotten after five minutes without a request', 300_001, true],
  ])('%s', async (_title, ms, isForgotten) => {
    await paced();
    await at.pass();
    at.later(ms);
    // One request is made up for, since the first comes later than it could have.
    const [, , third = 0] = await at.gaps(3);
    expect(third === 0).toBe(isForgotten);
  });

  it('holds for all that wait, in a line', async () => {
    await paced();
    const passed = await Promise.all([at.pass(), at.pass(), at.pass()]);
    expectGaps(
      passed.map(({ sentAt }) => sentAt - START - 1_000),
      [0, GAP, 2 * GAP],
    );
  });

  it('is what the server counted, be it of few requests', async () => {
    for (const remaining of [2, 1, 0]) await at.take(1, { limit: 3, remaining, resetAt: START + 1_000 });
    expectGaps(await at.gaps(2), [1_000, 1_000 + 1_000 / (3 * 0.95)]);
  });
});
