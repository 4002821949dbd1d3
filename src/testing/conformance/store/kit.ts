import assert from 'node:assert/strict';
import { isSecretSyncError } from '../../../contracts/errors.js';
import type { JsonValue } from '../../../contracts/json.js';
import type { StateStore } from '../../../contracts/state-store.js';
import type { ConformanceRunner } from '../runner.js';

/** The store under test. */
export interface StoreConformanceOptions {
  /** For the title of the suite. */
  readonly name: string;
  /** Makes an empty store; called for each test. */
  create(): StateStore | Promise<StateStore>;
  /** Makes a second store over the same documents. Absent: that the store is shared is not tested. */
  reopen?(store: StateStore): StateStore | Promise<StateStore>;
  /** `false` for a store without `entries`, which is then not tested. Default: true. */
  readonly hasEntries?: boolean | undefined;
  /** Cuts the store off from its documents, until it is disposed of. Absent: what it then does is not tested. */
  breakOff?(store: StateStore): void | Promise<void>;
  /**
   * Loses the response to the next command, so that the client sends it again, once `between` has resolved. Absent, as
   * where no client does: that a command which is sent twice is done once is not tested.
   */
  loseResponse?(store: StateStore, between: () => Promise<void>): void | Promise<void>;
  /** Cleans up after a test. */
  dispose?(store: StateStore): void | Promise<void>;
}

export const KEY = 'places/ab12';

/** True for the refusal of a compare-and-swap. */
export const isConflict = (error: unknown): boolean => isSecretSyncError(error, 'STATE_CONFLICT');

export const documentOf = async (store: StateStore, key = KEY): Promise<JsonValue | undefined> =>
  (await store.get(key))?.document;

/** What a store holds, without the age, which is its own. */
export async function assertStored(store: StateStore, document: JsonValue, version: string): Promise<void> {
  const found = await store.get(KEY);
  assert.deepEqual(found && { document: found.document, version: found.version }, { document, version });
}

/** Adds a test that gets a store of its own. */
export type StoreTest = (title: string, body: (store: StateStore) => Promise<void>) => void;

/** What the parts of the suite are made with. */
export interface StoreKit {
  readonly options: StoreConformanceOptions;
  readonly test: StoreTest;
  /** Names a test that the fixture lacks something for, where the runner can skip tests. */
  readonly notTested: (title: string, missing: string) => void;
}

export function createStoreKit(options: StoreConformanceOptions, { it }: ConformanceRunner): StoreKit {
  return {
    options,
    test: (title, body) =>
      it(title, async () => {
        const store = await options.create();
        try {
          await body(store);
        } finally {
          await options.dispose?.(store);
        }
      }),
    notTested(title, missing) {
      const skip: unknown = Reflect.get(it, 'skip');
      if (typeof skip !== 'function') return;
      Reflect.apply(skip, it, [`${title} (not tested: the fixture has no ${missing})`, () => undefined]);
    },
  };
}
