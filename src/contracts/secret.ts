const BRAND = Symbol.for('secret-sync-engine.SecretValue');
const REDACTED = '[redacted]';

/**
 * A secret string in an opaque wrapper. `String(…)`, template literals, `JSON.stringify` and `util.inspect` show
 * `[redacted]`; only {@link SecretValue.reveal} returns the string.
 */
export class SecretValue {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Wraps a string; returns a `SecretValue` as it is. */
  static from(value: string | SecretValue): SecretValue {
    return typeof value === 'string' ? new SecretValue(value) : value;
  }

  /** Returns true for a `SecretValue` of any copy of this package. */
  static is(value: unknown): value is SecretValue {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /** Marks instances across copies of this package. */
  get [BRAND](): true {
    return true;
  }

  /** True for the empty string, which is a legal secret and not a missing one. */
  get isEmpty(): boolean {
    return this.#text === '';
  }

  /** Returns the string itself. Call it where the string leaves for its destination, and nowhere else. */
  reveal(): string {
    return this.#text;
  }

  /** Returns true when both are the same string. */
  equals(other: string | SecretValue): boolean {
    return this.#text === (typeof other === 'string' ? other : other.reveal());
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
