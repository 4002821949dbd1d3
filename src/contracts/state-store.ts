import type { JsonValue } from './json.js';

export interface VersionedDocument {
  readonly document: JsonValue;
  /** Opaque; changes with each `put`, and never comes back, also after `delete`. */
  readonly version: string;
  /** How long ago it was put, in ms by the store's own clock. Absent: the store has none. */
  readonly age?: number;
}

/** A document with its key. */
export interface StoredEntry extends VersionedDocument {
  readonly key: string;
}

export interface PutOptions {
  /** The version that is replaced; `null`: the document must not exist. Anything else throws `STATE_CONFLICT`. */
  readonly ifVersion: string | null;
  /** `false` for what need not survive a power cut, such as a lease. Default: true. */
  readonly flush?: boolean | undefined;
  /**
   * `false` for what may also be damaged by a power cut, such as a lease, which then ends by being watched. Default: true:
   * what is there after one is whole, be it the old document or the new one.
   */
  readonly intact?: boolean | undefined;
}

/** Options of `StateStore.delete`. */
export interface DeleteOptions {
  /** The version that is deleted. Anything else throws `STATE_CONFLICT`. */
  readonly ifVersion: string;
  /** `false` for what may be there again after a power cut, such as a lease that was given back. Default: true. */
  readonly flush?: boolean | undefined;
}

/**
 * Versioned JSON documents with compare-and-swap; any store that has it fits. Keys are slash-separated segments of
 * `a-z 0-9 -`. No document ever contains a value or a token.
 *
 * A document that exists but can't be read throws `STATE_UNREADABLE`: never `undefined`, which means that there is
 * none.
 */
export interface StateStore {
  get(key: string): Promise<VersionedDocument | undefined>;
  /** Throws `STATE_CONFLICT` when the stored version is not `ifVersion`; then nothing has changed. */
  put(key: string, document: JsonValue, options: PutOptions): Promise<{ readonly version: string }>;
  /** Throws `STATE_CONFLICT` when the stored version is not `ifVersion`; then nothing has changed. */
  delete(key: string, options: DeleteOptions): Promise<void>;
  /** Returns the keys that start with `prefix`, sorted. */
  list(prefix: string): Promise<readonly string[]>;
  /** All documents whose keys start with `prefix`, sorted by key, in one call. Default: `list` and `get`. */
  entries?(prefix: string): Promise<readonly StoredEntry[]>;
  /**
   * Removes a document that exists but can't be read, as after a power cut. Throws `STATE_CONFLICT` when it can be read;
   * does nothing when there is none. Default: a person has to remove it.
   */
  discard?(key: string): Promise<void>;
  /** Calls `onChange` when a document below `prefix` may have changed, until `signal` is aborted. Optional. */
  watch?(
    prefix: string,
    onChange: () => void,
    options: { readonly signal: AbortSignal },
  ): void | Promise<void>;
}

/** What every document of this library carries in a store beside its own fields. */
export interface Seal {
  /** The id of the fingerprint key that made `mac`; `null`: `mac` is a checksum without a key. */
  readonly keyId: string | null;
  /** Covers the key of the document in the store and all of its fields but itself. */
  readonly mac: string;
}

/** One key of a place, as remembered. Keyed by `key` and `kind`. */
export interface RememberedEntry {
  readonly key: string;
  readonly kind?: string;
  /** The `id` of the definition that wrote or adopted it. */
  readonly syncId: string;
  /** Ids of other syncs that wanted the key at their last runs, with whatever value; sorted. One of them owns it next. */
  readonly holders?: readonly string[];
  /** The parts of their sources that the holders' values came from, by the ids of those that have one; sorted. */
  readonly holderParts?: readonly (readonly [syncId: string, part: string])[];
  /** The part of the owner's source that the value came from, where that source has parts. */
  readonly part?: string;
  /** It was there with the right value, or was imported, and has not been written by us. */
  readonly adopted?: true;
  /** `keyId.hmac` of (identity, kind, key, value); absent where there is nothing to compare with. */
  readonly fingerprint?: string;
  /** The id of the entry at the destination. */
  readonly id?: string;
  readonly revision?: string;
  /** A write was begun and its end is not known: the intent that is saved before the first write. */
  readonly pending?: {
    readonly syncId: string;
    readonly action: 'create' | 'update' | 'replace' | 'delete';
    /** Of the value that was to be written: distinguishes it from what a person wrote in the meantime. */
    readonly fingerprint?: string;
    /** The part of the source that the value came from, where the source has parts. */
    readonly part?: string;
  };
}

/** What is remembered of one sync at a place. */
export interface RememberedSync {
  readonly syncId: string;
  /** When its first sync was done here, ISO 8601. */
  readonly importedAt: string;
}

/** What is remembered of a place: the input of the decisions. */
export interface PlaceState {
  readonly syncs?: readonly RememberedSync[];
  readonly entries?: readonly RememberedEntry[];
  /** The ids of the syncs whose writes still wait for the redeployment that their definitions ask for. */
  readonly redeployDue?: readonly string[];
}

/** The document that the store holds for a place. */
export interface PlaceDocument extends Seal {
  /** 1: of version 0.1.0, whose `mac` does not cover the key of the document. */
  readonly formatVersion: 1 | 2;
  /** The identity of the place. */
  readonly place: string;
  readonly syncs: readonly RememberedSync[];
  readonly entries: readonly RememberedEntry[];
  /** Small non-secret facts of the driver, such as a tenant id. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}
