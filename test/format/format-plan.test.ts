import { describe, expect, it } from 'vitest';
import type { PlannedChange, SyncPlan } from '../../src/contracts/plan.js';
import { formatPlan } from '../../src/format/format-plan.js';
import { keep, planOf, same } from './fixtures.js';

const everything = planOf({
  isInitialSync: true,
  imports: [
    { sourceKey: 'DB', key: 'APP_DB', action: 'create', reason: 'absent-from-source' },
    { sourceKey: 'HOST', key: 'HOST', action: 'update', reason: 'destination-wins' },
    { sourceKey: 'PORT', key: 'PORT', action: 'ignore', reason: 'source-wins' },
  ],
  changes: [
    { key: 'APP_A', sourceKey: 'A', kind: 'secret', action: 'create', reason: 'missing' },
    { key: 'B', sourceKey: 'B', action: 'update', reason: 'value-differs' },
    { key: 'C', sourceKey: 'C', kind: 'secret', action: 'replace', reason: 'kind-differs' },
    { key: 'D', action: 'delete', reason: 'absent-from-source' },
    { key: 'E', sourceKey: 'E', action: 'blocked', reason: 'occupied' },
    same('F'),
    keep('G'),
  ],
  warnings: [
    { code: 'OVERWRITES_UNOWNED', message: 'nobody is known to own it', key: 'B' },
    { code: 'OVERWRITES_UNOWNED', message: 'nobody is known to own it', key: 'C' },
    { code: 'TAKES_EFFECT_ON_DEPLOY', message: 'deploy it' },
  ],
  problems: [
    { code: 'PLAN_BLOCKED', reason: 'occupied', message: 'an alias stands there; rename it', key: 'E' },
    {
      code: 'DELETION_REFUSED',
      reason: 'too-many',
      message: '1 deletion is refused; confirm with confirmDeletions: 1',
    },
  ],
});

const many = (make: (key: string) => PlannedChange, prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => make(`${prefix}${index}`));

