import { describe, expect, it } from 'vitest';
import { isOverridable, ownerNames, toEntries } from '../../../src/drivers/qovery/entries.js';
import type { Variable } from '../../../src/drivers/qovery/variable.js';
import { memoryFacts } from '../support.js';

const id = (last: number) => `00000000-0000-4000-8000-00000000000${last}`;
const environment = { scope: 'ENVIRONMENT', parentId: 'e' } as const;
const project = { scope: 'PROJECT', parentId: 'p' } as const;

const variable = (more: Partial<Variable> = {}): Variable => ({
  id: id(1),
  key: 'A',
  scope: 'ENVIRONMENT',
  variable_type: 'VALUE',
  is_secret: true,
  ...more,
});

/** The entry of the first of these variables. */
const entry = (
  first: Partial<Variable>,
  others: readonly Variable[] = [],
  place: typeof environment | typeof project = environment,
) => toEntries([variable(first), ...others], place, ownerNames(memoryFacts()), 'secret')[0];

describe('the names of who owns what we created', () => {
  it('are none, that of Qovery, and those that were learned', () => {
    const facts = memoryFacts();
    const owners = ownerNames(facts);
    expect([undefined, '', 'QOVERY', 'qovery', 'token', 'other'].map((name) => owners.isUs(name))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    owners.learn('token');
    owners.learn('token');
    owners.learn('QOVERY');
    owners.learn(undefined);
    owners.learn('of\ntwo lines');
    expect(owners.isUs('token')).toBe(true);
    expect(facts.get('ownedBy')).toBe('token');
    owners.learn('second');
    expect(facts.get('ownedBy')).toBe('token\nsecond');
    expect(ownerNames(facts).isUs('second')).toBe(true);
  });

  it('are remembered as far as there is room, the newest ones', () => {
    const facts = memoryFacts();
    const owners = ownerNames(facts);
    owners.learn('a'.repeat(499));
    owners.learn('b'.repeat(500));
    expect(facts.get('ownedBy')).toBe(`${'a'.repeat(499)}\n${'b'.repeat(500)}`);
    owners.learn('c');
    expect(facts.get('ownedBy')).toBe(`${'b'.repeat(500)}\nc`);
  });
});

describe('an entry', () => {
  it('shows what a variable is', () => {
    expect(entry({ updated_at: '2026-01-02T03:04:05Z' })).toEqual({
      key: 'A',
      id: id(1),
      kind: 'secret',
      revision: '2026-01-02T03:04:05Z',
    });
    expect(entry({ is_secret: false, value: 'text' })?.kind).toBe('variable');
    expect(entry({ is_secret: false, value: 'text' })).toHaveProperty('value');
  });

  it.each([
    [{ scope: 'BUILT_IN' }, 'built-in'],
    [{ variable_type: 'BUILT_IN' }, 'built-in'],
    [{ scope: 'PROJECT' }, 'inherited'],
    [{ scope: undefined }, 'inherited'],
    [{ mount_path: '/a' }, 'file'],
    [{ mount_path: '' }, undefined],
    [{ variable_type: 'ALIAS' }, 'alias'],
    [{ variable_type: 'OVERRIDE' }, 'override'],
    [{ variable_type: 'FILE' }, 'file'],
    [{ variable_type: 'EXTERNAL_SECRET' }, 'external'],
    [{ variable_type: 'UNHEARD_OF' }, 'external'],
    [{ owned_by: 'DOPPLER' }, 'foreign-owner'],
    [{ owned_by: 'QOVERY' }, undefined],
    [{}, undefined],
  ])('of %j is left alone because it is %j', (more, fixed) => {
    expect(entry(more as Partial<Variable>)?.fixed).toBe(fixed);
  });

  it.each([
    [{ key: 'QOVERY_A' }, true],
    [{ key: 'MY_QOVERY_A' }, undefined],
    [{ scope: 'BUILT_IN' }, true],
    [{ scope: 'PROJECT' }, undefined],
  ])('of %j is reserved: %j', (more, reserved) => {
    expect(entry(more)?.reserved).toBe(reserved);
  });

  it.each<[string, unknown, true | undefined]>([
    ['an id', { id: id(1) }, true],
    ['an id as text', id(1), true],
    ['a key', { key: 'A' }, true],
    ['a key as text', 'A', true],
    ['another id with this key', { id: id(9), key: 'A' }, undefined],
    ['an id that is no text, and this key', { id: 7, key: 'A' }, true],
    ['another id', { id: id(9) }, undefined],
    ['another key', { key: 'B' }, undefined],
    ['a key that is no text', { key: 7 }, undefined],
    ['nothing', null, undefined],
    ['a number', 7, undefined],
  ])('has dependents where another variable names it by %s: %j', (_, target, has) => {
    for (const name of ['aliased_variable', 'overridden_variable']) {
      const other = variable({ id: id(2), key: 'B2', [name]: target });
      expect(entry({}, [other])?.hasDependents).toBe(has);
    }
  });

  describe('of the project, where an environment wants a secret', () => {
    const blocks = (what: string) =>
      `the project has this key as ${what}, and Qovery lets its environments override it with nothing else`;

    it.each([
      [{}, undefined],
      [{ is_secret: false, value: 'text' }, blocks('variable')],
      [{ mount_path: '/a' }, blocks('file')],
      [{ variable_type: 'FILE', mount_path: '/a' }, blocks('file')],
      [{ variable_type: 'ALIAS' }, blocks('alias')],
      [{ variable_type: 'OVERRIDE' }, blocks('override')],
      [{ variable_type: 'UNHEARD_OF' }, blocks('external')],
      [{ variable_type: 'BUILT_IN' }, undefined],
    ])('blocks the key as %j: %j', (more, reason) => {
      expect(entry({ scope: 'PROJECT', ...more })?.blocks).toBe(reason);
    });

    it('blocks nothing at the project itself, nor what an environment has', () => {
      expect(entry({ scope: 'PROJECT', variable_type: 'FILE' }, [], project)?.blocks).toBeUndefined();
      expect(entry({ variable_type: 'FILE' })?.blocks).toBeUndefined();
    });
  });
});

describe('an override', () => {
  it.each([
    [{ scope: 'PROJECT' }, environment, true],
    [{ scope: 'PROJECT' }, project, false],
    [{ scope: 'ENVIRONMENT' }, environment, false],
    [{ scope: 'PROJECT', mount_path: '/a' }, environment, false],
    [{ scope: 'PROJECT', variable_type: 'ALIAS' }, environment, false],
    [{ scope: 'PROJECT', is_secret: false, value: 'text' }, environment, false],
  ] as const)('of %j at %j is possible: %j', (more, place, isPossible) => {
    expect(isOverridable(variable(more), place, 'secret')).toBe(isPossible);
  });
});
