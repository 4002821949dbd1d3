import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../src/contracts/errors.js';
import type { RunFailure } from '../../src/service/records/stored-sync.js';
import { failureOf, watchFailure } from '../../src/service/failure.js';

const NOW = Date.UTC(2026, 0, 1);
const PARTS = { now: NOW, random: 0, pauses: { minPause: 60_000, maxPause: 3_600_000 } };

const deploymentFailed = new SecretSyncError('REDEPLOY_FAILED', 'The deployment failed.');
const deploymentTimedOut = new SecretSyncError('REDEPLOY_FAILED', 'It did not end.', { retryable: true });
const unreachable = new SecretSyncError('DESTINATION_UNAVAILABLE', 'Nothing came back.', { retryable: true });
const blocked = new SecretSyncError('PLAN_BLOCKED', 'A key is in the way.');

const after = (failures: number, digest = 'd1'): RunFailure | null =>
  failures === 0 ? null : { digest, attempts: failures, retryAt: null };

/** What becomes of the failure that comes after so many others on the same digest: the pause in ms, or no retry. */
function pauseOf(error: unknown, failuresBefore: number): number | null {
  const { retryAt } = failureOf(error, { before: after(failuresBefore), digest: 'd1' }, PARTS);
  return retryAt === null ? null : Date.parse(retryAt) - NOW;
}

describe('when a failure is tried again', () => {
  it.each<[string, unknown, readonly (number | null)[]]>([
    ['a deployment that itself failed', deploymentFailed, [60_000, 120_000, null, null]],
    ['a deployment that did not end in time', deploymentTimedOut, [60_000, 120_000, 240_000, 480_000]],
    ['a destination that is out of reach', unreachable, [60_000, 120_000, 240_000, 480_000]],
    ['what only people can resolve', blocked, [null, null, null, null]],
  ])('is decided by its kind and by the failures in a row: %s', (_what, error, pauses) => {
    expect(pauses.map((_pause, before) => pauseOf(error, before))).toEqual(pauses);
  });

  it('begins from the start where the source holds something else', () => {
    const failure = failureOf(deploymentFailed, { before: after(3), digest: 'd2' }, PARTS);
    expect(failure).toEqual({ digest: 'd2', attempts: 1, retryAt: new Date(NOW + 60_000).toISOString() });
  });

  it('counts a failed deployment together with other failures before it', () => {
    const first = failureOf(unreachable, { before: null, digest: 'd1' }, PARTS);
    const second = failureOf(unreachable, { before: first, digest: 'd1' }, PARTS);
    const third = failureOf(deploymentFailed, { before: second, digest: 'd1' }, PARTS);
    expect(third).toEqual({ digest: 'd1', attempts: 3, retryAt: null });
  });
});

describe('a watch that ends', () => {
  it.each([
    [0, 0, 1],
    [3, 0, 4],
    [3, 39_999, 4],
    [3, 40_000, 1],
    [0, 40_000, 1],
  ])('after %d that ended soon, and %d ms, counts as failure %d', (before, held, expected) => {
    expect(watchFailure(before, held, { minPause: 10_000 })).toBe(expected);
  });
});
