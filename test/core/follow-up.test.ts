import { describe, expect, it } from 'vitest';
import type { FollowUp, FollowUpAction } from '../../src/contracts/follow-up.js';
import type { SyncResult } from '../../src/contracts/result.js';
import { followUpNow, plannedFollowUp, redeployProblem, warningsBeside } from '../../src/core/follow-up.js';
import { planSync } from '../../src/core/plan-sync.js';

const can: FollowUp = { action: 'redeploy', settles: ['TAKES_EFFECT'] };
const cannot: FollowUp = { unavailable: 'a project is not deployed' };

describe('what follows the writes of a plan', () => {
  const question = {
    operation: 'sync',
    redeploy: 'start',
    capabilities: { followUp: can },
    hasWrites: true,
    isDue: false,
  } as const;

  it.each([
    ['writes, and start', {}, { action: 'redeploy', wait: false }],
    ['writes, and wait', { redeploy: 'wait' }, { action: 'redeploy', wait: true }],
    [
      'nothing to write, and one that is due',
      { hasWrites: false, isDue: true },
      { action: 'redeploy', wait: false },
    ],
    ['a removal', { operation: 'remove' }, { action: 'redeploy', wait: false }],
    ['nothing to write', { hasWrites: false }, undefined],
    ['never', { redeploy: 'never', isDue: true }, undefined],
    ['an import', { operation: 'import', isDue: true }, undefined],
    ['a destination that has none', { capabilities: {} }, undefined],
    ['a place that has none', { capabilities: { followUp: cannot } }, undefined],
  ] as const)('is, for %s, decided', (_case, changes, expected) => {
    expect(plannedFollowUp({ ...question, ...changes })).toEqual(expected);
  });

  it.each([
    ['never', undefined, undefined],
    ['never', cannot, undefined],
    ['start', can, undefined],
    ['start', undefined, /the driver "shop" has nothing that could follow a sync; or use "never"/],
    ['wait', cannot, /a project is not deployed; or use "never"/],
  ] as const)('is refused or taken: %s with %j', (redeploy, followUp, message) => {
    const problem = redeployProblem(redeploy, followUp === undefined ? {} : { followUp }, 'shop');
    if (message === undefined) expect(problem).toBeUndefined();
    else {
      expect(problem).toMatchObject({ code: 'INVALID_DEFINITION', path: 'syncOptions.redeploy' });
      expect(problem?.message).toMatch(message);
    }
  });

  it('takes away the warnings that it settles, and no others', () => {
    const warnings = [
      { code: 'TAKES_EFFECT', message: 'later' },
      { code: 'NO_KEY_SCHEMA', message: 'none' },
    ] as const;
    const after = { action: 'redeploy', wait: false } as const;
    expect(warningsBeside(warnings, after, { followUp: can })).toEqual([warnings[1]]);
    expect(warningsBeside(warnings, undefined, { followUp: can })).toEqual(warnings);
  });
});

describe('a run that has ended', () => {
  const after = { action: 'redeploy' as FollowUpAction, wait: false };
  const ended = (
    status: 'succeeded' | 'failed',
    statuses: readonly SyncResult['outcomes'][number]['status'][],
    isPlanned = true,
  ) => {
    const plan = planSync({ definition: { name: 'a' }, source: { A: '1' }, destination: {} });
    const outcomes = statuses.map((one, index) => ({
      key: `K${index}`,
      action: 'create' as const,
      status: one,
    }));
    return { plan: isPlanned ? { ...plan, after } : plan, status, outcomes };
  };

  it.each([
    ['not planned', ended('succeeded', ['applied'], false), false, { isDue: false, isNow: false }],
    ['not planned, and due before', ended('succeeded', [], false), true, { isDue: true, isNow: false }],
    ['all keys ended well', ended('succeeded', ['applied', 'skipped']), false, { isDue: true, isNow: true }],
    ['nothing was written', ended('succeeded', ['skipped']), false, { isDue: false, isNow: false }],
    ['nothing was written, and it was due', ended('succeeded', []), true, { isDue: true, isNow: true }],
    ['a key failed', ended('failed', ['applied', 'failed']), false, { isDue: true, isNow: false }],
    ['nothing but failures', ended('failed', ['failed', 'withheld']), false, { isDue: false, isNow: false }],
    ['a write is uncertain', ended('failed', ['indeterminate']), false, { isDue: true, isNow: false }],
  ] as const)('is followed or not: %s', (_case, result, wasDue, expected) => {
    expect(followUpNow(result, wasDue)).toEqual(expected);
  });
});
