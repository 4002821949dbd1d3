// An ES module that Jest loads as it is.
import { expect, it } from '@jest/globals';
import { planSync } from 'secret-sync-engine';

it('plans in a unit test', () => {
  const plan = planSync({ definition: { name: 'nightly' }, source: { A: '1' }, destination: { A: '0' } });
  expect(plan.problems).toEqual([]);
  expect(plan.changes).toMatchObject([{ key: 'A', action: 'update', reason: 'value-differs' }]);
});
