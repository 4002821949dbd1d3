import type { RemoveCallOptions } from '../engine/secret-sync-engine.js';

/** Which records `listSyncs` answers. Default: all. */
export interface SyncFilter {
  readonly projectId?: string;
  readonly destination?: string;
  readonly connectionId?: string;
}

export interface UpdateOptions {
  /** The version of the record that the changes were made for: with another one, they are refused. */
  readonly version?: number;
}

export interface DeleteOptions extends RemoveCallOptions {
  /** Delete the secrets at the destination first. Default: false: they stay, and belong to nobody. */
  readonly removeSecrets?: boolean;
}

export interface StopOptions {
  /** How long runs that are under way may take to end, in ms; then they are aborted. Default: 30,000. */
  readonly timeout?: number;
}
