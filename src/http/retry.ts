import pRetry from 'p-retry';
import type { Clock } from '../contracts/clock.js';
import { isSecretSyncError } from '../contracts/errors.js';
import { backoff, isTooLate, type RetryOptions } from './backoff.js';
import { type ErrorCode } from '../contracts/error-codes.js';

/** What decides whether a failed attempt is followed by another. */
export interface RetryRules {
  readonly options: RetryOptions;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly deadline: number | undefined;
  /** Whether the request may be sent again when it may have been carried out. */
  readonly repeatable: boolean;
  /** Shared by all requests of a run. */
  readonly budget: { left: number };
  /** Returns until when the failed attempt made all requests of the connection wait, where the server named no time. */
  readonly backoffUntil?: () => number | undefined;
  readonly onRetry: (attempt: number, code: ErrorCode, waitMs: number) => void;
}

/**
 * Attempts something until it succeeds or its error is final: the one retry loop. `attempt` gets its number, from 1, and
 * whether one before it may have been carried out. An error is final when `attempt` throws it in an `AbortError`, when it
 * is not retryable, when the request may have been carried out and must not be carried out twice, and
 *
 * | the failure                            | the wait                     | final when                                        |
 * |----------------------------------------|------------------------------|---------------------------------------------------|
 * | 429 that says until when               | until then                   | longer than `maxWait`, at the deadline, `retries` |
 * | 429 that does not                      | one backoff, the connection's | at the deadline, `retries`, the run's `budget`   |
 * | 503 and the like that say until when   | until then                   | all of them                                       |
 * | anything else                          | a backoff of its own         | at the deadline, `retries`, the run's `budget`    |
 *
 * An abort rejects with the signal's reason.
 */
export async function withRetries<Result>(
  rules: RetryRules,
  attempt: (number: number, doubt: boolean) => Promise<Result>,
): Promise<Result> {
  const { options, clock, random, signal, deadline, repeatable, budget, onRetry } = rules;
  let doubt = false;
  try {
    return await pRetry((number) => attempt(number, doubt), {
      retries: options.retries,
      // The waiting is done below, on our clock; and p-retry, given the signal, would drop a success for it.
      minTimeout: 0,
      maxTimeout: 0,
      async onFailedAttempt({ error, attemptNumber, retriesLeft }) {
        signal.throwIfAborted();
        if (!isSecretSyncError(error) || !error.retryable || retriesLeft === 0) throw error;
        doubt = error.maybeWritten === true;
        if (doubt && !repeatable) throw error;
        const now = clock.now();
        const told = error.retryAt === undefined ? undefined : Date.parse(error.retryAt);
        // Drawn once: where all requests wait for a backoff already, this one waits for the same.
        const until = told ?? rules.backoffUntil?.() ?? now + backoff(attemptNumber, random(), options);
        if (isTooLate(until, now, told === undefined ? Infinity : options.maxWait, deadline)) throw error;
        const isAsked = error.code === 'RATE_LIMITED' && told !== undefined;
        if (!isAsked && budget.left-- <= 0) throw error;
        onRetry(attemptNumber, error.code, until - now);
        await clock.sleep(until - now, signal);
      },
    });
  } catch (error) {
    // What is thrown as a reason need not be an Error, which p-retry would wrap.
    signal.throwIfAborted();
    throw error;
  }
}
