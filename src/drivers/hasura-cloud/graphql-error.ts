import { SecretSyncError } from '../../contracts/errors.js';
import { quoteList } from '../../shared/text.js';
import { type ErrorCode } from '../../contracts/error-codes.js';

// The codes that are known, without case and punctuation. An answer can echo a request, so nothing else of it counts.
const MEANINGS: readonly (readonly [pattern: RegExp, code: ErrorCode, reason: string])[] = [
  [
    /^(accessdenied|unauth(enticat|oriz)ed|invalid(headers|jwt|token))$/,
    'UNAUTHORIZED',
    'the access token is not accepted. Check it',
  ],
  [
    /^(forbidden|permission(denied|error))$/,
    'FORBIDDEN',
    'the access token does not allow it. Check the rights of its owner',
  ],
  [/^not(exists|found)$/, 'NOT_FOUND', 'it is not there, or not shown to the access token. Check the ids'],
  [
    /^((generic|internal)servererror|maintenance(mode)?|unexpected)$/,
    'DESTINATION_UNAVAILABLE',
    'Hasura Cloud had an internal error. Try again later',
  ],
];

/** Walks the parts of an error in which a code or message can stand. A message can be JSON text, nested twice. */
function explore(node: unknown, codes: Set<string>, words: Set<string>, depth = 0): void {
  if (depth > 8 || !node) return;
  if (typeof node === 'string') {
    const text = node.slice(0, 65_536);
    for (const word of text.split(/\W+/)) words.add(word);
    if (!/^\s*["[{]/.test(text)) return;
    try {
      explore(JSON.parse(text), codes, words, depth + 1);
    } catch {
      // It only looked like JSON.
    }
  } else if (typeof node === 'object') {
    for (const [name, value] of Object.entries(node).slice(0, 100)) {
      if (name === 'code')
        codes.add(
          String(value)
            .toLowerCase()
            .replace(/[^a-z]/g, ''),
        );
      else if (Array.isArray(node) || /^(errors?|extensions|message)$/.test(name)) {
        explore(value, codes, words, depth + 1);
      }
    }
  }
}

/**
 * What the `errors` of a GraphQL answer mean. Of the server's words only two things get out: the meaning of a known
 * `extensions.code`, and which of `changedKeys` they mention. With `changedKeys` it is the answer to a mutation,
 * about which an internal error says nothing: it can as well be a refusal.
 */
export function graphqlError(
  operation: string,
  errors: unknown,
  changedKeys?: readonly string[],
): SecretSyncError {
  const codes = new Set<string>();
  const words = new Set<string>();
  explore(errors, codes, words);
  const found = MEANINGS.find(([pattern]) => [...codes].some((code) => pattern.test(code)));
  const known = changedKeys && found?.[1] === 'DESTINATION_UNAVAILABLE' ? undefined : found;
  const [, code, reason] = known ?? [
    undefined,
    'DESTINATION_REJECTED' as const,
    changedKeys
      ? 'Hasura Cloud refused. See in its console whether the project is in maintenance mode and takes these keys'
      : 'Hasura Cloud refused, for a reason that is not shown since it can hold secrets. See in its console',
  ];
  const named = changedKeys?.filter((key) => words.has(key)) ?? [];
  const mention = named.length > 0 ? `; its answer names ${quoteList(named, 10)}` : '';
  return new SecretSyncError(code, `Could not ${operation}: ${reason}${mention}.`, {
    status: 200,
    retryable: code === 'DESTINATION_UNAVAILABLE',
    maybeWritten: !!changedKeys,
  });
}
