import type { SyncOptionsInput } from '../../contracts/definition.js';
import type { DestinationEntry } from '../../contracts/destination.js';
import { SecretValue } from '../../contracts/secret.js';
import { checkInput } from '../../shared/arguments/check.js';
import {
  aFlag,
  anIterable,
  anObject,
  aString,
  field,
  isDataByKey,
  isObject,
  isRecord,
  oneOf,
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

export const listOf =
  (fits: (item: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || (Array.isArray(value) && value.every(fits));
export const named =
  (name: string) =>
  (item: unknown): boolean =>
    typeof field(item, name) === 'string';

/** Whether each list of the state of a place holds what the decisions rely on. */
export const isSyncs = listOf(named('syncId'));
export const isEntries = listOf((item) => named('key')(item) && named('syncId')(item));
export const isIds = listOf((item) => typeof item === 'string');

const isState = (value: unknown): boolean =>
  isRecord(value) && isSyncs(value['syncs']) && isEntries(value['entries']) && isIds(value['redeployDue']);

/** What is asked for beyond the keys: a word or a flag that is wrong must not leave a guard out. */
function optionRules(): { readonly [Name in keyof Required<SyncOptionsInput> | 'force']: Rule } {
  const flag = optional(aFlag);
  return {
    force: flag,
    initialSyncBehavior: optional(aString),
    autoSyncEnabled: flag,
    disableSecretDeletion: flag,
    keySchema: optional(aString),
    deletionScope: optional(oneOf('ask', 'matching', 'owned')),
    maxDeletions: optional([
      'an object with count and ratio, numbers from 0 on',
      (value) =>
        isRecord(value) &&
        Object.entries(value).every(
          ([name, limit]) => /^(?:count|ratio)$/.test(name) && (limit === undefined || Number(limit) >= 0),
        ),
    ]),
    allowEmptySource: flag,
    allowReplace: flag,
    invalidKeys: optional(oneOf('refuse', 'skip')),
    deleteLeftBehind: flag,
    redeploy: optional(aString),
  };
}

/** What all pure functions that look at a destination take beside it. */
const commonRules = (): Rules => ({
  state: optional(['an object with syncs, entries, redeployDue, as a store keeps them', isState]),
  keySchema: optional(withMethods('render', 'match', 'strip')),
  capabilities: optional(withMethods('checkKey', 'checkValue', 'isReserved')),
  options: optional(anObject),
});

/** Every field of these functions: what one of them does not read can be there for another. */
const FIELDS = [
  'syncId',
  'source',
  'desired',
  'unreadable',
  'duplicates',
  'destination',
  'state',
  'keySchema',
  'capabilities',
  'behavior',
  'options',
  'changes',
  'confirmDeletions',
];

export const keysOf = (): Rule => optional(anIterable);

/**
 * Checks the input of a pure function that looks at a destination, and returns its entries: they are read once, since
 * they can be many, and what is iterated can be at its end then.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function checkPureInput(
  name: string,
  input: unknown,
  rules: Rules,
  inner: Readonly<Record<string, Rules>> = {},
): readonly DestinationEntry[] {
  let entries: readonly DestinationEntry[] = [];
  const kind = field(field(input, 'capabilities'), 'kind');
  const destination: Rule = [
    'a record, a Map, pairs, or a list of entries, with keys and values that are strings',
    (value) => {
      if (!isDataByKey(value)) return false;
      entries = destinationEntries(value as DestinationInput, typeof kind === 'string' ? kind : undefined);
      return entries.every(isEntry);
    },
  ];
  checkInput(name, input, { destination, ...commonRules(), ...rules }, FIELDS, {
    options: optionRules(),
    ...inner,
  });
  return entries;
}
