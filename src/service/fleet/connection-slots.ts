import type { Clock } from '../../contracts/clock.js';
import type { StateStore } from '../../contracts/state-store.js';
import { takeLease, type HeldLease } from '../../stores/lease.js';
import { connectionSegment } from './connection.js';

/** Whose slot is asked for, and for how long. */
export interface SlotRequest {
  readonly connection: string;
  /** How many runs may go through the connection at the same time, over all processes of the store. */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** Called when the slot may be another's by now: this process stood still for longer than a lease lasts. */
  readonly onLost: () => void;
}

/**
 * The slots of connections: numbered leases in the store, one for each run that may go through a connection at the same time.
 * Those of a process that ended come free as any lease does.
 */
export class ConnectionSlots {
  readonly #store: StateStore;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** The numbers that this process has, or tries for: it need not ask the store for those. */
  readonly #own = new Map<string, Set<number>>();

  constructor(
    store: StateStore,
    { clock, random }: { readonly clock: Clock; readonly random: () => number },
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  /** Takes a slot; `undefined` where none is free. Throws what the store throws, and `signal.reason`. */
  async take(request: SlotRequest): Promise<HeldLease | undefined> {
    const { connection, limit } = request;
    const own = this.#own.get(connection) ?? new Set<number>();
    this.#own.set(connection, own);
    const first = Math.floor(this.#random() * limit);
    for (let tried = 0; tried < limit; tried += 1) {
      const number = (first + tried) % limit;
      if (own.has(number)) continue;
      own.add(number);
      const letGo = () => void own.delete(number);
      const held = await this.#tryNumber(request, number).catch((error: unknown) => {
        letGo();
        throw error;
      });
      if (held !== undefined)
        return { isHeld: () => held.isHeld(), release: () => held.release().finally(letGo) };
      letGo();
    }
    return undefined;
  }

  #tryNumber({ connection, signal, onLost }: SlotRequest, number: number): Promise<HeldLease | undefined> {
    return takeLease({
      store: this.#store,
      clock: this.#clock,
      key: `slots/${connectionSegment(connection)}/${number}`,
      holder: globalThis.crypto.randomUUID(),
      wait: 0,
      signal,
      random: this.#random,
      onLost,
    });
  }
}
