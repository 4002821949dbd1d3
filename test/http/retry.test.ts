import { describe, expect, it } from 'vitest';
import { SecretSyncError, type ErrorDetails } from '../../src/contracts/errors.js';
import { withRetries, type RetryRules } from '../../src/http/retry.js';
import { createVirtualClock } from '../support/virtual-clock.js';
import { type ErrorCode } from '../../src/contracts/error-codes.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');

type Ending = { readonly throws: unknown } | { readonly answers: string };

const fails = (code: ErrorCode, details: ErrorDetails = {}): Ending => ({
  throws: new SecretSyncError(code, code, { retryable: true, ...details }),
});
const unavailable = fails('DESTINATION_UNAVAILABLE');
const done: Ending = { answers: 'done' };

/** Runs attempts that end as told, the last ending being that of all later ones, and tells what happened. */
async function run(endings: readonly [Ending, ...Ending[]], rules: Partial<RetryRules> = {}) {
  const clock = createVirtualClock({ start: START, auto: true });
  const attempts: string[] = [];
  const retries: string[] = [];
  const budget = { left: 10 };
  const outcome = await withRetries<string>(
    {
      options: { retries: 3, minTimeout: 1_000, maxTimeout: 3_000, maxWait: 60_000, budget: 10 },
      clock,
      random: () => 0.5,
      signal: new AbortController().signal,
      deadline: undefined,
      repeatable: true,
      budget,
      onRetry: (attempt, code, waitMs) => retries.push(`${attempt} ${code} ${waitMs}`),
      ...rules,
    },
    async (number, doubt) => {
      attempts.push(`${number}${doubt ? ' in doubt' : ''}`);
      const ending = endings[Math.min(number, endings.length) - 1] ?? endings[0];
      if ('throws' in ending) throw ending.throws;
      return ending.answers;
    },
  ).then(
    (answers) => ({ answers }),
    (throws: unknown) => ({ throws }),
  );
  const left = (rules.budget ?? budget).left;
  return { outcome, attempts, retries, slept: clock.slept, sleepers: clock.sleepers, left };
}

