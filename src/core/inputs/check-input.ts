import type { ErrorProblem } from '../../contracts/error-codes.js';
import type { DestinationEntry } from '../../contracts/destination.js';
import { SecretValue } from '../../contracts/secret.js';
import { checkInput } from '../../shared/arguments/check.js';
import {
  aList,
  anIterable,
  anObject,
  isObject,
  optional,
  dataByKey,
  withMethods,
  type Rules,
} from '../../shared/arguments/rules.js';
import { errorFromProblems } from '../../shared/problems.js';
import { destinationEntries, type DestinationInput } from './destination-index.js';

/** What all pure functions that look at a destination take. */
const COMMON: Rules = {
  destination: dataByKey,
  keySchema: optional(withMethods('render', 'match', 'strip')),
  capabilities: optional(withMethods('checkKey', 'checkValue', 'isReserved')),
};

/** For those that look at what is remembered, too. */
export const REMEMBERED: Rules = {
  state: optional((value) => anObject(value) ?? listsProblem(value, ['syncs', 'entries', 'redeployDue'])),
  options: optional(anObject),
};

export const keysOf = optional(anIterable);

function listsProblem(value: unknown, names: readonly string[]): string | undefined {
  const wrong = names.filter((name) =>
    optional(aList)(isObject(value) ? Reflect.get(value, name) : undefined),
  );
  return wrong.length === 0 ? undefined : `its ${wrong.join(' and ')} must be lists`;
}

/**
 * Checks the input of a pure function that looks at a destination.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function checkPureInput(
  name: string,
  input: { readonly destination: DestinationInput },
  rules: Rules,
): void {
  checkInput(name, input, { ...COMMON, ...rules });
  checkEntries(destinationEntries(input.destination), `The arguments of ${name}() are not valid`);
}

const isValue = (value: unknown): boolean =>
  value === undefined ||
  typeof value === 'string' ||
  SecretValue.is(value) ||
  (isObject(value) && 'notAString' in value);

/**
 * Returns entries as they are, where all have a key and a value of the right types.
 *
 * @throws SecretSyncError `INVALID_OPTION` that names each that has not.
 */
export function checkEntries(
  entries: readonly DestinationEntry[],
  subject: string,
): readonly DestinationEntry[] {
  const problems = (entries as readonly unknown[]).flatMap((entry, index): ErrorProblem[] => {
    const key: unknown = isObject(entry) ? Reflect.get(entry, 'key') : undefined;
    if (isObject(entry) && typeof key === 'string' && isValue(Reflect.get(entry, 'value'))) return [];
    const message =
      typeof key === 'string'
        ? 'its value must be a string, a SecretValue, or absent'
        : 'it must have a key that is a string';
    return [{ code: 'INVALID_OPTION', path: `destination[${index}]`, message }];
  });
  if (problems.length === 0) return entries;
  throw errorFromProblems('INVALID_OPTION', subject, problems);
}
