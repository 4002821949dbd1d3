import type { SecretSource, SourceLocation } from '../../../contracts/source.js';

/** The source under test. */
export interface SourceConformanceOptions {
  /** For the title of the suite. */
  readonly name: string;
  /** Makes a source that holds these secrets at {@link location}; called for each test. */
  create(secrets: Pairs): SecretSource | Promise<SecretSource>;
  /**
   * Makes a source that should hold these secrets and whose read fails: the service is down, a line is broken. Absent:
   * that is not tested.
   */
  readonly createBroken?: ((secrets: Pairs) => SecretSource | Promise<SecretSource>) | undefined;
  /**
   * Makes a source of as many parts as it is given, from the weakest to the strongest, each of which holds these secrets.
   * Absent: whether it names them is not tested.
   */
  readonly createWithParts?: ((parts: readonly Pairs[]) => SecretSource | Promise<SecretSource>) | undefined;
  /**
   * Makes a source that holds this key, with a reference in its value that the source can't resolve. Absent: whether it
   * lists the key is not tested.
   */
  readonly createUnresolved?: ((key: string) => SecretSource | Promise<SecretSource>) | undefined;
  /** Default: a location that says nothing. */
  readonly location?: SourceLocation | undefined;
  /** Whether `write` is there. Default: false. */
  readonly writable?: boolean | undefined;
  /** Whether names such as `__proto__` and `constructor` can be keys. Default: true. */
  readonly anyName?: boolean | undefined;
  /** Whether a value can be any string, of several lines, with quotes. Default: true. */
  readonly anyValue?: boolean | undefined;
  /** Whether `watch` is there. Default: it is tested where it is. */
  readonly watchable?: boolean | undefined;
  /** Gives a secret that exists another value, as another program would, to test `watch`. Default: `write` does. */
  change?(source: SecretSource, key: string, value: string): void | Promise<void>;
  /** How long a change may take to be reported, and an abort to be heeded, in ms. Default: 10,000. */
  readonly watchTimeout?: number | undefined;
  /**
   * How much a source holds now: timers, such as the sleepers of its clock, and connections. Absent: what a watch
   * leaves behind is not tested.
   */
  held?(source: SecretSource): number;
  /** Whether `describe` is there. Default: it is tested where it is. */
  readonly describable?: boolean | undefined;
  /** Cleans up after a test. */
  dispose?(source: SecretSource): void | Promise<void>;
}

export type Pairs = readonly (readonly [key: string, value: string])[];

/** The secrets of most tests. */
export const FEW: Pairs = [
  ['A', '1'],
  ['B', ''],
  ['LONG_NAME_2', 'a value with spaces'],
];
