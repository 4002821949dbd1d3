import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { SecretSyncError } from './errors.js';
import type { FinishOptions, FollowUp, FollowUpOutcome } from './follow-up.js';
import type { Fetch, HttpClient } from './http.js';
import type { PlanWarning } from './plan.js';
import type { SecretValue } from './secret.js';

/** What a destination can do and accepts, as data and pure functions: `planSync` decides by it without any I/O. */
export interface Capabilities {
  /** Whether values can be read and so imported into the source. */
  readonly import: boolean;
  /** `batch`: one request for all, which succeed or fail together. `each`: one request a key. */
  readonly writes: 'batch' | 'each';
  /** The kind of entry that is written, where the destination has several: `secret`, `variable`. */
  readonly kind?: string | undefined;
  /** Whether a reserved key may be written when the source explicitly has it. */
  readonly reservedWritable: boolean;
  /** Returns why the destination can't take this key, in words; `undefined` when it can. */
  checkKey(key: string): string | undefined;
  /** Returns why the destination can't take this value, in words that do not quote it; `undefined` when it can. */
  checkValue(value: string): string | undefined;
  /** Returns true for keys that belong to the platform: never imported, never deleted. */
  isReserved(key: string): boolean;
  /** Returns the same string for keys that are one key to the destination. Default: the key itself. */
  canonicalKey?(key: string): string;
  readonly limits?: {
    /** How many keys a place can hold. */
    readonly keys?: number;
    /** How long one value can be, in bytes of UTF-8. */
    readonly valueBytes?: number;
  };
  /** Warnings for every plan that writes anything here. */
  readonly writeWarnings?: readonly PlanWarning[] | undefined;
  /** What can follow the writes here (`syncOptions.redeploy`). Default: nothing can. */
  readonly followUp?: FollowUp | undefined;
  /** Returns warnings about one write or deletion. They must not quote the value. */
  warn?(change: WarnableChange): readonly PlanWarning[];
}

/** A write or deletion, as a driver's {@link Capabilities.warn} sees it. */
export interface WarnableChange {
  readonly key: string;
  readonly action: 'create' | 'update' | 'replace' | 'delete';
  /** The kind that is written or deleted. */
  readonly kind?: string;
  /** For a replace: the kind that existed there. */
  readonly previousKind?: string;
  readonly value?: SecretValue;
}

/** Why an entry is not one to write over or delete. */
export type FixedReason =
  'inherited' | 'alias' | 'override' | 'file' | 'external' | 'foreign-owner' | 'built-in';

/** One entry that exists at a place. */
export interface DestinationEntry {
  readonly key: string;
  /** The destination's own id of the entry. */
  readonly id?: string | undefined;
  readonly kind?: string | undefined;
  /** Changes with the entry; an ISO 8601 timestamp or any opaque string. */
  readonly revision?: string | undefined;
  /**
   * Absent: it can't be read. `notAString`: it can, but it is not a string, so that it is never imported; `json` is its
   * JSON, and equals a wanted string that is the same JSON, however that is spaced and its fields are ordered.
   */
  readonly value?: string | SecretValue | { readonly notAString: true; readonly json?: string };
  /** `inherited`: it exists at another scope. The others exist at this one, but are not plain values that a sync writes. */
  readonly fixed?: FixedReason | undefined;
  /**
   * Of an inherited entry: why nothing can be created here under its key while it exists. One sentence without a period
   * that says where it is, such as `the project has it as a variable`. Absent: an entry of this place can hide it.
   */
  readonly blocks?: string | undefined;
  readonly reserved?: true | undefined;
  /** Deleting it deletes others that depend on it. */
  readonly hasDependents?: true | undefined;
}

/** One write, as a driver gets it. */
export interface WriteChange {
  readonly key: string;
  readonly action: 'create' | 'update' | 'replace' | 'delete';
  readonly kind?: string;
  /** The value to write; absent for a deletion. */
  readonly value?: SecretValue;
  /** The entry as it was read: what is updated, replaced or deleted. Absent for a create. */
  readonly entry?: DestinationEntry;
}

export interface WriteBatch {
  readonly phase: 'upsert' | 'delete';
  /** Never empty; each key once. */
  readonly changes: readonly WriteChange[];
}

/** How one write ended. */
export type WriteOutcome =
  | {
      readonly key: string;
      readonly status: 'applied';
      readonly id?: string | undefined;
      readonly revision?: string;
    }
  /** It certainly was not written, and nothing that a second look could show would change that. */
  | { readonly key: string; readonly status: 'failed'; readonly error: SecretSyncError }
  /**
   * It may have been written, for example because the response was lost; or it was not, and the place is not what was
   * read (the entry is gone, or another has its key). The engine reads back, and writes once more from what exists.
   * `error.maybeWritten` tells the two apart: only where it is true can the key end as `indeterminate`.
   */
  | { readonly key: string; readonly status: 'unknown'; readonly error: SecretSyncError };

