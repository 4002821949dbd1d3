import type { ChangeReason, PlannedImport } from '../contracts/plan.js';

/** Every reason of a planned change, in words that follow "KEY: ". */
export const CHANGE_REASON_WORDS: Readonly<Record<ChangeReason, string>> = {
  missing: 'not at the destination yet',
  'value-differs': 'the value differs',
  'changed-outside': 'changed at the destination since this sync wrote it',
  'not-verifiable': "can't be read back, and there is nothing remembered to compare it with",
  'kind-differs': 'exists in another kind',
  forced: 'written again, as requested',
  'value-equal': 'the value is equal',
  'fingerprint-equal': 'equal to what was written last',
  'absent-from-source': 'not in the source',
  'written-by-this-sync': 'written or adopted by this sync',
  'rendered-from-source': 'named after a key of the source',
  reserved: 'belongs to the platform',
  fixed: 'not a plain value of this place, or owned by another system',
  'other-scope': 'inherited from another scope',
  'other-kind': 'of another kind than this sync writes',
  'outside-schema': 'does not match the key schema',
  'deletion-disabled': 'deletions are disabled for this sync',
  'source-partial': 'not deleted, because the source was not read completely',
  'owned-by-other-sync': 'written by another sync',
  'wanted-by-other-sync': 'wanted by another sync',
  'has-dependents': 'aliases or overrides depend on it',
  'not-owned': 'neither written nor adopted by this sync',
  'not-a-string': 'not a string',
  'unreadable-at-source': 'the source could not read it',
  'key-not-representable': "the key schema can't be read back for it",
  'duplicate-key': 'the source has it more than once',
  'colliding-key': 'the destination takes it for the same key as another one',
  'invalid-key': "the destination can't take this key",
  'invalid-value': "the destination can't take this value",
  'limit-exceeded': 'more than the destination can hold',
  occupied: 'something that must not be overwritten exists there',
};

/** Every reason of a planned import, in words that follow "KEY: ". */
export const IMPORT_REASON_WORDS: Readonly<Record<PlannedImport['reason'], string>> = {
  'absent-from-source': 'only at the destination',
  'destination-wins': 'the value at the destination differs, and wins',
  'source-wins': 'the value at the source stays',
  'empty-at-destination': 'empty at the destination',
  'unreadable-at-source': 'the source could not read it',
};
