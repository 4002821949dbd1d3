import type { HasuraCloudProjectSetup } from '../../../src/testing/emulators/hasura-cloud/state.js';
import { CONFIRM, type ReferenceCase } from './cases.js';

/** What is at Hasura Cloud in a case. */
export interface HasuraCloudWorld extends Omit<HasuraCloudProjectSetup, 'name'> {
  readonly token?: 'not accepted';
  /** Someone else changes the environment between the read and the write, once. */
  readonly isChangedMeanwhile?: true;
}

const FOO = { FOO: 'bar' };
const RESERVED = 'HASURA_GRAPHQL_LOG_LEVEL';
const HAS_RESERVED = { environment: { [RESERVED]: 'warn' } };
const MATCHING = { deletionScope: 'matching' } as const;

export const HASURA_CLOUD_CASES: readonly ReferenceCase<HasuraCloudWorld>[] = [
  {
    situation: 'a variable is missing',
    key: 'FOO',
    source: FOO,
    world: {},
    theirs: 'created',
    ours: 'created',
  },
  {
    situation: 'a variable has another value',
    key: 'FOO',
    source: FOO,
    world: { environment: { FOO: 'old' } },
    theirs: 'updated',
    ours: 'updated',
  },
  {
    situation: 'all variables have the wanted values',
    key: 'FOO',
    source: FOO,
    world: { environment: { FOO: 'bar' } },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'a variable has the wanted value, and another one does not',
    key: 'FOO',
    source: { ...FOO, OTHER: 'new' },
    world: { environment: { FOO: 'bar', OTHER: 'old' } },
    theirs: 'updated',
    ours: 'left alone',
    why: 'only what has changed is sent',
  },
  {
    situation: 'Hasura Cloud shows a value as something other than a string (`true`)',
    key: 'FLAG',
    source: { FLAG: 'true' },
    world: { environment: { FLAG: true } },
    theirs: 'refused',
    ours: 'left alone',
    why: 'the service retypes values; one whose JSON is the wanted string is equal',
  },
  {
    situation: 'a variable is not in the source, without a key schema',
    key: 'OLD',
    source: FOO,
    world: { environment: { OLD: 'x' } },
    theirs: 'deleted',
    ours: 'refused, DELETION_REFUSED',
    why: CONFIRM,
  },
  {
    situation: 'the same, where it matches a key schema',
    key: 'APP_OLD',
    source: FOO,
    syncOptions: { keySchema: 'APP_{{secretKey}}' },
    world: { environment: { APP_OLD: 'x' } },
    theirs: 'deleted',
    ours: 'deleted',
  },
  {
    situation: 'the same, where it does not match the key schema',
    key: 'OLD',
    source: FOO,
    syncOptions: { keySchema: 'APP_{{secretKey}}' },
    world: { environment: { OLD: 'x' } },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'the same, where deletion is disabled',
    key: 'OLD',
    source: FOO,
    syncOptions: { disableSecretDeletion: true },
    world: { environment: { OLD: 'x' } },
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'a `HASURA_*` key is not in the source',
    key: RESERVED,
    source: FOO,
    syncOptions: MATCHING,
    world: HAS_RESERVED,
    theirs: 'left alone',
    ours: 'left alone',
  },
  {
    situation: 'a `HASURA_*` key is in the source',
    key: RESERVED,
    source: { [RESERVED]: 'info' },
    world: HAS_RESERVED,
    theirs: 'updated',
    ours: 'updated',
  },
  {
    situation: 'the variables of a sync are removed',
    key: 'FOO',
    source: FOO,
    earlier: FOO,
    operation: 'remove',
    world: {},
    theirs: 'deleted',
    ours: 'deleted',
  },
  {
    situation: 'the same, for a `HASURA_*` key',
    key: RESERVED,
    source: { [RESERVED]: 'info' },
    earlier: { [RESERVED]: 'info' },
    operation: 'remove',
    world: {},
    theirs: 'deleted',
    ours: 'left alone',
    why: 'keys of the platform are never deleted',
  },
  {
    situation: 'variables are imported',
    key: 'FOO',
    source: {},
    operation: 'import',
    world: { environment: FOO },
    theirs: 'imported',
    ours: 'imported',
  },
  {
    situation: 'the same, for a `HASURA_*` key',
    key: RESERVED,
    source: {},
    operation: 'import',
    world: HAS_RESERVED,
    theirs: 'imported',
    ours: 'left alone',
    why: 'settings of the platform are not secrets of the source',
  },
  {
    situation: 'the environment is changed between read and write',
    key: 'FOO',
    source: FOO,
    syncOptions: { disableSecretDeletion: true },
    world: { isChangedMeanwhile: true },
    theirs: 'refused',
    ours: 'created',
    why: 'it is read and decided again, a limited number of times',
  },
  {
    situation: 'the project has no tenant',
    key: 'FOO',
    source: FOO,
    world: { tenantId: null },
    theirs: 'refused',
    ours: 'refused, NOT_FOUND',
  },
  {
    situation: 'the token is not accepted, which comes with status 200',
    key: 'FOO',
    source: FOO,
    world: { token: 'not accepted' },
    theirs: 'refused',
    ours: 'refused, UNAUTHORIZED',
  },
];
