import type { SyncEvent } from '../../contracts/events.js';
import { followSignals } from '../../shared/abort.js';
import { isFromSource } from '../../shared/problems.js';
import { LONGEST_TOLD_MS, toldTime } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RunEnd } from '../runs/run-end.js';
import { ConnectionPauses } from './connection-pauses.js';
import { ConnectionSlots } from './connection-slots.js';

/** A shorter wait is over before the others hear of it, in ms. */
const LEAST_SHARED_MS = 1_000;

/** Whose turn is asked for. */
export interface TurnRequest {
  readonly connection: string;
  readonly runsPerConnection: number;
  readonly signal: AbortSignal;
}

/** What is done in a turn: `onEvent` must get the events of the run. */
export type TurnWork = (call: {
  readonly signal: AbortSignal;
  readonly onEvent: (event: SyncEvent) => void;
}) => Promise<RunEnd>;

/** Lets the processes that share a store share the limits of their connections. */
export class FleetTurns {
  readonly #options: ResolvedServiceOptions;
  readonly #slots: ConnectionSlots;
  readonly #pauses: ConnectionPauses;

  constructor(options: ResolvedServiceOptions) {
    this.#options = options;
    const { leases } = options.port.seal(options.store, () => undefined);
    this.#slots = new ConnectionSlots(leases, options);
    this.#pauses = new ConnectionPauses(leases);
  }

  /**
   * Does work in a turn of its connection, and tells the other processes for how long the server wants to be left alone. Does
   * nothing, and is `busy`, where no slot is free or another process was told to wait.
   */
  async inTurn({ connection, runsPerConnection, signal }: TurnRequest, work: TurnWork): Promise<RunEnd> {
    const { clock } = this.#options;
    const left = await this.#pauses.left(connection);
    if (left > 0) return { status: 'busy', error: undefined, retryAt: clock.now() + left };
    const lost = new AbortController();
    const onLost = () => lost.abort();
    const slot = await this.#slots.take({ connection, limit: runsPerConnection, signal, onLost });
    if (slot === undefined) return { status: 'busy', error: undefined };
    const { signal: ended, release } = followSignals(signal, lost.signal);
    const sharing = this.#sharing(connection);
    try {
      const end = await work({ signal: ended, onEvent: (event) => sharing.hear(event) });
      if (end.status === 'failed' && !isFromSource(end.error))
        sharing.pause(toldTime(end.error) - clock.now());
      return end;
    } finally {
      release();
      // The slot is given back when the others can know why they must wait.
      await sharing.done();
      await slot.release();
    }
  }

  /** Shares what one run hears of a rate limit. A pause that can't be shared costs the others a request each. */
  #sharing(connection: string) {
    let sharing: Promise<void> = Promise.resolve();
    const pause = (ms: number) => {
      if (!(ms >= LEAST_SHARED_MS)) return;
      const length = Math.min(ms, LONGEST_TOLD_MS);
      sharing = sharing.then(() => this.#pauses.begin(connection, length)).catch(() => undefined);
    };
    return {
      pause,
      hear(event: SyncEvent) {
        if (event.type === 'retry' && event.code === 'RATE_LIMITED') pause(event.waitMs);
        else if (event.type === 'request' && event.pauseMs !== undefined) pause(event.pauseMs);
      },
      done: () => sharing,
    };
  }
}
