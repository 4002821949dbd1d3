import type { ErrorProblem } from '../../contracts/error-codes.js';
import { errorFromProblems } from '../problems.js';
import { problemsOfUnknown } from '../validation.js';
import { anObject, field, isObject, isRecord, type Rules } from './rules.js';

/** Returns everything that is wrong with the fields of an object. What is no object has none of them. */
const fieldProblems = (given: unknown, rules: Rules, path: readonly string[] = []): readonly ErrorProblem[] =>
  Object.entries(rules).flatMap(([name, [what, fits]]): ErrorProblem[] =>
    fits(field(given, name))
      ? []
      : [{ code: 'INVALID_OPTION', path: [...path, name].join('.'), message: `it must be ${what}` }],
  );

/** Returns a problem for each option whose name is not known: a typo that would be ignored without a word. */
export function unknownOptions(
  options: unknown,
  known: readonly string[],
  path: readonly string[] = [],
): ErrorProblem[] {
  if (!isObject(options)) return [];
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  return problemsOfUnknown(unknown, path, { code: 'INVALID_OPTION' });
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
 * Checks the one object that a public function takes, and objects in it: none of them may have fields that are unknown.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export const checkInput = (
  name: string,
  given: unknown,
  rules: Rules,
  known: readonly string[],
  inner: Readonly<Record<string, Rules>>,
): void =>
  assertNone(name, [
    ...fieldProblems(given, rules),
    ...unknownOptions(given, known),
    ...Object.entries(inner).flatMap(([path, own]) => {
      const part = field(given, path);
      if (!isRecord(part)) return [];
      return [...fieldProblems(part, own, [path]), ...unknownOptions(part, Object.keys(own), [path])];
    }),
  ]);

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
