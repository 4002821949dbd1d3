import { quote } from '../../shared/text.js';
import { errorFromProblems } from '../../shared/problems.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';

/**
 * A compiled key schema: the one reading of a template, which all decisions share.
 *
 * For every source key `k`: if `match(render(k))`, then `strip(render(k)) === k`.
 */
export interface KeySchema {
  /** The trimmed template; absent for the identity. */
  readonly template?: string;
  /** What every rendered key begins with; empty for the identity. */
  readonly prefix: string;
  /** What every rendered key ends with; empty for the identity. */
  readonly suffix: string;
  /** Returns the destination key of a source key. Literal: a source key that looks like a placeholder stays as it is. */
  readonly render: (sourceKey: string) => string;
  /** Returns whether a destination key can come from this schema. */
  readonly match: (key: string) => boolean;
  /** Returns the source key of a destination key; `undefined` where that does not match. */
  readonly strip: (key: string) => string | undefined;
}

const SECRET_KEY = '{{secretKey}}';
const ENVIRONMENT = '{{environment}}';
const PLACEHOLDER = /\{\{(?:secretKey|environment)\}\}/;
const UNKNOWN_PLACEHOLDER = /\{\{.*?\}\}/g;
const MAX_LENGTH = 255;

/** No schema: a key is the same on both sides, and every key matches. */
export const identityKeySchema: KeySchema = {
  prefix: '',
  suffix: '',
  render: (sourceKey) => sourceKey,
  match: () => true,
  strip: (key) => key,
};

/** Whether a schema tells the keys of a sync from others: one without a literal does not, as no schema does not. */
export const isDistinctive = ({ prefix, suffix }: KeySchema): boolean => prefix !== '' || suffix !== '';

const distinct = (texts: readonly string[], pattern: RegExp): string[] => [
  ...new Set(texts.flatMap((text) => text.match(pattern) ?? [])),
];

/** Everything that is wrong with a template; empty where nothing is. `path` names the field in the problems. */
export function keySchemaProblems(
  template: string,
  environment: string | undefined,
  path = 'keySchema',
): ErrorProblem[] {
  const problemsOf = (messages: readonly string[]) =>
    messages.map((message): ErrorProblem => ({ code: 'INVALID_KEY_SCHEMA', path, message }));
  if (![template, environment ?? ''].every((given: unknown) => typeof given === 'string'))
    return problemsOf(['it must be a string, and the environment too']);
  const trimmed = template.trim();
  // Nothing else of it is read: what follows is quick for short templates only.
  if (trimmed.length > MAX_LENGTH) {
    return problemsOf([`it has ${trimmed.length} characters; shorten it to ${MAX_LENGTH}`]);
  }
  const messages: string[] = [];
  const count = trimmed.split(SECRET_KEY).length - 1;
  if (count !== 1) {
    messages.push(
      count === 0
        ? `it does not contain ${SECRET_KEY}; write it exactly once`
        : `it contains ${SECRET_KEY} ${count} times; write it exactly once`,
    );
  }
  // Piece by piece: what is on both sides of a placeholder must not become another one.
  const literals = trimmed.split(PLACEHOLDER);
  for (const placeholder of distinct(literals, UNKNOWN_PLACEHOLDER)) {
    messages.push(
      `${quote(placeholder)} is not a placeholder; use ${SECRET_KEY} and ${ENVIRONMENT}, without spaces`,
    );
  }
  const illegal = distinct(
    literals.map((literal) => literal.replace(UNKNOWN_PLACEHOLDER, '')),
    /[^A-Za-z0-9_/-]/gu,
  );
  if (illegal.length > 0) {
    messages.push(
      `it contains ${illegal.map(quote).join(', ')}; use only A-Z a-z 0-9 _ - / besides the placeholders`,
    );
  }
  if (trimmed.includes(ENVIRONMENT) && (environment === undefined || environment === '')) {
    messages.push(
      `it contains ${ENVIRONMENT}, but there is no environment; set the definition's environment`,
    );
  }
  return problemsOf(messages);
}

/**
 * Compiles a key schema such as `APP_{{environment}}_{{secretKey}}`. `undefined` gives the identity.
 *
 * The template is trimmed and has at most 255 characters: `A-Z a-z 0-9 _ - /`, exactly one `{{secretKey}}` and any
 * number of `{{environment}}`. A match needs a non-empty secret part; where the prefix or the suffix contains a `/`,
 * the secret part contains none.
 *
 * @throws SecretSyncError `INVALID_KEY_SCHEMA`, with everything that is wrong; of a template that is too long, only that.
 */
export function compileKeySchema(
  template: string | undefined,
  options: { readonly environment?: string | undefined } = {},
): KeySchema {
  if (template === undefined) return identityKeySchema;
  const { environment } = { ...options };
  const problems = keySchemaProblems(template, environment);
  if (problems.length > 0)
    throw errorFromProblems('INVALID_KEY_SCHEMA', 'The key schema is not valid', problems);

  const trimmed = template.trim();
  const at = trimmed.indexOf(SECRET_KEY);
  const fill = (text: string) => text.split(ENVIRONMENT).join(environment ?? '');
  const prefix = fill(trimmed.slice(0, at));
  const suffix = fill(trimmed.slice(at + SECRET_KEY.length));
  const oneSegment = prefix.includes('/') || suffix.includes('/');
  const affixes = prefix.length + suffix.length;

  const secretOf = (key: string): string => key.slice(prefix.length, key.length - suffix.length);
  const match = (key: string): boolean =>
    key.length > affixes &&
    key.startsWith(prefix) &&
    key.endsWith(suffix) &&
    !(oneSegment && secretOf(key).includes('/'));
  return {
    template: trimmed,
    prefix,
    suffix,
    // Joined and not added up: engines keep a sum of texts in pieces, which makes each comparison of it slow.
    render: (sourceKey) => [prefix, sourceKey, suffix].join(''),
    match,
    strip: (key) => (match(key) ? secretOf(key) : undefined),
  };
}
