import { checkArguments } from '../../shared/arguments/check.js';
import { anObject } from '../../shared/arguments/rules.js';
import { compileKeySchema } from './key-schema.js';

/** The part of a definition that decides which keys a sync writes and deletes. */
export interface KeySchemaOf {
  /** The template. Absent: keys stay as they are. */
  readonly keySchema?: string | undefined;
  /** What `{{environment}}` stands for. */
  readonly environment?: string | undefined;
}

const longer = (first: string, second: string): string => (first.length >= second.length ? first : second);

/** The shortest strings that begin with `start` and end with `end`: with a part between, side by side, overlapping. */
function* joined(start: string, end: string): Generator<string> {
  yield `${start}X${end}`;
  for (let overlap = 0; overlap <= Math.min(start.length, end.length); overlap += 1) {
    if (start.endsWith(end.slice(0, overlap))) yield start + end.slice(overlap);
  }
}

/**
 * Returns a key that two syncs into one place can both match, and so write or delete; `undefined` where there is none.
 * Exact: where it returns `undefined`, no key matches both. (A key that a schema renders but does not match is never
 * written.)
 *
 * | first | second | both match |
 * |---|---|---|
 * | no schema | any | what the second matches: `APP_X` |
 * | `APP_{{secretKey}}` | the same | `APP_X` |
 * | `APP_{{secretKey}}` | `APP_EU_{{secretKey}}` | `APP_EU_X`: one prefix begins with the other |
 * | `APP_{{secretKey}}` | `WEB_{{secretKey}}` | nothing: no prefix begins with the other |
 * | `{{secretKey}}_A` | `{{secretKey}}_B` | nothing: no suffix ends with the other |
 * | `APP_{{secretKey}}` | `{{secretKey}}_EU` | `APP_X_EU`: a prefix and a suffix always meet |
 * | `{{environment}}_{{secretKey}}` in dev | the same in prod | nothing |
 * | `app/{{secretKey}}` | `app/eu/{{secretKey}}` | nothing: next to a `/`, the secret part contains none |
 * | `app{{secretKey}}` | `app/eu/{{secretKey}}` | `app/eu/X` |
 * | `p{{secretKey}}/x` | `pQ/{{secretKey}}` | `pQ/x`: where one's suffix is the other's secret part |
 *
 * @throws SecretSyncError `INVALID_KEY_SCHEMA`; `INVALID_OPTION` for what is not an object.
 */
export function crossSyncConflict(first: KeySchemaOf, second: KeySchemaOf): string | undefined {
  checkArguments('crossSyncConflict', { first, second }, { first: anObject, second: anObject });
  const compile = ({ keySchema, environment }: KeySchemaOf) => compileKeySchema(keySchema, { environment });
  const [one, other] = [compile(first), compile(second)];
  for (const key of joined(longer(one.prefix, other.prefix), longer(one.suffix, other.suffix))) {
    if (one.match(key) && other.match(key)) return key;
  }
  return undefined;
}
