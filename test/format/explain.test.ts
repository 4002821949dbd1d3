import { describe, expect, it } from 'vitest';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { explain } from '../../src/format/explain.js';
import { planSync, type PlanSyncInput } from '../../src/core/plan-sync.js';

const planOf = (input: Omit<PlanSyncInput, 'definition'> & Pick<Partial<PlanSyncInput>, 'definition'>) =>
  planSync({ definition: { name: 'nightly', syncOptions: { keySchema: '{{secretKey}}' } }, ...input });

const twoKinds = { ...unrestrictedCapabilities, kind: 'secret' };

describe('the explanation of a key', () => {
  it.each<[string, Omit<PlanSyncInput, 'definition'>, string]>([
    [
      'that is created',
      { source: { A: '1' }, destination: {} },
      '"A" is created: not at the destination yet.',
    ],
    [
      'that is updated',
      {
        source: { A: '1' },
        destination: { A: '0' },
        state: { entries: [{ key: 'A', syncId: 'nightly' }] },
      },
      '"A" is updated: the value differs.',
    ],
    [
      'that is replaced',
      {
        source: { A: '1' },
        destination: [{ key: 'A', kind: 'variable' }],
        state: { entries: [{ key: 'A', kind: 'variable', syncId: 'nightly' }] },
        capabilities: twoKinds,
      },
      '"A" is deleted and created again: exists in another kind.',
    ],
    [
      'that is deleted',
      { source: { B: '1' }, destination: { A: '1' } },
      '"A" is deleted: not in the source.',
    ],
    [
      'that is equal',
      { source: { A: '1' }, destination: { A: '1' } },
      '"A" stays as it is: the value is equal.',
    ],
    [
      'that is kept',
      { source: { B: '1' }, destination: [{ key: 'A', value: { notAString: true } }] },
      '"A" is left alone: not a string.',
    ],
    [
      'that is in no list of the plan',
      { source: { B: '1' }, destination: {} },
      '"A" is not in this plan: neither the source nor the destination has it under this name.',
    ],
  ])('%s is one line, with the reason', (_title, input, words) => {
    expect(explain(planOf(input), 'A')).toBe(words);
  });

  it('names the kinds where a key stands there in several', () => {
    const plan = planOf({
      source: { A: '1' },
      destination: [
        { key: 'A', kind: 'secret', value: '1' },
        { key: 'A', kind: 'variable', value: '1' },
      ],
      capabilities: twoKinds,
    });
    expect(explain(plan, 'A').split('\n')).toEqual([
      '"A" (secret) stays as it is: the value is equal.',
      '"A" (variable) is left alone: of another kind than this sync writes.',
      'Warning: it also exists there as a variable.',
    ]);
  });

  it('names no kind where the other one has none', () => {
    const plan = planOf({
      source: { A: '1' },
      destination: [
        { key: 'A', kind: 'secret', value: '1' },
        { key: 'A', value: '1' },
      ],
      capabilities: twoKinds,
    });
    expect(explain(plan, 'A').split('\n')).toEqual([
      '"A" is left alone: of another kind than this sync writes.',
      '"A" (secret) stays as it is: the value is equal.',
      'Warning: it also exists there in another kind.',
    ]);
  });

  it.each([
    [
      'prioritize-destination',
      'A',
      '"A" is updated at the source: the value at the destination differs, and wins.',
    ],
    ['prioritize-source', 'A', '"A" is not imported: the value at the source stays.'],
    ['prioritize-source', 'NEW', '"NEW" is created at the source: only at the destination.'],
  ] as const)('of an import that %s: %s', (importBehavior, key, words) => {
    const plan = planOf({
      operation: 'import',
      importBehavior,
      source: { A: '1' },
      destination: { A: '2', NEW: '3' },
    });
    expect(explain(plan, key)).toBe(words);
  });

  it('has the import first, under its name at the source', () => {
    const plan = planOf({
      definition: {
        name: 'nightly',
        syncOptions: { keySchema: 'APP_{{secretKey}}', initialSyncBehavior: 'import-prioritize-source' },
      },
      source: {},
      destination: { APP_A: '2', APP_B: '2' },
    });
    expect(explain(plan, 'APP_A').split('\n')).toEqual([
      '"A" is created at the source: only at the destination.',
      '"APP_A" stays as it is: the value is equal.',
    ]);
  });

  it('tells the problems and warnings of the key, and of no other', () => {
    const plan = planOf({
      source: { A: 'bad', B: '1' },
      destination: { B: '0' },
      capabilities: {
        ...unrestrictedCapabilities,
        checkValue: (value) => (value === 'bad' ? 'use a good one' : undefined),
      },
    });
    expect(explain(plan, 'A').split('\n')).toEqual([
      `"A" is blocked: the destination can't take this value.`,
      `Problem: the destination can't take its value: use a good one.`,
    ]);
    expect(explain(plan, 'B').split('\n')).toEqual([
      '"B" is updated: the value differs.',
      'Warning: no sync is known to have written what exists there; it is overwritten.',
    ]);
  });
});
