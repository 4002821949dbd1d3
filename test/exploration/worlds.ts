import { plainCall } from '../simulation/settle.js';
import type { Call, Change, HandEdit } from '../simulation/steps.js';
import { MARK, type SyncSetting } from '../simulation/world/setting.js';
import type { SmallWorld } from './small-world.js';

const value = (text: string) => `${MARK}${text}${MARK}`;
const set = (key: string, text: string, location = 'left'): Change => ({
  do: 'set',
  location,
  key,
  value: value(text),
});
const unset = (key: string, location = 'left'): Change => ({ do: 'unset', location, key });
const empty = (location = 'left'): Change => ({ do: 'empty', location });
const call = (worker: 0 | 1, sync: number, operation: Call['operation'] = 'sync', confirm = false): Call => ({
  ...plainCall(sync, operation, confirm),
  worker,
});
const hasura = (name: string, keySchema: string, options = {}): SyncSetting => ({
  name,
  site: 'hasura',
  location: 'left',
  options: { keySchema, deletionScope: 'matching', maxDeletions: { count: 100, ratio: 1 }, ...options },
});

const qovery = (name: string, keySchema: string, options = {}): SyncSetting => ({
  ...hasura(name, keySchema, options),
  site: 'environment',
  kind: 'secret',
});
const hand = (edit: 'set' | 'delete', key: string): HandEdit => ({
  edit,
  key,
  value: value('hand'),
  kind: 'same',
});

/** Both keys are there; then one has changed, and the other is gone. */
const ONE_CHANGED = [empty(), set('K1', 'old'), set('K2', 'old'), call(0, 0), set('K1', 'new'), unset('K2')];
/** The same for two syncs of two sources. */
const BOTH_CHANGED = [
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
const A = 'A_{{secretKey}}';
const DISJOINT = [hasura('one', A), { ...hasura('two', 'B_{{secretKey}}'), location: 'right' }] as const;
const OVERLAPPING = [
  hasura('one', A),
  { ...hasura('two', A, { deletionScope: 'owned' }), location: 'right' },
] as const;
const SAME = [hasura('one', A)] as const;

/** All worlds that are walked, the smallest first. */
export const WORLDS: readonly SmallWorld[] = [
  {
    name: 'sync at Hasura Cloud, with a crash and a lost response',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { crash: 1, lost: 1 },
  },
  {
    name: 'sync at Hasura Cloud, with an edit by hand and a clock that is set or stops',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { clock: 1, hands: [hand('set', 'A_K1')] },
  },
  {
    name: 'sync at Qovery, with a crash',
    syncs: [qovery('one', A)],
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { crash: 1 },
  },
  {
    name: 'sync at Qovery, with a lost response',
    syncs: [qovery('one', A)],
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { lost: 1 },
  },
  {
    name: 'sync at Qovery, with an edit by hand and a clock that is set or stops',
    syncs: [qovery('one', A)],
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { clock: 1, hands: [hand('set', 'A_K1')] },
  },
  {
    name: 'apply of a saved plan, with an edit by hand',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0, 'apply')]],
    budget: { hands: [hand('set', 'A_K1')] },
  },
  {
    name: 'import, then sync, with a crash',
    syncs: [hasura('one', A, { initialSyncBehavior: 'import-prioritize-source' })],
    before: [empty(), set('K1', 'new'), { do: 'hand', site: 'hasura', edit: hand('set', 'A_K2') }],
    processes: [[call(0, 0), call(0, 0)]],
    budget: { crash: 1 },
  },
  {
    name: 'remove, with a crash and a lost response',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0, 'remove')]],
    budget: { crash: 1, lost: 1 },
  },
  {
    name: 'sync of a source that has become empty',
    syncs: SAME,
    before: [...ONE_CHANGED, empty()],
    processes: [[call(0, 0)]],
    budget: { lost: 1 },
  },
  {
    name: 'two processes, the same sync, with a stop or a set clock',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)], [call(1, 0)]],
    budget: { clock: 1 },
  },
  {
    name: 'two processes, disjoint syncs, with a crash',
    syncs: DISJOINT,
    before: BOTH_CHANGED,
    processes: [[call(0, 0)], [call(1, 1)]],
    budget: { crash: 1 },
  },
  {
    name: 'two processes, overlapping syncs',
    syncs: OVERLAPPING,
    before: BOTH_CHANGED,
    processes: [[call(0, 0)], [call(1, 1)]],
    budget: {},
  },
  {
    name: 'two processes, one syncs and one removes another sync, with a crash',
    syncs: OVERLAPPING,
    before: BOTH_CHANGED,
    processes: [[call(0, 0)], [call(1, 1, 'remove')]],
    budget: { crash: 1 },
  },
  {
    name: 'two processes, one syncs and one releases the same sync',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)], [call(1, 0, 'release')]],
    budget: {},
  },
];
