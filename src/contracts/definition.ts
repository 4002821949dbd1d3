/** What happens at the first sync of a definition at a place. */
export type InitialSyncBehavior =
  'overwrite-destination' | 'import-prioritize-source' | 'import-prioritize-destination';

/** Which side wins where both hold a key, when secrets are imported on demand. */
export type ImportBehavior = 'prioritize-source' | 'prioritize-destination';

/** Whether the services of the destination are made to take changed values over after a run that wrote something. */
export type Redeploy = 'never' | 'start' | 'wait';

/** `syncOptions` as a user types them: all have a default. */
export interface SyncOptionsInput {
  /** Default: `overwrite-destination`. */
  readonly initialSyncBehavior?: InitialSyncBehavior | undefined;
  /** Whether a service runs the sync when its source changes. Default: true. */
  readonly autoSyncEnabled?: boolean | undefined;
  /** Never delete anything in a sync. Default: false. */
  readonly disableSecretDeletion?: boolean | undefined;
  /** Turns a source key into a destination key: `APP_{{environment}}_{{secretKey}}`. Default: the key itself. */
  readonly keySchema?: string | undefined;
  /**
   * What a sync may delete: `owned` what it wrote or adopted; `matching` what matches the key schema; `ask` the
   * same, but without a key schema the deletion of what it neither wrote nor adopted must be confirmed. Default:
   * `ask`.
   */
  readonly deletionScope?: 'ask' | 'matching' | 'owned' | undefined;
  /**
   * More deletions than `count`, or than `ratio` of the matching keys and at least 4, must be confirmed. Defaults:
   * 100 and 0.5.
   */
  readonly maxDeletions?:
    { readonly count?: number | undefined; readonly ratio?: number | undefined } | undefined;
  /** Let an empty source delete. Default: false. */
  readonly allowEmptySource?: boolean | undefined;
  /** Replace entries of another kind that may not be this sync's, or on which others depend. Default: false. */
  readonly allowReplace?: boolean | undefined;
  /** What a key or value that the destination can't take does to the run. Default: `refuse`. */
  readonly invalidKeys?: 'refuse' | 'skip' | undefined;
  /** Delete keys of this sync that a changed key schema no longer matches. Default: false. */
  readonly deleteLeftBehind?: boolean | undefined;
  /**
   * What follows a run that wrote something: `start` makes the services of the destination take the values over,
   * `wait` returns only when they have. Default: `never`.
   */
  readonly redeploy?: Redeploy | undefined;
}

/** {@link SyncOptionsInput} with every default filled in. */
export interface SyncOptions {
  readonly initialSyncBehavior: InitialSyncBehavior;
  readonly autoSyncEnabled: boolean;
  readonly disableSecretDeletion: boolean;
  readonly keySchema?: string;
  readonly deletionScope: 'ask' | 'matching' | 'owned';
  readonly maxDeletions: { readonly count: number; readonly ratio: number };
  readonly allowEmptySource: boolean;
  readonly allowReplace: boolean;
  readonly invalidKeys: 'refuse' | 'skip';
  readonly deleteLeftBehind: boolean;
  readonly redeploy: Redeploy;
}

/** The fields that a parsed definition leaves out where they were not given. */
interface OptionalFields {
  /** At most 256 characters. */
  readonly description?: string;
  /** Handed to the source. */
  readonly projectId?: string;
  /** Handed to the source; also the value of `{{environment}}` in a key schema. */
  readonly environment?: string;
  /** Handed to the source. */
  readonly secretPath?: string;
  /** Looked up in the engine's `connections`. Absent: the driver's own credentials. */
  readonly connectionId?: string;
}

/** The same fields, of which `undefined` says as much as leaving them out. */
type OrUndefined<Fields> = { readonly [Name in keyof Fields]: Fields[Name] | undefined };

/** A definition as a user types it, for a destination and config of any driver. */
export interface SyncDefinitionInput<
  Destination extends string = string,
  Config = unknown,
> extends OrUndefined<OptionalFields> {
  /** What owns the keys that the sync writes. Default: `name`. Keep it when a sync is renamed. */
  readonly id?: string | undefined;
  /** A slug: `a-z 0-9`, single dashes between, at most 256 characters. */
  readonly name: string;
  /** `false`: sync, apply and importSecrets throw `SYNC_DISABLED`. Default: true. */
  readonly isEnabled?: boolean | undefined;
  readonly syncOptions?: SyncOptionsInput | undefined;
  /** The name of a driver. */
  readonly destination: Destination;
  readonly destinationConfig: Config;
}

/** A definition with every default filled in: plain JSON without secrets. */
export interface SyncDefinition<
  Destination extends string = string,
  Config = unknown,
> extends OptionalFields {
  readonly id: string;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly syncOptions: SyncOptions;
  readonly destination: Destination;
  readonly destinationConfig: Config;
}
