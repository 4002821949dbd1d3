import { describe, expect, it } from 'vitest';
import type { SyncPlan } from '../../src/contracts/plan.js';
import { SecretValue } from '../../src/contracts/secret.js';
import { createKeyring } from '../../src/core/fingerprint/keyring.js';
import { planSync, type PlanSyncInput } from '../../src/core/plan-sync.js';
import { assertNotStale, sameWrites } from '../../src/core/staleness.js';
import { plannedChange, type Step, type WriteStep } from '../../src/core/step.js';
import { inOneGo } from '../../src/shared/turns/turns.js';

const fingerprintKey = 'k'.repeat(32);

const importing = {
  name: 'nightly',
  syncOptions: { initialSyncBehavior: 'import-prioritize-source' },
} as const;
const redeploying = (redeploy: 'start' | 'wait') => ({ name: 'nightly', syncOptions: { redeploy } });

const planned = (more: Partial<PlanSyncInput>): SyncPlan =>
  planSync({ definition: { name: 'nightly' }, source: {}, destination: {}, fingerprintKey, ...more });

/** What is wrong with a plan whose decision comes out otherwise now; `taken` when nothing is. */
function compared(then: SyncPlan, now: SyncPlan, withImports = true): string | readonly string[] {
  try {
    inOneGo(assertNotStale(then, now, withImports));
    return 'taken';
  } catch (error) {
    expect(error).toMatchObject({
      code: 'PLAN_STALE',
      message: expect.stringMatching(
        /^The plan is out of date, and nothing was written; make a new plan:/,
      ) as unknown,
    });
    const { problems = [] } = error as {
      problems?: { code: string; key?: string; path?: string; message: string }[];
    };
    return problems.map(({ code, key, path, message }) => {
      expect(code).toBe('PLAN_STALE');
      return `${key ?? path}: ${message}`;
    });
  }
}

const MOVED = 'the value to be written, or what exists there, has changed since the plan was made';

