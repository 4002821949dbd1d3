import type { SmallWorld } from '../small-world.js';
import { BOTH_CHANGED, call, DISJOINT, hand, ONE_CHANGED, OVERLAPPING, SAME } from './make.js';

/** Two processes: every order of their steps. */
export const TWO_PROCESSES: readonly SmallWorld[] = [
  {
    name: 'two machines whose clocks differ, the same sync',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)], [call(1, 0)]],
    budget: {},
    clocksApart: 3_600_000,
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
    name: 'two processes, one applies a saved plan and one syncs the same sync',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0, 'apply')], [call(1, 0)]],
    budget: {},
  },
  {
    name: 'two processes, one syncs and one imports for the same sync',
    syncs: SAME,
    before: [...ONE_CHANGED, { do: 'hand', site: 'hasura', edit: hand('set', 'A_K3') }],
    processes: [[call(0, 0)], [call(1, 0, 'import')]],
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
