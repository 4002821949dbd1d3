import { vi } from 'vitest';

/** Longer than what is under way can take on the busiest machine: only a test that fails waits so long. In ms. */
const LIMIT = 30_000;

/**
 * Resolves with what `check` returns as soon as it throws no longer; rejects with its last error. For what comes from
 * a socket, a file system or another process, of which no promise tells.
 */
export const eventually = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, { timeout: LIMIT, interval: 5 });
