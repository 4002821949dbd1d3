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
 * `keyId.hmac` of all that a location of the source holds: says whether it has changed, and nothing else of it. Of a
 * source that has parts, a key that moves from one to another is a change, since what is remembered of it names its part;
 * the strongest part, which an import writes to, is named without its keys. In turns: a source can hold 100,000 secrets.
 */
export function* sourceDigest(
  { keyId, digestInTurns }: Digester,
  location: SourceLocation,
  { secrets, duplicates, unreadable, incomplete, partOf, strongestPart }: SourceSnapshot,
): Turns<string> {
  const pairs = yield* sortInTurns([...secrets], ([first], [second]) => compareText(first, second));
  const parts: (readonly [key: string, part: string])[] = [];
  const held: string[] = [];
  yield* forEachInTurns(pairs, ([key, value]) => {
    held.push(key, value.reveal());
    const part = partOf.get(key);
    if (part !== undefined && part !== strongestPart) parts.push([key, part]);
  });
  const names = [
    [...duplicates].sort(),
    [...unreadable].sort(),
    incomplete,
    ...(strongestPart === undefined ? [] : [parts, strongestPart]),
  ];
  const fields = ['source', canonicalJson(location), canonicalJson(names)];
  yield* forEachInTurns(held, (field) => void fields.push(field));
  return `${keyId}.${yield* digestInTurns(fields)}`;
}
