import { expect, it } from 'vitest';
import { hasChanges, planSync } from '../../src/index.js';
import { keep, planOf, same } from './fixtures.js';

it('a plan has changes where applying it would write the destination or the source', () => {
  expect(hasChanges(planOf({ changes: [same('A'), keep('B')] }))).toBe(false);
  expect(hasChanges(planOf({ changes: [{ key: 'C', action: 'blocked', reason: 'occupied' }] }))).toBe(false);
  for (const action of ['create', 'update', 'replace', 'delete'] as const)
    expect(hasChanges(planOf({ changes: [{ key: 'A', action, reason: 'missing' }] }))).toBe(true);
  const imported = { sourceKey: 'A', key: 'A', action: 'create', reason: 'absent-from-source' } as const;
  expect(hasChanges(planOf({ imports: [imported] }))).toBe(true);
  const definition = { name: 'nightly' };
  expect(hasChanges(planSync({ definition, source: { A: '1' }, destination: { A: '1' } }))).toBe(false);
  expect(hasChanges(planSync({ definition, source: { A: '1' }, destination: {} }))).toBe(true);
});
