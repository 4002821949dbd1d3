import type { SecretValue } from '../../contracts/secret.js';
import type { SourceLocation } from '../../contracts/source.js';
import type { SourceSnapshot } from '../inputs/source-snapshot.js';
import { canonicalJson } from '../../shared/canonical-json.js';
import { compareText } from '../../shared/text.js';
import { forEachInTurns, sortInTurns, type Turns } from '../../shared/turns/turns.js';
import type { Digester } from './keyring.js';

/** `keyId.hmac` of (identity, kind, key, value): says whether a value is the same, and nothing else of it. */
export function fingerprint(
  { keyId, digest }: Digester,
  place: string,
  kind: string | undefined,
  key: string,
  value: SecretValue,
): string {
  return `${keyId}.${digest([place, kind ?? '', key, value.reveal()])}`;
}

/**
 * `keyId.hmac` of all that a location of the source holds: says whether it has changed, and nothing else of it. In
 * turns: a source can hold 100,000 secrets.
 */
export function* sourceDigest(
  { keyId, digestInTurns }: Digester,
  location: SourceLocation,
  { secrets, duplicates, unreadable, incomplete }: SourceSnapshot,
): Turns<string> {
  const names = [[...duplicates].sort(), [...unreadable].sort(), incomplete];
  const pairs = yield* sortInTurns([...secrets], ([first], [second]) => compareText(first, second));
  const fields = ['source', canonicalJson(location), canonicalJson(names)];
  yield* forEachInTurns(pairs, ([key, value]) => void fields.push(key, value.reveal()));
  return `${keyId}.${yield* digestInTurns(fields)}`;
}