describe('a plan that is compared with the same decision made now', () => {
  const ofBothKinds = {
    entries: ['one', 'two'].map((kind) => ({ key: 'A', kind, syncId: 'nightly' })),
  };
  const base: Partial<PlanSyncInput> = { source: { A: '1' }, destination: { A: '0' } };

  it.each<[string, Partial<PlanSyncInput>, Partial<PlanSyncInput>, string | readonly string[]]>([
    ['holds where all is as it was', base, base, 'taken'],
    [
      'holds where nothing is written',
      { source: { A: '1' }, destination: { A: '1' } },
      { source: { A: '2' }, destination: { A: '2' } },
      'taken',
    ],
    [
      'holds where another key is left alone',
      base,
      { ...base, source: { A: '1', B: '2' }, destination: { A: '0', B: '2' } },
      'taken',
    ],
    ['is stale where the value is another', base, { ...base, source: { A: '2' } }, [`A: ${MOVED}`]],
    ['is stale where the entry moved', base, { ...base, destination: { A: '9' } }, [`A: ${MOVED}`]],
    [
      'is stale where the action is another',
      base,
      { ...base, destination: {} },
      ['A: it was planned as update and would now be create'],
    ],
    [
      'is stale where there is nothing left to do',
      base,
      { ...base, destination: { A: '1' } },
      ['A: it was planned as update and would now be nothing to do'],
    ],
    [
      'is stale where there is more to do',
      base,
      { ...base, source: { A: '1', B: '2' } },
      ['B: it was planned as nothing to do and would now be create'],
    ],
    [
      'is stale where a key is blocked now',
      { source: { A: '1' }, destination: [{ key: 'A', value: '0' }] },
      { source: { A: '1' }, destination: [{ key: 'A', fixed: 'alias' }] },
      ['A: it was planned as update and would now be blocked'],
    ],
    [
      'names every key that moved, in order',
      { source: { B: '1', A: '1', C: '1' }, destination: {} },
      { source: { B: '2', A: '2', C: '1' }, destination: {} },
      [`A: ${MOVED}`, `B: ${MOVED}`],
    ],
    [
      'names every key that moved, in order, those that are new too',
      { source: { B: '1' }, destination: {} },
      { source: { B: '2', A: '1' }, destination: {} },
      ['A: it was planned as nothing to do and would now be create', `B: ${MOVED}`],
    ],
    [
      'is stale where one entry of a key has become two',
      { destination: [{ key: 'A', id: '1' }] },
      {
        destination: [
          { key: 'A', id: '1' },
          { key: 'A', id: '2' },
        ],
      },
      ['A: it was planned as delete and would now be delete and delete'],
    ],
    [
      'holds where two entries of a key are listed in another order',
      {
        destination: [
          { key: 'A', id: '1' },
          { key: 'A', id: '2' },
        ],
      },
      {
        destination: [
          { key: 'A', id: '2' },
          { key: 'A', id: '1' },
        ],
      },
      'taken',
    ],
    [
      'is stale where the entry is of another kind',
      {
        source: { B: '1' },
        destination: [
          { key: 'A', kind: 'one' },
          { key: 'B', value: '1' },
        ],
        state: ofBothKinds,
      },
      {
        source: { B: '1' },
        destination: [
          { key: 'A', kind: 'two' },
          { key: 'B', value: '1' },
        ],
        state: ofBothKinds,
      },
      [
        'A: it was planned as delete and would now be nothing to do',
        'A: it was planned as nothing to do and would now be delete',
      ],
    ],
  ])('%s', (_title, then, now, expected) => {
    expect(compared(planned(then), planned(now))).toEqual(expected);
  });

  it('is stale where an import is another, until the imports are written', () => {
    const made = (destination: Record<string, string>, source: Record<string, string> = {}) =>
      planned({ definition: importing, source, destination });
    const then = made({ A: '1' });
    expect(then.imports).toHaveLength(1);
    expect(compared(then, made({ A: '1' }))).toBe('taken');
    expect(compared(then, made({ A: '2' }))).toEqual([`A: ${MOVED}`]);
    expect(compared(then, made({ A: '2' }), false)).toBe('taken');
    expect(compared(then, made({}))).toEqual([
      'A: its import was planned as create and would now be nothing to do',
    ]);
    expect(compared(made({ A: '1' }, { A: '1' }), made({ A: '1' }, { A: '1' }))).toBe('taken');
    expect(compared(made({ A: '1', B: '1' }), made({ A: '1', B: '2' }))).toEqual([`B: ${MOVED}`]);
  });

  it('holds where an import moved that changes neither side', () => {
    const made = (B: string) =>
      planned({ definition: importing, source: { A: '1', B: '2' }, destination: { B } });
    const [then, now] = [made(''), made('2')];
    expect([then, now].map(({ imports }) => imports.map(({ action }) => action))).toEqual([['ignore'], []]);
    // What is written over it moved, which is another matter.
    expect(compared(then, now)).toEqual(['B: it was planned as update and would now be nothing to do']);
    const same = planned({ definition: importing, source: { A: '1' }, destination: {} });
    const ignoring = planned({
      definition: importing,
      source: { secrets: { A: '1' }, unreadable: ['C'] },
      destination: { C: '' },
    });
    expect(ignoring.imports.map(({ action }) => action)).toEqual(['ignore']);
    expect(compared(same, ignoring)).toBe('taken');
    expect(compared(ignoring, same)).toBe('taken');
  });

  it('is stale where what follows the writes is another, which is said only where no row moved', () => {
    const made = (redeploy: 'start' | 'wait' | undefined, A = '1') =>
      planned({
        ...base,
        source: { A },
        definition: redeploy === undefined ? { name: 'nightly' } : redeploying(redeploy),
      });
    expect(compared(made('start'), made('start'))).toBe('taken');
    expect(compared(made('start'), made('wait'))).toEqual([
      'after: the plan has a redeploy, and would now have a redeploy',
    ]);
    expect(compared(made('start'), made(undefined))).toEqual([
      'after: the plan has a redeploy, and would now have no follow-up',
    ]);
    expect(compared(made(undefined), made('wait'))).toEqual([
      'after: the plan has no follow-up, and would now have a redeploy',
    ]);
    expect(compared(made('start'), made('wait', '2'))).toEqual([`A: ${MOVED}`]);
  });
});

describe('two decisions', () => {
  const { current } = createKeyring(fingerprintKey);
  const step = (key: string, action: 'create' | 'keep' | 'delete', value = '1'): Step => ({
    change: plannedChange(key, undefined, action, 'missing'),
    after: new SecretValue(value),
  });
  const write = (key: string, action: 'create' | 'delete', value = '1'): WriteStep => ({
    ...step(key, action, value),
    change: { key, action, reason: 'missing' },
  });

  it.each<[string, readonly WriteStep[], readonly Step[], boolean]>([
    [
      'of the same writes, in any order',
      [write('A', 'create'), write('B', 'delete')],
      [step('B', 'delete'), step('A', 'create')],
      true,
    ],
    ['of which one also keeps a key', [write('A', 'create')], [step('A', 'create'), step('B', 'keep')], true],
    ['of which one writes more', [write('A', 'create')], [step('A', 'create'), step('B', 'create')], false],
    ['of which one writes less', [write('A', 'create')], [], false],
    ['of which one writes another value', [write('A', 'create')], [step('A', 'create', '2')], false],
    ['of which one writes another key', [write('A', 'create')], [step('B', 'create')], false],
  ])('%s', (_title, then, now, expected) => {
    expect(sameWrites(current, 'place', then, now)).toBe(expected);
  });
});
