import type { z } from '@hono/zod-openapi';
import type { ErrorCode, ErrorProblem } from '../contracts/error-codes.js';
import { errorFromProblems } from '../shared/problems.js';
import { MOST_NAMED, validate } from '../shared/validation.js';

/**
 * Parses input strictly.
 *
 * @throws SecretSyncError with every problem, each with its path.
 */
export function parseStrictly<Output>(
  schema: z.ZodType<Output>,
  input: unknown,
  subject: string,
  code: ErrorCode = 'INVALID_OPTION',
): Output {
  const parsed = validate(schema, input, { code });
  if (parsed.problems === undefined) return parsed.value;
  throw errorFromProblems(code, subject, parsed.problems);
}

/**
 * Parses a query string: what is unknown, given twice or not as documented is refused.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with every problem.
 */
export function parseQuery<Output>(schema: z.ZodType<Output>, url: string): Output {
  const { searchParams } = new URL(url);
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const name of searchParams.keys()) (once.has(name) ? twice : once).add(name);
  const problems = [...twice].slice(0, MOST_NAMED).map((path): ErrorProblem => ({
    code: 'INVALID_OPTION',
    path,
    message: 'it is given twice; give it once',
  }));
  if (problems.length > 0) throw errorFromProblems('INVALID_OPTION', SUBJECT, problems);
  return parseStrictly(schema, Object.fromEntries(searchParams), SUBJECT);
}

const SUBJECT = 'The query string is not valid';
