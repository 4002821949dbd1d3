import type { DestinationEntry } from '../../contracts/destination.js';
import { SecretValue } from '../../contracts/secret.js';
import { checkArguments } from '../../shared/arguments/check.js';
import {
  anIterable,
  anObject,
  field,
  isObject,
  optional,
  withMethods,
  type Rule,
  type Rules,
} from '../../shared/arguments/rules.js';
import { destinationEntries, type DestinationInput } from './destination-index.js';

/** Whether it is what a value of a secret is given as. */
export const isText = (value: unknown): boolean => typeof value === 'string' || SecretValue.is(value);

/** Whether an entry has a key and a value of the right types; one that can't be read has no value. */
export function isEntry(entry: unknown): boolean {
  const value = field(entry, 'value');
  const isValue = value === undefined || isText(value) || (isObject(value) && 'notAString' in value);
  return typeof field(entry, 'key') === 'string' && isValue;
}

const LISTS = ['syncs', 'entries', 'redeployDue'];

/** What all pure functions that look at a destination take beside it. */
const COMMON: Rules = {
  state: optional([
    `an object whose ${LISTS.join(', ')} are lists`,
    (value) => isObject(value) && LISTS.every((name) => Array.isArray(field(value, name) ?? [])),
  ]),
  keySchema: optional(withMethods('render', 'match', 'strip')),
  capabilities: optional(withMethods('checkKey', 'checkValue', 'isReserved')),
  options: optional(anObject),
};

export const keysOf = optional(anIterable);

/**
 * Checks the input of a pure function that looks at a destination, and returns its entries: they are read once, since
 * they can be many, and what is iterated can be at its end then.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function checkPureInput(name: string, input: unknown, rules: Rules): readonly DestinationEntry[] {
  let entries: readonly DestinationEntry[] = [];
  const kind = field(field(input, 'capabilities'), 'kind');
  const destination: Rule = [
    'a record, a Map, pairs, or a list of entries, with keys and values that are strings',
    (value) => {
      if (!isObject(value)) return false;
      entries = destinationEntries(value as DestinationInput, typeof kind === 'string' ? kind : undefined);
      return entries.every(isEntry);
    },
  ];
  checkArguments(name, input, { destination, ...COMMON, ...rules });
  return entries;
}
