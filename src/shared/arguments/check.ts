import type { ErrorProblem } from '../../contracts/error-codes.js';
import { errorFromProblems } from '../problems.js';
import { anObject, isObject, type Rules } from './rules.js';

/** Returns everything that is wrong with the fields of an object. */
export function fieldProblems(given: unknown, rules: Rules, path = ''): readonly ErrorProblem[] {
  const code = 'INVALID_OPTION';
  if (!isObject(given) || Array.isArray(given)) {
    const message = given === undefined ? 'it is missing; pass an object' : 'it must be an object';
    return [path === '' ? { code, message } : { code, path, message }];
  }
  return Object.entries(rules).flatMap(([name, rule]): ErrorProblem[] => {
    const message = rule(Reflect.get(given, name));
    return message === undefined ? [] : [{ code, path: path === '' ? name : `${path}.${name}`, message }];
  });
}

/** Returns a problem for each option whose name is not known: a typo that would be ignored without a word. */
export function unknownOptions(options: unknown, known: readonly string[]): ErrorProblem[] {
  if (!isObject(options)) return [];
  return Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((path) => ({
      code: 'INVALID_OPTION',
      path,
      message: 'it is unknown; remove it, or correct its name',
    }));
}

function assertNone(problems: readonly ErrorProblem[], subject: string): void {
  if (problems.length > 0) throw errorFromProblems('INVALID_OPTION', `${subject} are not valid`, problems);
}

/**
 * Checks the arguments of a public function, by name.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export const checkArguments = (name: string, given: Readonly<Record<string, unknown>>, rules: Rules): void =>
  assertNone(fieldProblems(given, rules), `The arguments of ${name}()`);

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
  const problems = [
    ...fieldProblems(given, rules),
    ...(isObject(options) && !Array.isArray(options)
      ? [...fieldProblems(options, optionRules), ...unknownOptions(options, Object.keys(optionRules))]
      : fieldProblems({ options }, { options: anObject })),
  ];
  assertNone(problems, `The arguments of ${name}()`);
}

/**
 * Checks the one object that a public function takes.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export const checkInput = (name: string, input: unknown, rules: Rules): void =>
  assertNone(fieldProblems(input, rules), `The arguments of ${name}()`);
