import type { SmallWorld } from '../small-world.js';
import { A, call, empty, hand, hasura, ONE_CHANGED, qovery, SAME, set } from './make.js';

/** One process, with what can go wrong. */
export const ONE_PROCESS: readonly SmallWorld[] = [
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
    name: 'import on demand, with a crash and a lost response',
    syncs: SAME,
    before: [...ONE_CHANGED, { do: 'hand', site: 'hasura', edit: hand('set', 'A_K1') }],
    processes: [[call(0, 0, 'import')]],
    budget: { crash: 1, lost: 1 },
  },
  {
    name: 'apply of a saved plan at Qovery, with a crash',
    syncs: [qovery('one', A)],
    before: ONE_CHANGED,
    processes: [[call(0, 0, 'apply')]],
    budget: { crash: 1 },
  },
  {
    name: 'release, with a crash and a lost response',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0, 'release')]],
    budget: { crash: 1, lost: 1 },
  },
  {
    name: 'sync of a source that has become empty',
    syncs: SAME,
    before: [...ONE_CHANGED, empty()],
    processes: [[call(0, 0)]],
    budget: { lost: 1 },
  },
];
