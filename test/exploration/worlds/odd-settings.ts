import type { FirstStep, SmallWorld } from '../small-world.js';
import { A, call, empty, hand, ONE_CHANGED, OVERLAPPING, qovery, SAME, set, unset } from './make.js';

/** Puts something in the way at the Qovery environment. */
const odd = (key: string, oddity: number, replaces: boolean): FirstStep => ({
  do: 'hand',
  site: 'environment',
  edit: { edit: 'odd', key, oddity, replaces },
});
const atQovery = [qovery('one', A)] as const;
const AT_REST = [empty(), set('K1', 'old'), set('K2', 'old'), call(0, 0)];

/** What is special about these is what was there before, or what the process meets once. */
export const ODD_SETTINGS: readonly SmallWorld[] = [
  {
    name: 'plan, then a first sync, with a lost response',
    syncs: SAME,
    before: [empty(), set('K1', 'new'), { do: 'hand', site: 'hasura', edit: hand('set', 'A_K2') }],
    processes: [[call(0, 0, 'plan'), call(0, 0)]],
    budget: { lost: 1 },
  },
  {
    name: 'a write that is refused',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { others: [{ at: 'mutation', mishap: '400' }] },
  },
  {
    name: 'a request that is told to wait',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { others: [{ at: 'request', mishap: '429-retry-after' }], crash: 1 },
  },
  {
    name: 'a source that is read in part, or never',
    syncs: SAME,
    before: [...AT_REST, set('K1', 'new')],
    processes: [[call(0, 0)]],
    budget: {
      others: [
        { at: 'source-read', mishap: 'incomplete' },
        { at: 'source-read', mishap: 'never' },
      ],
    },
  },
  {
    name: 'one of two syncs wants a key no more, with a crash',
    syncs: OVERLAPPING,
    before: [
      ...[empty(), set('K1', 'old'), set('K2', 'old'), empty('right'), set('K1', 'old', 'right')],
      ...[call(0, 0), call(0, 1), unset('K1')],
    ],
    processes: [[call(0, 0)]],
    budget: { crash: 1 },
  },
  {
    name: 'an edited key schema, with a crash',
    syncs: SAME,
    before: [...AT_REST, { do: 'define', sync: 0, keySchema: 'B_{{secretKey}}', deleteLeftBehind: false }],
    processes: [[call(0, 0)]],
    budget: { crash: 1 },
  },
  {
    name: 'a part of the source that has become empty',
    syncs: SAME,
    before: [empty(), set('K1', 'old'), set('B_K1', 'old'), call(0, 0), unset('B_K1')],
    processes: [[call(0, 0)]],
    budget: { lost: 1 },
    hasParts: true,
  },
  {
    name: 'a place whose entries were claimed by a forged document',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { lost: 1 },
    forged: { document: 'state', forgery: 'claimed' },
  },
  {
    name: 'a place whose document was cut off',
    syncs: SAME,
    before: ONE_CHANGED,
    processes: [[call(0, 0)]],
    budget: { lost: 1 },
    forged: { document: 'state', forgery: 'cut-off' },
  },
  {
    name: 'what an alias depends on at Qovery, with a crash',
    syncs: atQovery,
    before: [...AT_REST, odd('A_K2', 0, false), unset('K2')],
    processes: [[call(0, 0)]],
    budget: { crash: 1 },
  },
  {
    name: 'a file in the way at Qovery',
    syncs: atQovery,
    before: [...AT_REST, odd('A_K1', 3, true), set('K1', 'new')],
    processes: [[call(0, 0)]],
    budget: { lost: 1 },
  },
  {
    name: "another system's entry in the way at Qovery",
    syncs: atQovery,
    before: [...AT_REST, odd('A_K1', 5, true), set('K1', 'new')],
    processes: [[call(0, 0)]],
    budget: { lost: 1 },
  },
  {
    name: 'an entry with a description at Qovery, with a crash',
    syncs: [qovery('one', A)],
    before: [
      ...[empty(), set('K1', 'new')],
      {
        do: 'hand',
        site: 'environment',
        edit: { edit: 'set', key: 'A_K1', value: 'by hand', kind: 'secret' },
      },
    ],
    processes: [[call(0, 0)]],
    budget: { crash: 1 },
  },
];
