import type { StandardSchemaV1 } from '@standard-schema/spec';
import { quoteList } from './text.js';
import type { ErrorCode, ErrorProblem } from '../contracts/error-codes.js';
import * as z from 'zod/mini';
import { errorFromProblems } from './problems.js';

export type Validated<Output> =
  { readonly value: Output; readonly problems?: undefined } | { readonly problems: readonly ErrorProblem[] };

const segmentOf = (segment: PropertyKey | StandardSchemaV1.PathSegment): PropertyKey =>
  typeof segment === 'object' ? segment.key : segment;

/** What stands at a path of plain data; `undefined` where nothing does. */
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

/**
 * Parses by a Standard Schema and turns its issues into problems: every one, each with its path. `discreet`: the
 * input may be a secret, so that the validator's own words and the names of unknown fields, which can quote it, are not
 * shown.
 */
export function validate<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  input: unknown,
  { code, path: root = '', discreet = false }: { code: ErrorCode; path?: string; discreet?: boolean },
): Validated<Output> {
  let result;
  try {
    result = schema['~standard'].validate(input);
  } catch {
    // What it throws can quote the input.
    return { problems: [{ code, path: root, message: 'its schema threw; make it answer issues' }] };
  }
  if (result instanceof Promise) {
    // Nobody waits for what becomes of it.
    result.catch(() => undefined);
    return { problems: [{ code, path: root, message: 'its schema is asynchronous; make it synchronous' }] };
  }
  if (result.issues === undefined) return { value: result.value };
  const problems = result.issues.flatMap((issue): ErrorProblem[] => {
    const path = (issue.path ?? []).map(segmentOf);
    // Zod puts the names of unknown fields beside the path of the object that holds them.
    const unknown: unknown = 'keys' in issue ? issue.keys : undefined;
    if (Array.isArray(unknown) && discreet) {
      const message = 'it has a field that is unknown; see its type for those that it can have';
      return [{ code, path: joinPath(root, path), message }];
    }
    if (Array.isArray(unknown)) {
      const message = 'it is unknown; remove it, or correct its name';
      return unknown.map((name) => ({ code, path: joinPath(root, [...path, String(name)]), message }));
    }
    const isMissing = valueAt(input, path) === undefined;
    const invalid = discreet ? 'it is not valid; see the type of this field' : issue.message;
    return [{ code, path: joinPath(root, path), message: isMissing ? 'it is missing; set it' : invalid }];
  });
  return { problems };
}

/** The error of a strict zod object: names the fields that it does not know, and the remedy. */
export const unknownFields = {
  error: (issue: { readonly code?: string; readonly keys?: unknown }): string =>
    issue.code === 'unrecognized_keys' && Array.isArray(issue.keys)
      ? `unknown: ${quoteList(issue.keys.map(String))}; remove it, or correct its name`
      : 'it must be an object',
};

/** Parses an argument of a public function: `INVALID_OPTION` that names every problem and quotes nothing. */
export function parseArgument<Output>(
  schema: z.ZodMiniType<Output>,
  input: unknown,
  subject: string,
): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }): ErrorProblem => {
    const where = path.map(String).join('.');
    return { code: 'INVALID_OPTION', message, ...(where !== '' && { path: where }) };
  });
  throw errorFromProblems('INVALID_OPTION', subject, problems);
}

export const atLeast = (least: number, unit = '') =>
  z.int(`it must be a whole number${unit}`).check(z.minimum(least, `it must be at least ${least}`));

export const withMethods = (...names: readonly string[]) =>
  z.custom<unknown>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      names.every((name) => typeof Reflect.get(value, name) === 'function'),
    `it must be an object with ${names.map((name) => `${name}()`).join(', ')}`,
  );
