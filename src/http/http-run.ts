import type { ErrorCode } from '../contracts/error-codes.js';

/** A run's part in a connection. */
export interface HttpRun {
  /** Ends all requests of the run, which then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * In ms since the epoch, on the client's clock. A wait that would reach it is not begun: the request fails
   * immediately. What ends work when it passes is the signal.
   */
  readonly deadline?: number | undefined;
  /** Called right before each attempt is sent. When it throws, nothing is sent. */
  onSend?(): void;
  /** Called after each attempt that was sent. `attempt` counts from 1; no `status`: no response came. */
  onRequest?(event: {
    readonly method: string;
    readonly name: string;
    /** The host that was asked. */
    readonly host: string;
    readonly attempt: number;
    readonly status?: number;
    readonly durationMs: number;
    /** For so many ms the server takes nothing more: it said that nothing is left of its quota. */
    readonly pauseMs?: number;
  }): void;
  /** Called before the wait for another attempt; `attempt` is the one that failed. */
  onRetry?(event: {
    readonly name: string;
    readonly attempt: number;
    readonly code: ErrorCode;
    readonly waitMs: number;
  }): void;
}
