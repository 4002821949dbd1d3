import { SecretValue } from './secret.js';
import type { SecretRecord, SourceRead, SourceReadResult } from './source.js';

/** Tells a read that says how complete it is from one of secrets alone, which can have a key called `secrets`. */
export function isSourceRead(read: SourceReadResult): read is SourceRead {
  if (Symbol.iterator in read || !Object.hasOwn(read, 'secrets')) return false;
  const secrets: unknown = read.secrets;
  return typeof secrets === 'object' && secrets !== null && !SecretValue.is(secrets);
}

/** What `read` answered, as pairs. */
export function secretPairs(
  secrets: SecretRecord,
): Iterable<readonly [sourceKey: string, value: string | SecretValue]> {
  return Symbol.iterator in secrets ? secrets : Object.entries(secrets);
}