describe('the retry loop', () => {
  it('hands the first success on, without a wait', async () => {
    const result = await run([done]);
    expect(result).toEqual({ outcome: done, attempts: ['1'], retries: [], slept: [], sleepers: 0, left: 10 });
  });

  it('waits with backoff between attempts, tells of each wait, and takes it from the budget', async () => {
    const result = await run([unavailable, unavailable, done]);
    expect(result.outcome).toEqual(done);
    expect(result.attempts).toEqual(['1', '2', '3']);
    expect(result.slept).toEqual([500, 1_000]);
    expect(result.retries).toEqual(['1 DESTINATION_UNAVAILABLE 500', '2 DESTINATION_UNAVAILABLE 1000']);
    expect(result.left).toBe(8);
  });

  it('ends with the last error when the retries are spent, without a wait after it', async () => {
    const result = await run([unavailable]);
    expect(result.outcome).toEqual(unavailable);
    expect(result.attempts).toHaveLength(4);
    expect(result.slept).toEqual([500, 1_000, 1_500]);
    expect(result.retries).toHaveLength(3);
  });

  it.each<[string, Ending]>([
    ['an error that is not retryable', fails('DESTINATION_REJECTED', { retryable: false })],
    ['an error of another kind', { throws: new Error('a bug') }],
    ['what is no error at all but says that it is retryable', { throws: new TypeError('fetch failed') }],
  ])('does not repeat %s', async (_, ending) => {
    const result = await run([ending, done]);
    expect(result.outcome).toEqual(ending);
    expect(result.attempts).toEqual(['1']);
    expect(result.slept).toEqual([]);
    expect(result.retries).toEqual([]);
  });

  it('repeats what may have been carried out only where it may be, and says so to the next attempt', async () => {
    const lost = fails('DESTINATION_UNAVAILABLE', { maybeWritten: true });
    const repeated = await run([lost, unavailable, done]);
    expect(repeated.attempts).toEqual(['1', '2 in doubt', '3']);
    expect(repeated.outcome).toEqual(done);
    const once = await run([lost, done], { repeatable: false });
    expect(once.attempts).toEqual(['1']);
    expect(once.outcome).toEqual(lost);
    const surelyNot = await run([unavailable, done], { repeatable: false });
    expect(surelyNot.attempts).toEqual(['1', '2']);
  });

  it('waits as told, however long the backoff would be', async () => {
    const told = fails('DESTINATION_UNAVAILABLE', { retryAt: '2026-01-01T00:00:07.000Z' });
    const result = await run([told, done]);
    expect(result.slept).toEqual([7_000]);
    expect(result.retries).toEqual(['1 DESTINATION_UNAVAILABLE 7000']);
  });

  it('fails at once when it is told to wait for longer than the longest wait', async () => {
    const told = fails('RATE_LIMITED', { retryAt: '2026-01-01T00:01:01.000Z' });
    const result = await run([told, done]);
    expect(result.outcome).toEqual(told);
    expect(result.slept).toEqual([]);
    expect(result.left).toBe(10);
  });

  it('backs off for longer than the longest told wait, which is not about backoff', async () => {
    const options = { retries: 1, minTimeout: 1_000, maxTimeout: 3_000, maxWait: 1, budget: 10 };
    expect((await run([unavailable, done], { options })).slept).toEqual([500]);
  });

  it('begins no wait that would reach the deadline', async () => {
    const late = await run([unavailable, done], { deadline: START + 500 });
    expect(late.outcome).toEqual(unavailable);
    expect(late.slept).toEqual([]);
    const inTime = await run([unavailable, done], { deadline: START + 501 });
    expect(inTime.outcome).toEqual(done);
  });

  it('takes no more from the budget of the run than there is', async () => {
    const budget = { left: 1 };
    const first = await run([unavailable, done], { budget });
    expect(first.outcome).toEqual(done);
    const second = await run([unavailable, done], { budget });
    expect(second.outcome).toEqual(unavailable);
    expect(second.slept).toEqual([]);
    expect(second.retries).toEqual([]);
  });

  it('takes nothing from the budget for a wait that the server asked for', async () => {
    const budget = { left: 0 };
    const told = fails('RATE_LIMITED', { retryAt: '2026-01-01T00:00:07.000Z' });
    const limited = await run([told, done], { budget });
    expect(limited.outcome).toEqual(done);
    expect(limited.left).toBe(0);
  });

  it('takes a wait that the server did not ask for from the budget, also after too many requests', async () => {
    const untold = fails('RATE_LIMITED');
    expect(await run([untold, done], { budget: { left: 1 } })).toMatchObject({ outcome: done, left: 0 });
    expect((await run([untold, done], { budget: { left: 0 } })).outcome).toEqual(untold);
  });

  it('waits for the backoff that the whole connection waits for, where there is one', async () => {
    const untold = fails('RATE_LIMITED');
    const result = await run([untold, untold, done], { backoffUntil: () => START + 1_234 });
    expect(result.slept).toEqual([1_234, 0]);
    const late = await run([untold, done], { backoffUntil: () => START + 9, deadline: START + 9 });
    expect(late.outcome).toEqual(untold);
  });

  it('ends a wait on an abort, with its reason and without a timer', async () => {
    const controller = new AbortController();
    const result = await run([unavailable, done], {
      signal: controller.signal,
      onRetry: () => queueMicrotask(() => controller.abort('enough')),
    });
    expect(result.outcome).toEqual({ throws: 'enough' });
    expect(result.attempts).toEqual(['1']);
    expect(result.sleepers).toBe(0);
  });

  it('rejects with the reason of an abort that came before the attempt failed', async () => {
    const controller = new AbortController();
    controller.abort('too late');
    const result = await run([unavailable, done], { signal: controller.signal });
    expect(result.outcome).toEqual({ throws: 'too late' });
    expect(result.retries).toEqual([]);
    const fatal = await run([fails('UNAUTHORIZED', { retryable: false })], { signal: controller.signal });
    expect(fatal.outcome).toEqual({ throws: 'too late' });
  });

  it('hands a success on although the run was aborted meanwhile', async () => {
    const controller = new AbortController();
    controller.abort('too late');
    expect((await run([done], { signal: controller.signal })).outcome).toEqual(done);
  });
});