describe('formatPlan as text', () => {
  it('shows all that a plan says', () => {
    expect(formatPlan(everything).split('\n')).toEqual([
      'Sync nightly to somewhere',
      '  at somewhere:https://host.test/p1',
      '  This is the first sync of this definition at this place.',
      '',
      'Imports into the source:',
      '    + DB (from APP_DB): only at the destination',
      '    ~ HOST: the value at the destination differs, and wins',
      '',
      'Changes at the destination:',
      '    + APP_A (secret, from A): not at the destination yet',
      '    ~ B: the value differs',
      '  -/+ C (secret): exists in another kind',
      '    - D: not in the source',
      '    ! E: something that must not be overwritten exists there',
      '',
      'Unchanged and kept:',
      '    · PORT: the value at the source stays',
      '    = F: the value is equal',
      '    · G: does not match the key schema',
      '',
      'Warnings:',
      '  OVERWRITES_UNOWNED B, C: nobody is known to own it',
      '  TAKES_EFFECT_ON_DEPLOY: deploy it',
      '',
      'Problems:',
      '  PLAN_BLOCKED E: an alias stands there; rename it',
      '  DELETION_REFUSED: 1 deletion is refused; confirm with confirmDeletions: 1',
      '',
      "Plan: 2 to import, 1 to create, 1 to update, 1 to replace, 1 to delete, 1 blocked. 1 unchanged, 1 kept. It can't be applied until its problems are fixed.",
    ]);
  });

  it('says so when there is nothing to do', () => {
    expect(formatPlan(planOf()).split('\n').slice(2)).toEqual(['', 'No changes.']);
    expect(
      formatPlan(planOf({ changes: [same('A')] }))
        .split('\n')
        .at(-1),
    ).toBe('No changes. 1 unchanged.');
  });

  it.each([
    ['import', 'Import nightly from somewhere'],
    ['remove', 'Remove nightly from somewhere'],
  ] as const)('names the operation %s', (operation, title) => {
    expect(formatPlan(planOf({ operation })).split('\n')[0]).toBe(title);
  });

  it('counts what stays when that is many, by its reason, and lists it when asked to', () => {
    const plan = planOf({ changes: [...many(keep, 'K', 5), ...many(same, 'S', 6)] });
    expect(formatPlan(plan).split('\n').slice(3, -2)).toEqual([
      'Unchanged and kept:',
      ...many(keep, 'K', 5).map(({ key }) => `    · ${key}: does not match the key schema`),
      '    = 6 keys: the value is equal',
    ]);
    const verbose = formatPlan(plan, { verbose: true });
    for (const { key } of plan.changes) expect(verbose).toContain(` ${key}: `);
    expect(verbose).not.toContain('6 keys');
  });

  it('lists every key that changes and every one with a problem, however many', () => {
    const keys = Array.from({ length: 50 }, (_, index) => `KEY_${index}`);
    const shown = formatPlan(
      planOf({
        changes: keys.map((key) => ({ key, action: 'delete', reason: 'absent-from-source' })),
        problems: keys.map((key) => ({
          code: 'PLAN_BLOCKED',
          reason: 'invalid-key',
          message: 'rename it',
          key,
        })),
      }),
    );
    for (const key of keys) expect(shown).toContain(`    - ${key}: not in the source\n`);
    expect(shown).toContain(`  PLAN_BLOCKED ${keys.join(', ')}: rename it\n`);
  });

  it('names a few of the keys that share a warning, and all when asked to', () => {
    const keys = Array.from({ length: 7 }, (_, index) => `K${index}`);
    const plan = planOf({
      warnings: keys.map((key) => ({ code: 'DELETE_CASCADES', message: 'look out', key })),
    });
    expect(formatPlan(plan)).toContain('  DELETE_CASCADES K0, K1, K2, K3, K4, and 2 more: look out\n');
    expect(formatPlan(plan, { verbose: true })).toContain(`  DELETE_CASCADES ${keys.join(', ')}: look out\n`);
  });

  it('has colours only where they are asked for', () => {
    expect(formatPlan(everything)).not.toContain('\u001b');
    const colored = formatPlan(everything, { color: true });
    expect(colored).toContain(
      '\u001b[32m    + APP_A (secret, from A): not at the destination yet\u001b[0m\n',
    );
    expect(colored).toContain('\u001b[31m    - D: not in the source\u001b[0m\n');
    expect(colored).toContain('\u001b[1mSync nightly to somewhere\u001b[0m\n');
    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(formatPlan(everything));
  });

  it.each([
    ['a line break', 'A\n+ FAKE: x', '"A\\u{a}+ FAKE: x"'],
    ['a carriage return', 'A\rB', '"A\\u{d}B"'],
    ['an escape sequence', '\u001b[2JA', '"\\u{1b}[2JA"'],
    ['a C1 control', '\u009b2JA', '"\\u{9b}2JA"'],
    ['a bidi mark', 'A\u202eB', '"A\\u{202e}B"'],
    ['a zero-width space', 'A\u200bB', '"A\\u{200b}B"'],
    ['a tag character beyond the first plane', 'A\u{e0041}', '"A\\u{e0041}"'],
    ['an invisible letter', 'A\u3164', '"A\\u{3164}"'],
    ['a no-break space', 'A\u00a0B', '"A\\u{a0}B"'],
    ['a line separator', 'A\u2028B', '"A\\u{2028}B"'],
    ['a lone surrogate', 'A\ud800', '"A\\u{d800}"'],
    ['a NUL', 'A\0', '"A\\u{0}"'],
    ['a space and a colon', 'A: the value is equal', '"A: the value is equal"'],
    ['quotes and backslashes', 'A"\\u{a}', '"A\\"\\\\u{a}"'],
    ['nothing', '', '""'],
    ['letters of another script', 'КЛЮЧ', '"КЛЮЧ"'],
    ['a name that objects have', '__proto__', '__proto__'],
  ])('shows %s in a key escaped or quoted', (_, key, shown) => {
    const plan = planOf({
      changes: [{ key, sourceKey: 'S', action: 'create', reason: 'missing' }],
      warnings: [{ code: 'X', message: 'm', key }],
    });
    for (const color of [false, true]) {
      const lines = formatPlan(plan, { color }).split('\n');
      expect(lines.filter((line) => line.includes(`+ ${shown} (from S): not at`))).toHaveLength(1);
      expect(lines.filter((line) => line.includes(`X ${shown}: m`))).toHaveLength(1);
    }
  });

  it('escapes every other text from outside', () => {
    const bad = 'x\u001b]0;y\u0007\n\u202e';
    const text = formatPlan(hostile(bad));
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text.split('\n')).toHaveLength(formatPlan(hostile('x')).split('\n').length);
  });
});

/** A plan with a text in every place that can hold one from outside. */
function hostile(text: string): SyncPlan {
  const plan = planOf({
    place: text,
    imports: [{ sourceKey: text, key: 'K', action: 'create', reason: 'absent-from-source' }],
    changes: [
      { key: text, sourceKey: text, kind: text, action: 'create', reason: 'missing' },
      { key: 'K', sourceKey: text, action: 'keep', reason: 'reserved' },
    ],
    warnings: [{ code: text, message: text, key: text }],
    problems: [{ code: 'PLAN_BLOCKED', reason: 'occupied', message: text, key: text }],
  });
  return { ...plan, definition: { ...plan.definition, name: text, destination: text } };
}

