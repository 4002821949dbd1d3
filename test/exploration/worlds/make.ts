import { plainCall } from '../../simulation/settle.js';
import type { Call, Change, HandEdit } from '../../simulation/steps.js';
import { MARK, type SyncSetting } from '../../simulation/world/setting.js';
import type { FirstStep } from '../small-world.js';

const value = (text: string) => `${MARK}${text}${MARK}`;
export const set = (key: string, text: string, location = 'left'): Change => ({
  do: 'set',
  location,
  key,
  value: value(text),
});
export const unset = (key: string, location = 'left'): Change => ({ do: 'unset', location, key });
export const empty = (location = 'left'): Change => ({ do: 'empty', location });
export const call = (
  worker: 0 | 1,
  sync: number,
  operation: Call['operation'] = 'sync',
  confirm = false,
): Call => ({
  ...plainCall(sync, operation, confirm),
  worker,
});
/** A call on the record of a sync. */
export const record = (worker: 0 | 1, sync: number, operation: 'sync' | 'release'): Call => ({
  ...call(worker, sync, operation),
  through: 'service',
});
/** A record is made of a sync that was synced. */
export const made = (sync: number): FirstStep => ({ do: 'record', call: call(0, sync) });
export const hasura = (name: string, keySchema: string, options = {}): SyncSetting => ({
  name,
  site: 'hasura',
  location: 'left',
  options: { keySchema, deletionScope: 'matching', maxDeletions: { count: 100, ratio: 1 }, ...options },
});

export const qovery = (name: string, keySchema: string, options = {}): SyncSetting => ({
  ...hasura(name, keySchema, options),
  site: 'environment',
  kind: 'secret',
});
export const hand = (edit: 'set' | 'delete', key: string): HandEdit => ({
  edit,
  key,
  value: value('hand'),
  kind: 'same',
});

/** Both keys are there; then one has changed, and the other is gone. */
export const ONE_CHANGED = [
  empty(),
  set('K1', 'old'),
  set('K2', 'old'),
  call(0, 0),
  set('K1', 'new'),
  unset('K2'),
];
/** The same for two syncs of two sources. */
export const BOTH_CHANGED = [
  ...[
    empty(),
    set('K1', 'old'),
    set('K2', 'old'),
    empty('right'),
    set('K1', 'old', 'right'),
    call(0, 0),
    call(0, 1),
  ],
  ...[set('K1', 'new'), unset('K2'), set('K1', 'other', 'right')],
];
export const A = 'A_{{secretKey}}';
export const DISJOINT = [
  hasura('one', A),
  { ...hasura('two', 'B_{{secretKey}}'), location: 'right' },
] as const;
export const OVERLAPPING = [
  hasura('one', A),
  { ...hasura('two', A, { deletionScope: 'owned' }), location: 'right' },
] as const;
export const SAME = [hasura('one', A)] as const;
