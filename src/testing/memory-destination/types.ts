import type { Capabilities, DestinationDriver } from '../../contracts/destination.js';
import type { FollowUpAction } from '../../contracts/follow-up.js';
import type { MemoryCall, MemoryFault, MemoryIntercept } from './faults.js';
import type { MemoryEntry, MemoryEntrySetup } from './place.js';

export interface MemoryCredentials {
  readonly accessToken: string;
}

/** The `destinationConfig` of a memory destination, as a user types it. */
export interface MemoryConfigInput {
  /** Default: `default`. */
  readonly place?: string | undefined;
  /** What is written there. Default: the option `kind`. */
  readonly kind?: string | undefined;
}

/** {@link MemoryConfigInput} with its defaults. */
export interface MemoryConfig {
  readonly place: string;
  readonly kind?: string | undefined;
}

/** How a memory destination behaves. */
export interface MemoryDestinationOptions<Name extends string = string> {
  /** What definitions call it. Default: `memory`. */
  readonly name?: Name | undefined;
  /** The token that is accepted, and that the driver has by itself. Default: a fixed string. */
  readonly accessToken?: string | undefined;
  /** Whether all keys of a phase are one call, which conflicts when the place moved. Default: `each`. */
  readonly writes?: Capabilities['writes'] | undefined;
  /** The kind that is written where a config names none. Default: entries have no kind. */
  readonly kind?: string | undefined;
  /** Which values can be read back: all, none, or those of some kinds. Default: true. */
  readonly readable?: boolean | ((kind: string | undefined) => boolean);
  /** Whether it can be imported from. Default: true where what is written can be read back. */
  readonly import?: boolean | undefined;
  /** Keys that start with it belong to the platform. Default: none do. */
  readonly reservedPrefix?: string | undefined;
  /** Whether a reserved key is written when the source holds it. Default: false. */
  readonly reservedWritable?: boolean | undefined;
  /** Whether entries show an id. Default: true. */
  readonly ids?: boolean | undefined;
  /** Whether entries show a revision. Default: true. */
  readonly revisions?: boolean | undefined;
  /** How many single writes are in flight at the same time, at most as many as the engine's `concurrency`. Default: 1. */
  readonly concurrency?: number | undefined;
  readonly limits?: NonNullable<Capabilities['limits']> | undefined;
  readonly canonicalKey?: ((key: string) => string) | undefined;
  /** Default: any key but the empty one is taken. */
  readonly checkKey?: Capabilities['checkKey'] | undefined;
  /** Default: any value is taken. */
  readonly checkValue?: Capabilities['checkValue'] | undefined;
  /** What can follow its writes (`syncOptions.redeploy`); `none`: nothing. Default: `redeploy`. */
  readonly followUp?: FollowUpAction | 'none' | undefined;
}

/** Where an entry is. Defaults: the place `default`, and the kind that is written by default. */
export interface MemoryWhere {
  readonly place?: string;
  readonly kind?: string | undefined;
}

/** Which calls {@link MemoryDestination.failNext} means. */
export interface MemoryFailureFilter {
  /** Default: `write`. */
  readonly method?: MemoryCall['method'] | undefined;
  /** Only calls that write this key. */
  readonly key?: string | undefined;
  readonly phase?: 'upsert' | 'delete' | undefined;
  /** How many calls fail; `Infinity` for all from now on. Default: 1. */
  readonly times?: number | undefined;
}

/** A driver whose destination is in memory, with what a test needs to set it up, to look into it and to break it. */
export interface MemoryDestination<Name extends string = string> extends DestinationDriver<
  Name,
  MemoryCredentials,
  MemoryConfig,
  MemoryConfigInput
> {
  readonly credentials: MemoryCredentials;
  capabilities(config: MemoryConfig): Capabilities;
  /** The value of an entry; `undefined` where there is none. */
  get(key: string, where?: MemoryWhere): string | undefined;
  /** An edit by hand: makes or changes an entry. */
  set(key: string, value: string, where?: MemoryWhere & MemoryEntrySetup): void;
  /** A deletion by hand. Whether there was such an entry. */
  delete(key: string, where?: MemoryWhere): boolean;
  /** All keys with their values at a place, in one kind. */
  values(where?: MemoryWhere): Map<string, string>;
  /** All entries at a place, their values closed. */
  entries(place?: string): readonly MemoryEntry[];
  /** All reads, writes and redeployments that reached it, oldest first, refused ones included. A live list. */
  readonly calls: readonly MemoryCall[];
  clearCalls(): void;
  /** Makes the next calls that fit fail. Failures are used up in the order in which they were asked for. */
  failNext(fault: MemoryFault, filter?: MemoryFailureFilter): void;
  /** Sets a hook that sees every call and may let it fail or wait; `undefined` removes it. Asked after `failNext`. */
  setIntercept(intercept: MemoryIntercept | undefined): void;
}