describe('formatPlan as Markdown', () => {
  it('shows all that a plan says', () => {
    expect(formatPlan(everything, { format: 'markdown', color: true }).split('\n')).toEqual([
      '### Sync `nightly` to `somewhere`',
      '',
      'at `somewhere:https://host.test/p1`',
      '',
      'This is the first sync of this definition at this place.',
      '',
      "**Plan: 2 to import, 1 to create, 1 to update, 1 to replace, 1 to delete, 1 blocked. 1 unchanged, 1 kept. It can't be applied until its problems are fixed.**",
      '',
      '**Imports into the source**',
      '',
      '```diff',
      '+ DB (from APP_DB): only at the destination',
      '~ HOST: the value at the destination differs, and wins',
      '```',
      '',
      '**Changes at the destination**',
      '',
      '```diff',
      '+ APP_A (secret, from A): not at the destination yet',
      '~ B: the value differs',
      '-/+ C (secret): exists in another kind',
      '- D: not in the source',
      '! E: something that must not be overwritten exists there',
      '```',
      '',
      '**Warnings**',
      '',
      '- `OVERWRITES_UNOWNED` `B` `C`: nobody is known to own it',
      '- `TAKES_EFFECT_ON_DEPLOY`: deploy it',
      '',
      '**Problems**',
      '',
      '- `PLAN_BLOCKED` `E`: an alias stands there; rename it',
      '- `DELETION_REFUSED`: 1 deletion is refused; confirm with confirmDeletions: 1',
      '',
      '<details><summary>Unchanged and kept</summary>',
      '',
      '```diff',
      '· PORT: the value at the source stays',
      '= F: the value is equal',
      '· G: does not match the key schema',
      '```',
      '',
      '</details>',
    ]);
  });

  it('leaves out what is empty', () => {
    expect(formatPlan(planOf(), { format: 'markdown' })).toBe(
      '### Sync `nightly` to `somewhere`\n\nat `somewhere:https://host.test/p1`\n\n**No changes.**',
    );
  });

  it.each([
    ['backticks', '```\n<b>`x`</b>'],
    ['a fence in the middle of a name', 'A\n```\n\n# Heading'],
    ['HTML', '</details><img src=x onerror=y>'],
    ['links and images', '[x](https://evil.test) ![y](//evil.test)'],
    ['a mention and an issue', 'ping @team about #1'],
    ['a bare address', 'https://evil.test www.evil.test'],
    ['a table', 'a | b'],
    ['emphasis and entities', '**a** _b_ ~~c~~ &lt; $x$'],
  ])('lets no %s out of a text from outside', (_, text) => {
    const shown = formatPlan(hostile(text), { format: 'markdown' });
    const harmless = formatPlan(hostile('x y'), { format: 'markdown' });
    expect(shown.split('\n')).toHaveLength(harmless.split('\n').length);
    // Outside of blocks and code, nothing is left that means anything.
    const prose = shown
      .replace(/^```diff\n[^]*?\n```$/gm, '')
      .replace(/(?<!\\)`[^`\n]*`/g, '')
      .replaceAll('**Imports into the source**', '')
      .replaceAll('**Changes at the destination**', '')
      .replaceAll(/^\*\*(Warnings|Problems|Plan: .*)\*\*$/gm, '')
      .replaceAll(/^<details><summary>Unchanged and kept<\/summary>$|^<\/details>$/gm, '')
      .replaceAll(/^### /gm, '');
    expect(prose.replaceAll(/\\[^\sa-z0-9]/gi, '').replaceAll('<!-- -->', '')).not.toMatch(
      /[`*_[\]<>|~$&@#]|:\/\/|www\./i,
    );
    expect(prose).not.toMatch(/[@#](?!<!-- -->)/);
  });

  it('shows a backtick in code by its number', () => {
    expect(formatPlan(hostile('a`b'), { format: 'markdown' })).toContain(
      '### Sync `a\\u{60}b` to `a\\u{60}b`',
    );
  });

  it('escapes a message so that it reads as it was written', () => {
    const plan = planOf({
      warnings: [{ code: 'X', message: 'see <b> in a_b_c, @team, #1 and https://x.test' }],
    });
    expect(formatPlan(plan, { format: 'markdown' })).toContain(
      '- `X`: see \\<b\\> in a\\_b\\_c, \\@<!-- -->team, \\#<!-- -->1 and https\\://x.test',
    );
  });
});
