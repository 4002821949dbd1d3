import { describe, expect, it } from 'vitest';
import type { Ticket } from '../../../src/http/pacing/throttle.js';
import { createPassingThrottle } from '../../support/passing-throttle.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

describe('createThrottle', () => {
  const never = () => false;
  const { signal } = new AbortController();
  const ticketOf = (passed: Ticket | number): Ticket => {
    if (typeof passed === 'number') throw new Error('refused');
    return passed;
  };

  it('holds nothing back before a first refusal', async () => {
    const clock = createVirtualClock();
    const throttle = createPassingThrottle(clock);
    for (let count = 0; count < 500; count += 1) {
      throttle.accepted(ticketOf(await throttle.pass(signal, never)), undefined);
    }
    expect(clock.slept).toEqual([]);
  });

  it('lets all requests wait until the time that one was told', async () => {
    const clock = createVirtualClock({ auto: true });
    const throttle = createPassingThrottle(clock);
    const until = clock.now() + 7_000;
    throttle.refused(ticketOf(await throttle.pass(signal, never)), until);
    const passed = await Promise.all([1, 2, 3].map(() => throttle.pass(signal, never)));
    expect(passed.map((ticket) => ticketOf(ticket).sentAt)).toEqual([until, until, until]);
  });

  it('answers at once until when the server takes nothing, where that is too late', async () => {
    const clock = createVirtualClock();
    const throttle = createPassingThrottle(clock);
    const until = clock.now() + 7_000;
    throttle.refused(ticketOf(await throttle.pass(signal, never)), until);
    expect(await throttle.pass(signal, () => true)).toBe(until);
    expect(clock.slept).toEqual([]);
  });

  it('stops by itself when the requests under way use up what the server said is left', async () => {
    const clock = createVirtualClock();
    const throttle = createPassingThrottle(clock);
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
      const throttle = createPassingThrottle(clock);
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
    const throttle = createPassingThrottle(clock);
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
    const throttle = createPassingThrottle({
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
