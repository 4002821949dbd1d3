import { SecretSyncError } from '../../contracts/errors.js';
import { quoteList } from '../../shared/text.js';
import { type ErrorCode } from '../../contracts/error-codes.js';

type Meaning = readonly [pattern: RegExp, code: ErrorCode, reason: string];

const UNAUTHORIZED: Meaning = [
  /^(accessdenied|unauth(enticat|oriz)ed|invalid(headers|jwt|token))$/,
  'UNAUTHORIZED',
  'the access token is not accepted. Check it',
];
const MAINTENANCE: Meaning = [
  /^(under)?maintenance(mode)?$/,
  'DESTINATION_UNAVAILABLE',
  "the project is in maintenance mode, in which its environment can't be changed. Turn it off in the console, or try again later",
];

// The codes that are known, without case and punctuation. A response can echo a request, so nothing else of it counts.
const MEANINGS: readonly Meaning[] = [
  UNAUTHORIZED,
  [
    /^(forbidden|permission(denied|error))$/,
    'FORBIDDEN',
    'the access token does not allow it. Check the rights of its owner',
  ],
  [
    /^not(exists|found)$/,
    'NOT_FOUND',
    'it does not exist, or is not shown to the access token. Check the ids',
  ],
  [
    /^((generic|internal)servererror|unexpected)$/,
    'DESTINATION_UNAVAILABLE',
    'Hasura Cloud had an internal error. Try again later',
  ],
];

/**
 * A token that is not accepted gets no error of its own but a schema without the field that was asked for (graphql-engine
 * #6676, and the official action), or without any mutation. The newer versions of graphql-engine put the field into single
 * quotes, the older ones into double quotes.
 */
const UNKNOWN_FIELD = /field (["'])(\w{1,64})\1 not found in type: '(?:query|mutation)_root'/;
const NO_MUTATIONS = 'no mutations exist';

/** What a GraphQL response says of its errors. */
interface Said {
  /** The codes, without case and punctuation. */
  readonly codes: Set<string>;
  readonly words: Set<string>;
  /** Root fields that the schema is said not to have. */
  readonly unknownFields: Set<string>;
  hasNoMutations: boolean;
}

/** Walks the parts of an error that can hold a code or message. A message can be JSON, nested twice. */
function explore(node: unknown, said: Said, depth = 0): void {
  if (depth > 8 || !node) return;
  if (typeof node === 'string') {
    const text = node.slice(0, 65_536);
    for (const word of text.split(/\W+/)) said.words.add(word);
    const field = UNKNOWN_FIELD.exec(text)?.[2];
    if (field !== undefined) said.unknownFields.add(field);
    if (text === NO_MUTATIONS) said.hasNoMutations = true;
    if (!/^\s*["[{]/.test(text)) return;
    try {
      explore(JSON.parse(text), said, depth + 1);
    } catch {
      // It only looked like JSON.
    }
  } else if (typeof node === 'object') {
    for (const [name, value] of Object.entries(node).slice(0, 100)) {
      if (name === 'code')
        said.codes.add(
          String(value)
            .toLowerCase()
            .replace(/[^a-z]/g, ''),
        );
      else if (Array.isArray(node) || /^(errors?|extensions|message)$/.test(name)) {
        explore(value, said, depth + 1);
      }
    }
  }
}

interface Asked {
  /** Follows "could not". */
  readonly operation: string;
  /** The root field. */
  readonly field: string;
  /** Of a mutation: the keys that it changes. */
  readonly changedKeys?: readonly string[] | undefined;
}

/** The one meaning that a response has by itself. */
function meaningOf(
  { codes, words, unknownFields, hasNoMutations }: Said,
  { field, changedKeys }: Asked,
): Meaning | undefined {
  const isMissing = unknownFields.has(field) || (hasNoMutations && changedKeys !== undefined);
  if (isMissing && codes.has('validationfailed')) return UNAUTHORIZED;
  const has = ([pattern]: Meaning) => [...codes].some((code) => pattern.test(code));
  // A key of that name, which a refusal can name, says nothing of the mode.
  const isInWords = words.has('maintenance') && changedKeys?.includes('maintenance') !== true;
  if (has(MAINTENANCE) || isInWords) return MAINTENANCE;
  return MEANINGS.find(has);
}

/**
 * Returns the error for the `errors` of a GraphQL response. Of the server's words only their known meaning gets out, and
 * which of `changedKeys` they mention. An internal error says nothing about a mutation: it can as well be a refusal.
 */
export function graphqlError(asked: Asked, errors: unknown): SecretSyncError {
  const { operation, changedKeys } = asked;
  const said: Said = { codes: new Set(), words: new Set(), unknownFields: new Set(), hasNoMutations: false };
  explore(errors, said);
  const found = meaningOf(said, asked);
  const saysNothing = changedKeys && found?.[1] === 'DESTINATION_UNAVAILABLE' && found !== MAINTENANCE;
  const [, code, reason] = (saysNothing ? undefined : found) ?? [
    undefined,
    'DESTINATION_REJECTED' as const,
    changedKeys
      ? 'Hasura Cloud refused. Check in its console whether the project is in maintenance mode and takes these keys'
      : 'Hasura Cloud refused, for a reason that is not shown since it can hold secrets. Check in its console',
  ];
  const named = changedKeys?.filter((key) => said.words.has(key)) ?? [];
  const mention = named.length > 0 ? `; its response names ${quoteList(named, 10)}` : '';
  return new SecretSyncError(code, `Could not ${operation}: ${reason}${mention}.`, {
    status: 200,
    retryable: code === 'DESTINATION_UNAVAILABLE',
    // Without a token that is accepted nothing is carried out.
    maybeWritten: !!changedKeys && code !== 'UNAUTHORIZED',
  });
}
