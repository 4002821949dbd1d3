import { describe, expect, it } from 'vitest';
import type { Ticket } from '../../../src/http/pacing/throttle.js';
import { createPassingThrottle } from '../../support/passing-throttle.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const never = () => false;
const always = () => true;
const { signal } = new AbortController();
const ticketOf = (passed: Ticket | number): Ticket => {
  if (typeof passed === 'number') throw new Error('refused');
  return passed;
};

describe('the throttle, when the server takes nothing for now,', () => {
  it('draws one backoff for all refusals of what was under way together, where no time is told', async () => {
    const clock = createVirtualClock({ auto: true });
    const throttle = createPassingThrottle(clock);
    const tickets = [];
    for (let count = 0; count < 3; count += 1) tickets.push(ticketOf(await throttle.pass(signal, never)));
    const start = clock.now();
    const drawn = [300, 900, 100];
    const until = tickets.map((ticket) => throttle.refused(ticket, undefined, () => drawn.shift() ?? 0));
    expect(until).toEqual([start + 300, start + 300, start + 300]);
    const later = ticketOf(await throttle.pass(signal, never));
    expect(later.sentAt).toBe(start + 300);
    // The next refusal, and one of before that comes when its wait is over, are others.
    expect(throttle.refused(later, undefined, () => drawn.shift() ?? 0)).toBe(start + 300 + 900);
    await throttle.pass(signal, never);
    tickets.forEach((ticket) => throttle.refused(ticket, undefined, () => drawn.shift() ?? 0));
    expect(drawn).toEqual([]);
  });

  it('says whether the server told the time, and how often in a row it took nothing', async () => {
    const clock = createVirtualClock({ auto: true });
    const throttle = createPassingThrottle(clock);
    const closures = async () => {
      const closure = await throttle.open(signal, always);
      return [closure?.isTold, closure?.inARow];
    };
    const tickets = [];
    for (let count = 0; count < 3; count += 1) tickets.push(ticketOf(await throttle.pass(signal, never)));
    const [first, second, third] = tickets;
    if (!first || !second || !third) throw new Error('There are three.');
    throttle.refused(first, undefined, () => 500);
    expect(await closures()).toEqual([false, 1]);
    throttle.refused(second, clock.now() + 1_000);
    expect(await closures()).toEqual([true, 1]);
    throttle.refused(third, undefined, () => 500);
    expect(await closures()).toEqual([true, 1]);
    const fourth = ticketOf(await throttle.pass(signal, never));
    const fifth = ticketOf(await throttle.pass(signal, never));
    throttle.hold(fourth, clock.now() + 500);
    throttle.hold(fifth, clock.now() + 700);
    expect(await closures()).toEqual([true, 2]);
    throttle.accepted(fifth, undefined);
    expect(await closures()).toEqual([true, 0]);
    expect(await throttle.open(signal, never)).toBeUndefined();
  });

  it('lets all wait for a server that cannot serve for now, and holds none back afterwards', async () => {
    const clock = createVirtualClock({ auto: true });
    const throttle = createPassingThrottle(clock);
    for (let count = 0; count < 100; count += 1) {
      throttle.accepted(ticketOf(await throttle.pass(signal, never)), undefined);
    }
    const until = clock.now() + 3_000;
    throttle.hold(ticketOf(await throttle.pass(signal, never)), until);
    for (let count = 0; count < 10; count += 1) {
      expect(ticketOf(await throttle.pass(signal, never)).sentAt).toBe(until);
    }
  });

  it.each([
    [300_000, 1],
    [300_001, 0],
  ])('knows the pace of before after %i ms in which nothing was sent, or not: %i', async (idle, isKnown) => {
    const clock = createVirtualClock({ auto: true });
    const throttle = createPassingThrottle(clock);
    const tickets = [];
    for (let count = 0; count < 21; count += 1) tickets.push(ticketOf(await throttle.pass(signal, never)));
    tickets.slice(1).forEach((ticket) => throttle.accepted(ticket, undefined));
    tickets.slice(0, 1).forEach((ticket) => throttle.refused(ticket, clock.now() + 1_000));
    tickets.slice(0, 1).forEach((ticket) => throttle.refused(ticket, clock.now() + 1_000));
    await throttle.pass(signal, never);
    await clock.sleep(idle);
    const again = clock.now();
    for (let count = 0; count < 3; count += 1) await throttle.pass(signal, never);
    expect(clock.now() > again).toBe(isKnown === 1);
  });
});
