import type { Fetch } from '../../../contracts/http.js';
import type { AnyDestinationDriver } from '../../../contracts/typed-definition.js';

/** One place of the destination under test, looked at and edited past the driver, as by hand. */
export interface DriverPlace {
  /** The `destinationConfig` that points at it. */
  readonly config: unknown;
  /** Every key that exists there with its value, of all kinds, the platform's own included. */
  peek(): ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>;
  /** Makes or changes a plain entry, of the kind that the config writes. */
  set(key: string, value: string): void | Promise<void>;
  delete(key: string): void | Promise<void>;
}

/** A request that reached the destination. */
export interface SeenRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A driver with a destination of its own that a test may fill, break and throw away. */
export interface DriverFixture {
  readonly driver: AnyDestinationDriver;
  /** Accepted by the destination. */
  readonly credentials: unknown;
  /** For the same host and well-formed, but not accepted. */
  readonly refusedCredentials: unknown;
  /** Holds nothing but what the platform itself put there. */
  readonly place: DriverPlace;
  /** Another one, of the same credentials. */
  readonly otherPlace: DriverPlace;
  /** The config of the same place for entries of another kind, where there are kinds. */
  readonly otherKindConfig?: unknown;
  /** A key of the platform that can be set by hand, where there are such keys. */
  readonly reservedKey?: string;
  /** What the engine needs to reach the destination. */
  readonly engineOptions?: {
    readonly allowPrivateNetwork?: boolean;
    readonly fetch?: Fetch;
  };
  /** What the destination received. What went through `fetch` is seen without it. */
  requests?(): Iterable<SeenRequest>;
  /** The most calls that were in flight at one moment, for destinations that are not reached through `fetch`. */
  peakInFlight?(): number;
  /** Makes the destination put all that it gets into its errors. */
  echo?(on: boolean): void | Promise<void>;
  /** Makes the destination fail in one of the ways that the suite was told of, until the fixture ends. */
  fail?(failure: string): void | Promise<void>;
  /** The next write is carried out, and its response is lost. */
  loseNextAnswer?(): void | Promise<void>;
  dispose?(): void | Promise<void>;
}

/** Tokens for a fixture to use as accepted and as refused ones, so that their way can be followed. */
export interface FixtureTokens {
  readonly accepted: string;
  readonly refused: string;
}
