import * as z from 'zod/mini';
import { isSecretSyncError } from '../../contracts/errors.js';
import type { StateStore } from '../../contracts/state-store.js';
import { connectionSegment } from './connection.js';

const pauseSchema = z.object({ length: z.number() });

/**
 * How long a connection is left alone because its server said so, for all processes of a store. What is stored is a length: how
 * much of it is left tells the age of the document, so that no two clocks are compared. In a store that tells no age, nothing
 * is shared.
 */
export class ConnectionPauses {
  readonly #store: StateStore;

  constructor(store: StateStore) {
    this.#store = store;
  }

  async #read(key: string): Promise<{ readonly left: number; readonly version: string | null }> {
    const found = await this.#store.get(key);
    const { length = 0 } = pauseSchema.safeParse(found?.document).data ?? {};
    const left = found?.age === undefined ? 0 : Math.max(0, length - found.age);
    return { left, version: found?.version ?? null };
  }

  /** What is left of the pause of a connection, in ms; 0: none. */
  async left(connection: string): Promise<number> {
    return (await this.#read(keyOf(connection))).left;
  }

  /** Leaves a connection alone for `length` ms, unless it is for longer already. */
  async begin(connection: string, length: number): Promise<void> {
    const key = keyOf(connection);
    const { left, version } = await this.#read(key);
    if (left >= length) return;
    try {
      await this.#store.put(key, { length: Math.ceil(length) }, { ifVersion: version, flush: false });
    } catch (error) {
      // Another process was told the same, a moment before.
      if (!isSecretSyncError(error, 'STATE_CONFLICT')) throw error;
    }
  }
}

const keyOf = (connection: string): string => `pauses/${connectionSegment(connection)}`;
