import type { ErrorProblem } from '../contracts/error-codes.js';

/** Returns a problem for each option whose name is not known: a typo that would be ignored without a word. */
export function unknownOptions(options: unknown, known: readonly string[]): ErrorProblem[] {
  if (typeof options !== 'object' || options === null) return [];
  return Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((path) => ({
      code: 'INVALID_OPTION',
      path,
      message: 'it is unknown; remove it, or correct its name',
    }));
}
