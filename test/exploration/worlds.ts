import { plainCall } from '../simulation/settle.js';
import type { Call, Change } from '../simulation/steps.js';
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

export const WORLDS: readonly SmallWorld[] = [
  {
    name: 'one process, Hasura Cloud',
    syncs: [hasura('one', 'A_{{secretKey}}')],
    before: [empty(), set('K1', 'old'), set('K2', 'old'), call(0, 0), set('K1', 'new'), unset('K2')],
    processes: [[call(0, 0)]],
    budget: { crash: 1, lost: 1 },
  },
];
