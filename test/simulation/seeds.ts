import type { Bug } from './bugs/bugs.js';
import { plainCall } from './settle.js';
import type { Call, Step } from './steps.js';

/** A bug that a simulation found in the library, with the shortest script that shows it. */
export interface Found {
  /** The seed of the setting. */
  readonly seed: number;
  readonly steps: readonly Step[];
  /** Puts the bug back in. */
  readonly bug: Bug;
}

const call = (sync: number, fields: Partial<Call>): Call => ({ ...plainCall(sync, 'sync'), ...fields });

/** Seeds on which a simulation of some hundred steps once failed. */
export const SEEDS: readonly number[] = [7, 128, 3010, 3069, 4051, 5104, 200_106, 200_138, 500_028];

export const FOUND: readonly Found[] = [
  {
    seed: 128,
    steps: [call(51, { troubles: [{ at: 'mutation', nth: 1, times: 1, mishap: 'pause' }] })],
    bug: {
      name: 'what waited or is sent once more is not under the lease',
      edits: [{ file: 'engine/run/read.ts', find: 'onSend: () => lease?.check(),', replace: '' }],
    },
  },
  {
    seed: 2,
    steps: [
      { do: 'settle' },
      { do: 'unset', location: 'left', key: 'K4' },
      { do: 'set', location: 'left', key: 'K1', value: '' },
      call(0, { operation: 'apply', force: true }),
    ],
    bug: {
      name: 'what was forced is forced again when deletions are decided again',
      edits: [
        {
          file: 'engine/plan-and-apply.ts',
          find: 'const unforced = { ...request.options, force: false };',
          replace: 'const unforced = request.options;',
        },
      ],
    },
  },
  {
    seed: 7,
    steps: [
      call(46, {
        troubles: [
          { at: 'state-put', nth: 2, times: 1, mishap: 'fail-before' },
          {
            at: 'mutation',
            nth: 1,
            times: 1,
            mishap: 'hand',
            edit: { edit: 'odd', key: 'OTHER', oddity: 5, replaces: false },
          },
        ],
      }),
    ],
    bug: {
      name: 'the result of a save that fails after a conflict has no outcomes',
      edits: [
        {
          file: 'engine/apply/ledger.ts',
          find: "outcomes.push(ends.get(step) ?? outcomeOf(step, step.change.action, 'withheld'));",
          replace: 'outcomes.push(...[ends.get(step)].filter(Boolean));',
        },
      ],
    },
  },
  {
    seed: 200_106,
    steps: [
      call(27, { troubles: [{ at: 'mutation', nth: 3, times: 1, mishap: '429-reset' }] }),
      { do: 'jump', ms: -3_600_000 },
      call(27, { operation: 'remove' }),
    ],
    bug: {
      name: 'who was told to wait waits an hour more when the clock is set back',
      edits: [
        { file: 'http/pacing/steady-time.ts', find: 'ahead += Math.max(latest - shown, 0);', replace: '' },
      ],
    },
  },
  {
    seed: 128,
    steps: [call(51, { troubles: [{ at: 'state-put', nth: 1, times: 1, mishap: 'fail-before' }] })],
    bug: {
      name: 'the outcomes of an intent that was not saved name no kind',
      edits: [
        {
          file: 'engine/apply/ledger.ts',
          find: "ends.get(step) ?? outcomeOf(step, step.change.action, 'withheld')",
          replace:
            "ends.get(step) ?? { ...outcomeOf(step, step.change.action, 'withheld'), kind: undefined }",
        },
      ],
    },
  },
];
