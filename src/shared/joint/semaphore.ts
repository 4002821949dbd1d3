import { onAbort } from '../abort.js';
import { showLife, type LifeSign } from './life-sign.js';

/** How a permit is waited for. */
export interface PermitRequest {
  /** The higher one comes first, and of equals the one that came first. Default: 0. */
  readonly priority?: number | undefined;
  /** Ends the waiting; who has a permit keeps it. */
  readonly signal?: AbortSignal | undefined;
}

/** Who holds a permit or waits for one. */
interface Party {
  readonly priority: number;
  readonly life: LifeSign;
  hasPermit: boolean;
  /** Tells who waits that it has a permit. */
  granted: () => void;
}

/**
 * Permits that are held while something is done, a few at a time.
 *
 * Who holds one and who waits can belong to different requests of a Cloudflare worker, in which nothing awaited by one
 * goes on in another, nor at all once its request has ended. So nothing is awaited here on behalf of another: who releases
 * a permit gives it to who is next, immediately. One whose holder, or next holder, is gone is taken back.
 */
export class Semaphore {
  readonly #count: number;
  readonly #held = new Set<Party>();
  /** In their order. */
  readonly #waiting: Party[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** Whether none is held, and none waited for. */
  get isUnused(): boolean {
    return this.#held.size + this.#waiting.length === 0;
  }

  /** Resolves to what releases the permit, once there is one; rejects with the reason of the signal before that. */
  async acquire({ priority = 0, signal }: PermitRequest): Promise<() => void> {
    signal?.throwIfAborted();
    const life = showLife(() => this.#stay(party));
    const party: Party = { priority, life, hasPermit: false, granted: () => undefined };
    const release = () => {
      life.stop();
      if (this.#held.delete(party)) this.#admit();
    };
    this.#enlist(party);
    this.#admit();
    if (party.hasPermit) return release;
    try {
      await this.#turnOf(party, signal);
      return release;
    } catch (error) {
      life.stop();
      throw error;
    }
  }

  async #turnOf(party: Party, signal: AbortSignal | undefined): Promise<void> {
    let stopListening = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        party.granted = resolve;
        stopListening = onAbort(signal, (reason) => {
          // With a permit, what comes next finds out.
          if (party.hasPermit) return;
          if (this.#waiting.includes(party)) this.#waiting.splice(this.#waiting.indexOf(party), 1);
          // The platform rejects with the reason itself, whatever it is.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(reason);
        });
      });
    } finally {
      stopListening();
    }
  }

  /** Takes in again who was taken to be gone, and was only kept from showing that it is not. */
  #stay(party: Party): void {
    if (party.hasPermit) this.#held.add(party);
    else if (!this.#waiting.includes(party)) this.#enlist(party);
    this.#admit();
  }

  #enlist(party: Party): void {
    const last = this.#waiting.findLastIndex(({ priority }) => priority >= party.priority);
    this.#waiting.splice(last + 1, 0, party);
  }

  /** Takes back permits whose holders are gone, and gives what is free to those who wait. */
  #admit(): void {
    if (this.#held.size >= this.#count)
      for (const party of this.#held) if (party.life.isGone()) this.#held.delete(party);
    while (this.#held.size < this.#count) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.life.isGone()) continue;
      this.#held.add(next);
      next.hasPermit = true;
      next.granted();
    }
  }
}
