import { describe, expect, it } from 'vitest';
import type { Capabilities } from '../../src/contracts/destination.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { planSync, type PlanSyncInput } from '../../src/core/plan-sync.js';

type Given = Omit<Partial<PlanSyncInput>, 'definition' | 'capabilities'> & {
  readonly capabilities?: Partial<Capabilities>;
  readonly keySchema?: string;
};

function planOf(
  { capabilities = {}, keySchema, ...given }: Given,
  invalidKeys: 'refuse' | 'skip' = 'refuse',
) {
  return planSync({
    definition: {
      name: 'nightly',
      syncOptions: {
        invalidKeys,
        deletionScope: 'matching',
        ...(keySchema === undefined ? {} : { keySchema }),
      },
    },
    source: {},
    destination: {},
    capabilities: { ...unrestrictedCapabilities, ...capabilities },
    ...given,
  });
}

const ignoresCase = { canonicalKey: (key: string) => key.toLowerCase() };

const cases: [title: string, given: Given, blocked: string[], message: RegExp][] = [
  [
    'a key that the source holds twice',
    {
      source: [
        ['A', '1'],
        ['B', '1'],
        ['A', '2'],
      ],
    },
    ['A duplicate-key'],
    /"A" more than once; keep one/,
  ],
  ['an empty key', { source: { '': '1' } }, [' invalid-key'], /empty; give it a name/],
  [
    'an empty key below a schema',
    { source: { '': '1' }, keySchema: 'APP_{{secretKey}}' },
    ['APP_ invalid-key'],
    /empty/,
  ],
  [
    'a key that the schema cannot read back',
    { source: { 'x/y': '1', z: '1' }, keySchema: 'p/{{secretKey}}' },
    ['p/x/y key-not-representable'],
    /can't be read back to "x\/y"; rename it/,
  ],
  [
    'a key that the destination cannot take',
    {
      source: { 'A-B': '1' },
      capabilities: { checkKey: (key) => (key.includes('-') ? 'use no dashes' : undefined) },
    },
    ['A-B invalid-key'],
    /can't take this key: use no dashes/,
  ],
  [
    'a value that the destination cannot take',
    {
      source: { A: '\0' },
      capabilities: { checkValue: (value) => (value === '\0' ? 'it holds a NUL' : undefined) },
    },
    ['A invalid-value'],
    /can't take its value: it holds a NUL/,
  ],
  [
    'keys that are one to the destination, both named',
    { source: { a: '1', A: '2', b: '1' }, capabilities: ignoresCase },
    ['A colliding-key', 'a colliding-key'],
    /"A", "a" are one key/,
  ],
  [
    'a value that is too long in bytes',
    { source: { A: 'ééé', B: 'eeeee' }, capabilities: { limits: { valueBytes: 5 } } },
    ['A limit-exceeded'],
    /6 bytes and the destination takes 5/,
  ],
  [
    'keys that are too many beside those that stand there, the last ones by name',
    {
      source: { D: '1', C: '1', A: '1' },
      destination: { A: '1', X: '1' },
      capabilities: { limits: { keys: 3 } },
    },
    ['D limit-exceeded'],
    /3 keys at most/,
  ],
];

describe('blocked is', () => {
  it.each(cases)('%s: a problem, and the plan is not applicable', (_title, given, blocked, message) => {
    const plan = planOf(given);
    expect(plan.problems.map(({ code, key, reason }) => `${code} ${key} ${reason}`)).toEqual(
      blocked.map((line) => `PLAN_BLOCKED ${line}`),
    );
    expect(
      plan.changes.filter(({ action }) => action === 'blocked').map(({ key, reason }) => `${key} ${reason}`),
    ).toEqual(blocked);
    expect(plan.problems[0]?.message).toMatch(message);
    expect(plan.applicable).toBe(false);
    expect(plan.summary.blocked).toBe(blocked.length);
  });

  it.each(cases)(
    '%s: with invalidKeys "skip" only a warning, and nothing else is withheld',
    (_title, given, blocked, message) => {
      const plan = planOf(given, 'skip');
      expect(plan.problems).toEqual([]);
      expect(plan.applicable).toBe(true);
      const skipped = plan.warnings.filter(({ code }) => code === 'KEY_SKIPPED');
      expect(skipped.map(({ key }) => key)).toEqual(blocked.map((line) => line.split(' ')[0]));
      expect(skipped[0]?.message).toMatch(message);
      expect(plan.summary.blocked).toBe(blocked.length);
    },
  );

  it('everything that is wrong at once, each key named', () => {
    const plan = planOf({
      source: [
        ['bad-key', '1'],
        ['', '1'],
        ['TWICE', '1'],
        ['TWICE', '2'],
        ['BAD_VALUE', '\0'],
        ['FINE', '1'],
      ],
      capabilities: {
        checkKey: (key) => (key.includes('-') ? 'no' : undefined),
        checkValue: (value) => (value === '\0' ? 'no' : undefined),
      },
    });
    expect(plan.problems.map(({ key }) => key)).toEqual(['', 'BAD_VALUE', 'TWICE', 'bad-key']);
    expect(plan.summary.create).toBe(1);
  });

  it('never what a skipped key stands for at the destination: it is not deleted', () => {
    const given: Given = {
      source: { A: '\0' },
      destination: { A: 'old' },
      capabilities: { checkValue: () => 'no' },
    };
    expect(planOf(given, 'skip').changes).toEqual([
      { key: 'A', sourceKey: 'A', action: 'blocked', reason: 'invalid-value' },
    ]);
  });

  it('not a long value of few bytes, nor one of exactly the limit', () => {
    expect(
      planOf({ source: { A: 'eeeee', B: 'éé' }, capabilities: { limits: { valueBytes: 5 } } }).problems,
    ).toEqual([]);
  });

  it('not a key that is one with an inherited or existing one where keys are limited', () => {
    const plan = planOf({
      source: { A: '1', B: '1' },
      destination: [
        { key: 'A', value: '0' },
        { key: 'B', value: '0', fixed: 'inherited' },
      ],
      capabilities: { limits: { keys: 2 } },
    });
    expect(plan.problems).toEqual([]);
    expect(plan.summary).toMatchObject({ create: 1, update: 1 });
  });

  it('a key that is only inherited, where creating it here is one too many', () => {
    const plan = planOf({
      source: { A: '1', B: '1' },
      destination: [
        { key: 'A', value: '0' },
        { key: 'B', value: '0', fixed: 'inherited' },
      ],
      capabilities: { limits: { keys: 1 } },
    });
    expect(plan.problems.map(({ key, reason }) => `${key} ${reason}`)).toEqual(['B limit-exceeded']);
  });
});
