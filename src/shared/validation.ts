import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { ErrorCode, ErrorProblem } from '../contracts/error-codes.js';
import { describeHidden, hidesNothing } from './hidden-input.js';
import { isRecord } from './arguments/rules.js';
import { errorFromProblems } from './problems.js';

export type Validated<Output> =
  { readonly value: Output; readonly problems?: undefined } | { readonly problems: readonly ErrorProblem[] };

/** How many unknown fields of one object are named. */
export const MOST_NAMED = 100;

const segmentOf = (segment: PropertyKey | StandardSchemaV1.PathSegment): PropertyKey =>
  typeof segment === 'object' ? segment.key : segment;

/** The value at a path of plain data; `undefined` where there is none. */
export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = Object.getOwnPropertyDescriptor(value, segment)?.value;
  }
  return value;
}

function joinPath(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((joined, segment) => {
    if (typeof segment === 'number') return `${joined}[${segment}]`;
    return joined === '' ? String(segment) : `${joined}.${String(segment)}`;
  }, root);
}

/** How input is validated, and how its problems are told. */
export interface ValidationOptions {
  readonly code: ErrorCode;
  /** The name of the input, which the paths of its problems begin with. Default: none. */
  readonly path?: string;
  /** The input may be a secret: nothing that could quote it is shown. Default: false. */
  readonly discreet?: boolean;
}

type Issue = StandardSchemaV1.Issue;

/** Zod puts the names of unknown fields beside the path of the object that has them. */
function unknownNames(issue: Issue): readonly string[] | undefined {
  const names: unknown = 'keys' in issue ? issue.keys : undefined;
  return Array.isArray(names) ? names.map(String) : undefined;
}

/** A problem for each unknown field, and one for all of those that are not named. */
export function problemsOfUnknown(
  names: readonly string[],
  path: readonly PropertyKey[],
  { code, path: root = '', discreet = false }: ValidationOptions,
): ErrorProblem[] {
  // A name can be a secret that was put in the wrong place; what looks like the name of a field is none.
  const shown = names.filter((name) => !discreet || /^[a-z][A-Za-z]{0,31}$/.test(name)).slice(0, MOST_NAMED);
  const problems = shown.map((name): ErrorProblem => {
    const message = 'it is unknown; remove it, or correct its name';
    return { code, path: joinPath(root, [...path, name]), message };
  });
  const rest = names.length - shown.length;
  if (rest === 0) return problems;
  const which = `${rest}${shown.length > 0 ? ' more' : ''}`;
  const message =
    rest === 1
      ? `it has ${which} field that is unknown; remove it`
      : `it has ${which} fields that are unknown; remove them`;
  return [...problems, { code, path: joinPath(root, path), message }];
}

/** What the issues of a validator say: every one, with its path. */
function problemsOf(
  issues: readonly Issue[],
  input: unknown,
  options: ValidationOptions,
): readonly ErrorProblem[] {
  const { code, path: root = '', discreet = false } = options;
  const isSafe = discreet ? hidesNothing(input) : () => true;
  return issues.flatMap((issue): ErrorProblem[] => {
    const path = (issue.path ?? []).map(segmentOf);
    const unknown = unknownNames(issue);
    if (unknown !== undefined) return problemsOfUnknown(unknown, path, options);
    const value = valueAt(input, path);
    const hidden = discreet ? describeHidden(value, path.at(-1)) : undefined;
    const told = isSafe(issue.message)
      ? issue.message
      : 'it is not valid; check it for missing and extra characters';
    const message = value === undefined ? 'it is missing; set it' : (hidden ?? told);
    return [{ code, path: joinPath(root, path), message }];
  });
}

/** Parses by a Standard Schema, and makes problems of its issues: every one, each with its path. */
export function validate<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  input: unknown,
  options: ValidationOptions,
): Validated<Output> {
  const { code, path = '' } = options;
  let result;
  try {
    result = schema['~standard'].validate(input);
  } catch {
    // What it throws can quote the input.
    return { problems: [{ code, path, message: 'its schema threw; make it return issues' }] };
  }
  if (result instanceof Promise) {
    // What becomes of it is ignored. Zod asks again, asynchronously, where a check threw.
    result.catch(() => undefined);
    return {
      problems: [
        {
          code,
          path,
          message: 'its schema is asynchronous or threw; make it return issues',
        },
      ],
    };
  }
  if (result.issues === undefined) return { value: result.value };
  return { problems: problemsOf(result.issues, input, options) };
}

/**
 * Parses what a public function was called with.
 *
 * @throws SecretSyncError `INVALID_OPTION` that begins with `subject` and names every problem.
 */
export function parseOptions<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  input: unknown,
  subject: string,
  options: Partial<ValidationOptions> = {},
): Output {
  const { path } = options;
  // Its fields would be read as if none were set: a Promise that no one awaited, or a signal in place of `{ signal }`.
  const isOfOtherKind =
    typeof input === 'object' && !Array.isArray(input) && input !== null && !isRecord(input);
  const message = 'it must be a plain object, such as { name: value }';
  const parsed = isOfOtherKind
    ? { problems: [{ code: 'INVALID_OPTION' as const, message, ...(path !== undefined && { path }) }] }
    : validate(schema, input, { code: 'INVALID_OPTION', ...options });
  if (parsed.problems === undefined) return parsed.value;
  throw errorFromProblems('INVALID_OPTION', subject, parsed.problems);
}