export interface WriteOptions {
  readonly signal: AbortSignal;
  /** Call it as soon as a key has ended, so that nothing is forgotten if the rest throws. */
  onOutcome(outcome: WriteOutcome): void;
}

/** Small non-secret facts that the engine remembers with the place: at most 32, of at most 1,024 characters. */
export interface Facts {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
  delete(name: string): void;
}

/** What `connect` gets. */
export interface ConnectOptions<Credentials, Config> {
  readonly credentials: Credentials;
  readonly config: Config;
  readonly http: HttpClient;
  readonly facts: Facts;
}

/** A driver's connection to one place, for one run. */
export interface DestinationConnection {
  /** Returns everything at the place. A key can exist there twice, in two kinds or scopes. */
  read(options: { readonly signal: AbortSignal }): Promise<{ readonly entries: readonly DestinationEntry[] }>;
  /**
   * Writes, and returns one outcome a key; a key without an outcome was not attempted. Called after `read`, and never
   * twice at the same time. A conflict with what was read is thrown as `CONFLICT` before anything changed: the engine reads and
   * decides again. `UNAUTHORIZED` for one key should stop the rest.
   */
  write(batch: WriteBatch, options: WriteOptions): Promise<readonly WriteOutcome[]>;
  /**
   * Does what follows the writes: makes the destination's services take the values over. Called once after the last
   * write, while the run holds the place, and again by later runs until it returns `succeeded`, or `started` where it
   * need not wait. An error says that it did not start, or with `maybeWritten` that this is not known. Needed where
   * {@link Capabilities.followUp} declares an action.
   */
  finish?(options: FinishOptions): Promise<FollowUpOutcome>;
}

/** Options of `validateConnection` and of the discovery functions. */
export interface CallOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Lets HTTPS go to private addresses and plain HTTP to loopback. Default: false. */
  readonly allowPrivateNetwork?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Something that a definition can point at: an organization, a project, an environment. */
export interface NamedResource {
  readonly id: string;
  readonly name: string;
}

/** One list of what a definition can point at, for a person to choose from. */
export interface DiscoveryList<Credentials> {
  /**
   * What is listed, as a path of an API below the connection. Ids that the list depends on are in braces:
   * `organizations/{organizationId}/projects`.
   */
  readonly path: string;
  /** Returns what the credentials can see; `ids` are those of the path, by name. */
  list(
    credentials: Credentials,
    ids: Readonly<Record<string, string>>,
    options?: CallOptions,
  ): Promise<readonly NamedResource[]>;
}

/**
 * Code that talks to one kind of destination. A driver is a plain object, made by a small factory; see
 * `defineDriver`. Its own methods hold no policy: what may be written or deleted is decided by the engine, from
 * {@link Capabilities} and {@link DestinationEntry}.
 */
export interface DestinationDriver<
  Name extends string = string,
  Credentials = unknown,
  Config = unknown,
  ConfigInput = Config,
> {
  readonly specVersion: 1;
  /** What definitions call it: `destination: 'qovery'`. */
  readonly name: Name;
  /** For people: `Qovery`. */
  readonly displayName: string;
  /** Used where a definition names no connection. */
  readonly credentials?: NoInfer<Credentials> | undefined;
  readonly credentialsSchema: StandardSchemaV1<unknown, Credentials>;
  readonly configSchema: StandardSchemaV1<ConfigInput, Config>;
  readonly capabilities: Capabilities | CapabilitiesFor<Config>;
  /** The base URL of all requests. HTTPS, unless private networks are allowed. */
  endpoint(credentials: Credentials): string;
  /** The headers that authenticate a request. */
  authorization(credentials: Credentials): Readonly<Record<string, string>>;
  /**
   * The place that a definition points at, as a canonical string: same string, same place. Pure; it includes the host and
   * leaves credentials and the kind of entry out.
   */
  identity(credentials: Credentials, config: Config): string;
  connect(options: ConnectOptions<Credentials, Config>): DestinationConnection;
  /** Resolves when the credentials are accepted; else throws, `UNAUTHORIZED` for bad ones. */
  validateConnection(credentials: Credentials, options?: CallOptions): Promise<void>;
  /** What a person can choose from when a definition is made; each path once. Default: nothing. */
  readonly discovery?: readonly DiscoveryList<Credentials>[] | undefined;
}

/** Capabilities that depend on a definition's config. (A method type, so that drivers of any config fit one list.) */
export type CapabilitiesFor<Config> = { capabilities(config: Config): Capabilities }['capabilities'];

/** Types a driver from its schemas: `configSchema` and `credentialsSchema` say what its methods get. */
export function defineDriver<const Name extends string, Credentials, Config, ConfigInput = Config>(
  driver: DestinationDriver<Name, Credentials, Config, ConfigInput>,
): DestinationDriver<Name, Credentials, Config, ConfigInput> {
  return driver;
}
