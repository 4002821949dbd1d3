import { describe, expect, it } from 'vitest';
import { createPace, type Stop } from '../../../src/http/pacing/pace.js';

describe('the pace', () => {
  const alone: Stop = { isTold: true, isCounted: false, taken: 0, refused: 1 };
  /** Requests a second. */
  const shown = (pace: { readonly perMs: number }) => pace.perMs * 1_000;
  function paceAfter(accepted: number, stop: Stop = alone, until = 1_000) {
    const pace = createPace();
    for (let count = 0; count < accepted; count += 1) pace.accepted(0, true);
    pace.stopped(stop, until);
    return pace;
  }

  it.each<[title: string, accepted: number, stop: Stop, perSecond: number, until?: number]>([
    ['none after too little to tell', 19, alone, 0],
    ['what was seen after enough', 20, alone, 19],
    ['what was seen until the told time', 20, alone, 3.8, 5_000],
    ['none when no time was told', 100, { ...alone, isTold: false }, 0],
    ['none when most of what was under way was taken', 100, { ...alone, taken: 2 }, 0],
    ['what was seen when as many were refused as taken', 100, { ...alone, taken: 1 }, 95],
    ['what was seen, however little, when the server counts', 2, { ...alone, isCounted: true }, 1.9],
    ['never below one a second', 1, { ...alone, isCounted: true }, 1],
  ])('of a first stop is %s', (_title, accepted, stop, perSecond, until) => {
    expect(shown(paceAfter(accepted, stop, until))).toBeCloseTo(perSecond, 9);
  });

  it('of a second stop soon after the first is what was seen, however it was told and whatever was taken', () => {
    const pace = paceAfter(5);
    for (let count = 0; count < 5; count += 1) pace.accepted(1_000, true);
    pace.stopped({ isTold: false, isCounted: false, taken: 4, refused: 1 }, 2_000);
    expect(shown(pace)).toBeCloseTo(4.75, 9);
  });

  it('of a second stop before which nothing was accepted is what was seen before the first', () => {
    const pace = paceAfter(100, { ...alone, isTold: false });
    pace.stopped({ ...alone, isTold: false }, 2_000);
    expect(shown(pace)).toBeCloseTo(47.5, 9);
  });

  it('stays as it was at a second stop after enough was accepted, when most of what was under way was taken', () => {
    const pace = paceAfter(5);
    for (let count = 0; count < 20; count += 1) pace.accepted(1_000, true);
    pace.stopped({ ...alone, taken: 2 }, 2_000);
    expect(pace.perMs).toBe(0);
  });

  it('grows by two a second for each accepted request while it is a guess, and not for older ones', () => {
    const pace = paceAfter(20);
    pace.accepted(1_000, true);
    pace.accepted(1_000, false);
    expect(shown(pace)).toBeCloseTo(21, 9);
  });

  it('is known when it was seen twice: it grows slowly then, and each stop takes a tenth', () => {
    const pace = paceAfter(20);
    for (let count = 0; count < 22; count += 1) pace.accepted(1_000, true);
    pace.stopped(alone, 2_000);
    expect(shown(pace)).toBeCloseTo(22 * 0.95, 9);
    for (let count = 0; count < 600; count += 1) pace.accepted(2_000, true);
    expect(shown(pace)).toBeCloseTo(22 * 0.95 + 1, 9);
    pace.stopped({ ...alone, taken: 5 }, 3_000);
    expect(shown(pace)).toBeCloseTo((22 * 0.95 + 1) * 0.9, 9);
  });

  it('is still a guess when it was another one the second time: it grows a quarter as fast', () => {
    const pace = paceAfter(100);
    for (let count = 0; count < 30; count += 1) pace.accepted(1_000, true);
    pace.stopped(alone, 2_000);
    expect(shown(pace)).toBeCloseTo(28.5, 9);
    pace.accepted(2_000, true);
    expect(shown(pace)).toBeCloseTo(29, 9);
  });

  it('falls by a tenth at a stop before which nothing was accepted', () => {
    const pace = paceAfter(100);
    pace.stopped(alone, 2_000);
    expect(shown(pace)).toBeCloseTo(95 * 0.9, 9);
  });

  it('is none again when it is forgotten', () => {
    const pace = paceAfter(100);
    pace.forget();
    expect(pace.perMs).toBe(0);
    pace.accepted(0, true);
    pace.stopped(alone, 1_000);
    expect(pace.perMs).toBe(0);
  });
});
