import type { ErrorProblem } from '../../contracts/error-codes.js';
import { errorFromProblems } from '../problems.js';
import { problemsOfUnknown } from '../validation.js';
import { anObject, field, isObject, type Rules } from './rules.js';

/** Returns everything that is wrong with the fields of an object. What is no object has none of them. */
const fieldProblems = (given: unknown, rules: Rules): readonly ErrorProblem[] =>
  Object.entries(rules).flatMap(([path, [what, fits]]): ErrorProblem[] =>
    fits(field(given, path)) ? [] : [{ code: 'INVALID_OPTION', path, message: `it must be ${what}` }],
  );

/** Returns a problem for each option whose name is not known: a typo that would be ignored without a word. */
export function unknownOptions(options: unknown, known: readonly string[]): ErrorProblem[] {
  if (!isObject(options)) return [];
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  return problemsOfUnknown(unknown, [], { code: 'INVALID_OPTION' });
}

function assertNone(name: string, problems: readonly ErrorProblem[]): void {
  if (problems.length > 0)
    throw errorFromProblems('INVALID_OPTION', `The arguments of ${name}() are not valid`, problems);
}

/**
 * Checks the arguments of a public function by name, or the one object that it takes.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export const checkArguments = (name: string, given: unknown, rules: Rules): void =>
  assertNone(name, fieldProblems(given, rules));

/**
 * Checks the arguments of a public function, and its options, of which none may be unknown.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function checkCall(
  name: string,
  given: Readonly<Record<string, unknown>>,
  rules: Rules,
  options: unknown,
  optionRules: Rules,
): void {
  const [, isOptions] = anObject;
  assertNone(name, [
    ...fieldProblems(given, rules),
    ...(isOptions(options)
      ? [...fieldProblems(options, optionRules), ...unknownOptions(options, Object.keys(optionRules))]
      : fieldProblems({ options }, { options: anObject })),
  ]);
}
