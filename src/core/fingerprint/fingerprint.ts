import type { SecretValue } from '../../contracts/secret.js';
import type { SourceLocation } from '../../contracts/source.js';
import type { SourceSnapshot } from '../inputs/source-snapshot.js';
import { canonicalJson } from '../../shared/canonical-json.js';
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
 * those of the strongest part, which an import writes to, are not named.
 */
export function sourceDigest(
  { keyId, digest }: Digester,
  location: SourceLocation,
  { secrets, duplicates, unreadable, incomplete, partOf, strongestPart }: SourceSnapshot,
): string {
  const pairs = [...secrets].sort(([first], [second]) => (first < second ? -1 : 1));
  const parts = pairs.flatMap(([key]) => {
    const part = partOf.get(key);
    return part === undefined || part === strongestPart ? [] : [[key, part]];
  });
  const names = [
    [...duplicates].sort(),
    [...unreadable].sort(),
    incomplete,
    ...(parts.length === 0 ? [] : [parts]),
  ];
  const held = pairs.flatMap(([key, value]) => [key, value.reveal()]);
  return `${keyId}.${digest(['source', canonicalJson(location), canonicalJson(names), ...held])}`;
}
