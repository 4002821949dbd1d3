import type { SourceLocation } from '../../contracts/source.js';
import { locationKey } from '../../core/inputs/location.js';
import { untilAborted } from '../../shared/abort.js';
import { settlesWithin } from '../../shared/async.js';
import { Semaphore } from '../../shared/joint/semaphore.js';
import { failureText, isWorthRetrying, pauseAfter, type FailureText } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';

/** How many locations of the source are read at the same time. */
const LOOKS_TOGETHER = 10;
/** How long a look counts as one of them, in ms: one that hangs holds up no other. */
const TURN_MS = 1_000;

/** What a look at a location found. */
export type Look =
  | { readonly digest: string }
  | {
      readonly failure: FailureText;
      /** How many looks have failed in a row, from 1. */
      readonly attempts: number;
      readonly waitMs: number;
      /** So many have failed in a row that the location counts as out of reach. */
      readonly isGivenUp: boolean;
    };

/** Looks at locations of the source, each within a time limit. A look that fails is an event and a result, not an error. */
export class SourceLooks {
  readonly #options: ResolvedServiceOptions;
  readonly #semaphore = new Semaphore(LOOKS_TOGETHER);
  readonly #failures = new Map<string, number>();

  constructor(options: ResolvedServiceOptions) {
    this.#options = options;
  }

  /** Rejects with `signal.reason` once that is aborted. */
  async look(location: SourceLocation, signal: AbortSignal): Promise<Look> {
    const key = locationKey(location);
    try {
      const digest = await this.#inTurn(() => this.#options.port.digestSource(location, { signal }), signal);
      this.#failures.delete(key);
      return { digest };
    } catch (error) {
      signal.throwIfAborted();
      return this.#failed(key, location, error);
    }
  }

  async #inTurn<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const release = await this.#semaphore.acquire({ signal });
    const working = work();
    void settlesWithin(working, TURN_MS, this.#options.clock).then(release);
    return untilAborted(working, signal);
  }

  #failed(key: string, location: SourceLocation, error: unknown): Look {
    const { autoSync, random, emit } = this.#options;
    const attempts = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, attempts);
    const failure = failureText(error);
    const waitMs = pauseAfter(attempts, random(), autoSync);
    emit({ type: 'source-failed', location, ...failure, waitMs });
    const isGivenUp = attempts > autoSync.retries || !isWorthRetrying(error);
    return { failure, attempts, waitMs, isGivenUp };
  }
}
