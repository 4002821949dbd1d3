import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../src/contracts/errors.js';
import { formatResult } from '../../src/format/format-result.js';
import { planOf, resultOf } from './fixtures.js';

const plan = planOf({
  imports: [{ sourceKey: 'DB', key: 'APP_DB', action: 'create', reason: 'absent-from-source' }],
  changes: [
    { key: 'A', kind: 'secret', action: 'create', reason: 'missing' },
    { key: 'B', action: 'update', reason: 'value-differs' },
    { key: 'C', action: 'replace', reason: 'kind-differs' },
    { key: 'D', action: 'delete', reason: 'absent-from-source' },
    { key: 'bad key', action: 'blocked', reason: 'invalid-key' },
  ],
  warnings: [{ code: 'TAKES_EFFECT_ON_DEPLOY', message: 'deploy it' }],
});

describe('formatResult', () => {
  it('shows what a run did', () => {
    const result = resultOf(plan, [
      { key: 'A', kind: 'secret', action: 'create', status: 'applied' },
      { key: 'B', action: 'update', status: 'applied' },
      { key: 'C', action: 'replace', status: 'applied' },
      { key: 'D', action: 'delete', status: 'applied' },
      { key: 'bad key', action: 'blocked', status: 'skipped' },
    ]);
    expect(formatResult(result).split('\n')).toEqual([
      'Sync nightly to somewhere: done',
      '  at somewhere:https://host.test/p1',
      '',
      'Imports into the source:',
      '    + DB (from APP_DB): only at the destination',
      '',
      'Changes at the destination:',
      '    + A (secret): created',
      '    ~ B: updated',
      '  -/+ C: replaced',
      '    - D: deleted',
      '    · "bad key": skipped: the destination can\'t take this key',
      '',
      'Warnings:',
      '  TAKES_EFFECT_ON_DEPLOY: deploy it',
      '',
      'Result: 1 imported, 1 created, 1 updated, 1 replaced, 1 deleted, 1 skipped; 4 requests, 1.3 s.',
    ]);
  });

  it('shows how each key of a failed run ended, and why', () => {
    const result = resultOf(
      { ...plan, imports: [], summary: { ...plan.summary, import: 0 }, warnings: [] },
      [
        {
          key: 'A',
          action: 'create',
          status: 'failed',
          error: new SecretSyncError('FORBIDDEN', 'no access'),
        },
        {
          key: 'B',
          action: 'update',
          status: 'indeterminate',
          error: new SecretSyncError('TIMEOUT', 'no answer'),
        },
        { key: 'C', action: 'replace', status: 'applied' },
        { key: 'D', action: 'delete', status: 'withheld' },
      ],
      { status: 'failed', requestCount: 1, finishedAt: '2026-11-01T10:00:00.000Z' },
    );
    expect(formatResult(result).split('\n')).toEqual([
      'Sync nightly to somewhere: failed',
      '  at somewhere:https://host.test/p1',
      '',
      'Changes at the destination:',
      '    ! A: not created: no access',
      '    ? B: may be updated; the response was lost: no answer',
      '  -/+ C: replaced',
      '    · D: not attempted, because something before it failed',
      '',
      'Result: 1 replaced, 1 failed, 1 unknown, 1 withheld; 1 request, 0.0 s.',
    ]);
  });

  it('says so when nothing had to change', () => {
    expect(formatResult(resultOf(planOf(), [])).split('\n').at(-1)).toBe(
      'Nothing had to change; 4 requests, 1.3 s.',
    );
  });

  it('is Markdown where that is asked for', () => {
    const result = resultOf(planOf(), [{ key: 'A', action: 'create', status: 'applied' }]);
    expect(formatResult(result, { format: 'markdown' })).toBe(
      '### Sync `nightly` to `somewhere`: done\n\nat `somewhere:https://host.test/p1`\n\n' +
        '**Result: 1 created; 4 requests, 1.3 s.**\n\n**Changes at the destination**\n\n```diff\n+ A: created\n```',
    );
  });

  it('escapes what a message of an error holds', () => {
    const error = new SecretSyncError('DESTINATION_REJECTED', 'no\u001b[2J\n```\n</details>');
    const result = resultOf(planOf(), [{ key: 'A', action: 'create', status: 'failed', error }], {
      status: 'failed',
    });
    const escaped = '! A: not created: no\\u{1b}[2J\\u{a}```\\u{a}</details>';
    expect(formatResult(result, { color: true })).toContain(escaped);
    expect(formatResult(result, { format: 'markdown' })).toContain(`\n\`\`\`diff\n${escaped}\n\`\`\``);
  });
});
