import { onAbort } from '../abort.js';
import { showLife, type LifeSign } from './life-sign.js';

/** How a place is waited for. */
export interface Wish {
  /** The higher one comes first, and of equals the one that came first. Default: 0. */
  readonly priority?: number | undefined;
  /** Ends the waiting; what has a place keeps it. */
  readonly signal?: AbortSignal | undefined;
}

/** Who holds a place or waits for one. */
interface Guest {
  readonly priority: number;
  readonly life: LifeSign;
  hasPlace: boolean;
  /** Tells who waits that it has a place. */
  enter: () => void;
}

/**
 * Places that are held while something is done, a few at a time.
 *
 * Who holds one and who waits can belong to different requests of a Cloudflare worker, in which nothing awaited by one
 * goes on in another, nor at all once its request has ended. So nothing is awaited here on behalf of another: who leaves
 * gives the place to who is next, at once. One whose holder, or next holder, is gone is taken back.
 */
export class Places {
  readonly #count: number;
  readonly #held = new Set<Guest>();
  /** In their order. */
  readonly #waiting: Guest[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** Whether none is held, and none waited for. */
  get isUnused(): boolean {
    return this.#held.size + this.#waiting.length === 0;
  }

  /** Resolves to what leaves the place, once there is one; rejects with the reason of the signal before that. */
  async take({ priority = 0, signal }: Wish): Promise<() => void> {
    signal?.throwIfAborted();
    const life = showLife(() => this.#stay(guest));
    const guest: Guest = { priority, life, hasPlace: false, enter: () => undefined };
    const leave = () => {
      life.stop();
      if (this.#held.delete(guest)) this.#admit();
    };
    this.#enlist(guest);
    this.#admit();
    if (guest.hasPlace) return leave;
    try {
      await this.#turnOf(guest, signal);
      return leave;
    } catch (error) {
      life.stop();
      throw error;
    }
  }

  async #turnOf(guest: Guest, signal: AbortSignal | undefined): Promise<void> {
    let release = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        guest.enter = resolve;
        release = onAbort(signal, (reason) => {
          // With a place, what comes next finds out.
          if (guest.hasPlace) return;
          if (this.#waiting.includes(guest)) this.#waiting.splice(this.#waiting.indexOf(guest), 1);
          // The platform rejects with the reason itself, whatever it is.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(reason);
        });
      });
    } finally {
      release();
    }
  }

  /** Takes in again who was taken to be gone, and was only kept from showing that it is not. */
  #stay(guest: Guest): void {
    if (guest.hasPlace) this.#held.add(guest);
    else if (!this.#waiting.includes(guest)) this.#enlist(guest);
    this.#admit();
  }

  #enlist(guest: Guest): void {
    const last = this.#waiting.findLastIndex(({ priority }) => priority >= guest.priority);
    this.#waiting.splice(last + 1, 0, guest);
  }

  /** Takes back places whose holders are gone, and gives what is free to those who wait. */
  #admit(): void {
    if (this.#held.size >= this.#count)
      for (const guest of this.#held) if (guest.life.isGone()) this.#held.delete(guest);
    while (this.#held.size < this.#count) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (next.life.isGone()) continue;
      this.#held.add(next);
      next.hasPlace = true;
      next.enter();
    }
  }
}
