import type { SmallWorld } from '../small-world.js';
import { made, ONE_CHANGED, record, SAME } from './make.js';

const before = [...ONE_CHANGED, made(0)];

/** Processes of a service, which share its records. */
export const RECORDS: readonly SmallWorld[] = [
  {
    name: 'a job of a record, with a crash',
    syncs: SAME,
    before,
    processes: [[record(0, 0, 'sync')]],
    budget: { crash: 1 },
  },
  {
    name: 'deletion of a record, with a crash',
    syncs: SAME,
    before,
    processes: [[record(0, 0, 'release')]],
    budget: { crash: 1 },
  },
  {
    name: 'two processes do the same job of a record',
    syncs: SAME,
    before,
    processes: [[record(0, 0, 'sync')], [record(1, 0, 'sync')]],
    budget: {},
  },
  {
    name: 'two processes, one does a job of a record and one deletes it',
    syncs: SAME,
    before,
    processes: [[record(0, 0, 'sync')], [record(1, 0, 'release')]],
    budget: {},
  },
];
