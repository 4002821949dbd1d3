import type { QoveryVariableType } from '../../../src/drivers/qovery/index.js';
import type { QoveryVariableSetup } from '../../../src/testing/emulators/qovery/types.js';
import { CONFIRM, type ReferenceCase } from './cases.js';

/** What is at Qovery in a case. */
export interface QoveryWorld {
  readonly kind: QoveryVariableType;
  /** Default: `environment`. */
  readonly scope?: 'project' | 'environment';
  /** Entries of the place itself, of the kind that is synced unless they say otherwise. */
  readonly entries?: readonly Omit<QoveryVariableSetup, 'parent_id'>[];
  /** Entries of the place above it. */
  readonly elsewhere?: readonly Omit<QoveryVariableSetup, 'parent_id'>[];
  /** How many requests get status 429, from the first one on. */
  readonly tooMany?: number;
  readonly instanceUrl?: 'with a slash at its end' | 'not allowed to be private';
}

const FOO = { FOO: 'bar' };
const SECRET: QoveryWorld = { kind: 'secret' };
const VARIABLE: QoveryWorld = { kind: 'variable' };
const OLD = [{ key: 'OLD', value: 'x' }];

export const QOVERY_CASES: readonly ReferenceCase<QoveryWorld>[] = [
  ...(['project', 'environment'] as const).flatMap((scope) =>
    (['secret', 'variable'] as const).map((kind) => ({
      situation: `a ${kind} is missing in the ${scope}`,
      key: 'FOO',
      source: FOO,
      world: { scope, kind },
      theirs: 'created' as const,
      ours: 'created' as const,
    })),
  ),
  {
    situation: 'the URL of a self-hosted instance ends with a slash',
    key: 'FOO',
    source: FOO,
    world: { ...SECRET, instanceUrl: 'with a slash at its end' },
    theirs: 'created',
    ours: 'created',
  },
  {
    situation: 'the URL leads to a private address',
    key: 'FOO',
    source: FOO,
    world: { ...SECRET, instanceUrl: 'not allowed to be private' },
    theirs: 'refused',
    ours: 'refused, UNSAFE_URL',
  },
  {
    situation: 'a variable has another value',
    key: 'FOO',
    source: FOO,
    world: { ...VARIABLE, entries: [{ key: 'FOO', value: 'old' }] },
    theirs: 'updated',
    ours: 'updated',
  },
  {
    situation: 'a variable has the wanted value',
    key: 'FOO',
    source: FOO,
    world: { ...VARIABLE, entries: [{ key: 'FOO', value: 'bar' }] },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'a variable has the wanted value, in a list of 250',
    key: 'KEY_249',
    source: { KEY_249: 'x' },
    syncOptions: { disableSecretDeletion: true },
    world: {
      ...VARIABLE,
      entries: Array.from({ length: 250 }, (_, index) => ({ key: `KEY_${index}`, value: 'x' })),
    },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'a secret exists at the first run',
    key: 'FOO',
    source: FOO,
    world: { ...SECRET, entries: [{ key: 'FOO', value: 'bar' }] },
    theirs: 'updated',
    ours: 'updated',
  },
  {
    situation: 'a secret was written by an earlier run, and nothing has changed',
    key: 'FOO',
    source: FOO,
    earlier: FOO,
    world: SECRET,
    theirs: 'updated',
    ours: 'left alone',
    why: 'its fingerprint and its revision are remembered',
  },
  {
    situation: 'the source no longer has what the sync wrote',
    key: 'OLD',
    source: FOO,
    earlier: { ...FOO, OLD: 'x' },
    world: SECRET,
    theirs: 'deleted',
    ours: 'deleted',
  },
  {
    situation: 'a secret is not in the source, at the first run without a key schema',
    key: 'OLD',
    source: FOO,
    world: { ...SECRET, entries: OLD },
    theirs: 'deleted',
    ours: 'refused, DELETION_REFUSED',
    why: CONFIRM,
  },
  {
    situation: 'the same, where it matches a key schema',
    key: 'APP_OLD',
    source: FOO,
    syncOptions: { keySchema: 'APP_{{secretKey}}' },
    world: { ...SECRET, entries: [{ key: 'APP_OLD', value: 'x' }] },
    theirs: 'deleted',
    ours: 'deleted',
  },
  {
    situation: 'the same, where it does not match the key schema',
    key: 'OLD',
    source: FOO,
    syncOptions: { keySchema: 'APP_{{secretKey}}' },
    world: { ...SECRET, entries: OLD },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'the same, where deletion is disabled',
    key: 'OLD',
    source: FOO,
    syncOptions: { disableSecretDeletion: true },
    world: { ...SECRET, entries: OLD },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'the source is empty',
    key: 'APP_OLD',
    source: {},
    syncOptions: { keySchema: 'APP_{{secretKey}}' },
    world: { ...SECRET, entries: [{ key: 'APP_OLD', value: 'x' }] },
    theirs: 'deleted',
    ours: 'refused, DELETION_REFUSED',
    why: 'an empty source is usually a mistake; `allowEmptySource` allows it',
  },
  {
    situation: 'an entry is built in',
    key: 'BUILTIN',
    source: FOO,
    syncOptions: { deletionScope: 'matching' },
    world: { ...SECRET, entries: [{ key: 'BUILTIN', scope: 'BUILT_IN', variable_type: 'BUILT_IN' }] },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'an entry is of another level',
    key: 'INHERITED',
    source: FOO,
    syncOptions: { deletionScope: 'matching' },
    world: { ...SECRET, elsewhere: [{ key: 'INHERITED', value: 'x' }] },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'the secrets of a sync are removed',
    key: 'FOO',
    source: FOO,
    earlier: FOO,
    operation: 'remove',
    world: SECRET,
    theirs: 'deleted',
    ours: 'deleted',
  },
  {
    situation: 'the same, for a secret that is not of the source',
    key: 'BAR',
    source: FOO,
    earlier: FOO,
    operation: 'remove',
    syncOptions: { disableSecretDeletion: true },
    world: { ...SECRET, entries: [{ key: 'BAR', value: 'x' }] },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'the same, where the sync never ran',
    key: 'FOO',
    source: FOO,
    operation: 'remove',
    world: { ...SECRET, entries: [{ key: 'FOO', value: 'bar' }] },
    theirs: 'deleted',
    ours: 'refused, DELETION_REFUSED',
    why: 'what someone else wrote under the same key is deleted only when that is confirmed',
  },
  {
    situation: 'Qovery says 429 to the list, once',
    key: 'FOO',
    source: FOO,
    world: { ...SECRET, tooMany: 1 },
    theirs: 'created',
    ours: 'created',
  },
  {
    situation: 'Qovery says 429 to the list, again and again',
    key: 'FOO',
    source: FOO,
    world: { ...SECRET, tooMany: 100 },
    theirs: 'refused',
    ours: 'refused, RATE_LIMITED',
  },
  {
    situation: 'secrets are to be imported',
    key: 'FOO',
    source: {},
    operation: 'import',
    world: { ...SECRET, entries: [{ key: 'FOO', value: 'bar' }] },
    theirs: 'refused',
    ours: 'refused, IMPORT_NOT_SUPPORTED',
  },
];
