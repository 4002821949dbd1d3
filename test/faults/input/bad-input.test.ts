import { describe, expect, it } from 'vitest';
import { defineSource } from '../../../src/sources/define-source.js';
import { formatPlan } from '../../../src/format/format-plan.js';
import { memorySource } from '../../../src/sources/memory.js';
import { failure, subjectsOf } from '../../support/engine.js';
import { during, endsOf, hasuraSite, qoverySite, requestsOf, SITES } from '../sites.js';

const ESCAPE = '\u001b[31m';
const BIDI = '\u202e';

describe.each(SITES)('%s', (name, open) => {
  const taken = name === 'Qovery' ? ['constructor', 'toString'] : ['__proto__', 'constructor', 'toString'];

  it('keys named like properties of all objects are data, at the source', async () => {
    const site = await during(open());
    const source = memorySource(taken.map((key) => [key, `value of ${key}`] as const));
    const { engine } = site.engine({ source });
    await engine.sync(site.definition());
    expect([...site.values()]).toEqual(taken.map((key) => [key, `value of ${key}`]));
    for (const key of taken) source.set(key, 'changed');
    await engine.sync(site.definition());
    expect([...site.values().values()]).toEqual(taken.map(() => 'changed'));
    site.emulator.clearRequests();
    await engine.sync(site.definition());
    expect(requestsOf(site, 'upsert', 'delete')).toEqual([]);
    for (const key of taken) source.delete(key);
    await engine.sync(site.definition({ syncOptions: { allowEmptySource: true } }));
    expect(site.values().size).toBe(0);
  });

  it('keys named like properties of all objects are data, at the destination, and can be deleted', async () => {
    const site = await during(open());
    const keys = ['__proto__', 'constructor', 'toString'];
    for (const key of keys) site.edit(key, 'by hand');
    const { engine } = site.engine({ source: memorySource({ A: '1' }) });
    const result = await engine.sync(site.definition(), { confirmDeletions: 3 });
    expect(endsOf(result).sort()).toEqual(['A applied', ...keys.map((key) => `${key} applied`)].sort());
    expect(Object.fromEntries(site.values())).toEqual({ A: '1' });
  });

  it.each<[string, string, string, string]>([
    ['an empty key', '', '1', 'the source key is empty'],
    ['a key with a line break', 'A\nB', '1', String.raw`"A\nB"`],
    ['a key with an escape sequence', `${ESCAPE}A`, '1', String.raw`"\u001b[31mA"`],
    ['a key with a bidi mark', `A${BIDI}B`, '1', String.raw`"A\u202eB"`],
    ['a NUL in a value', 'A', 'a\0b', 'NUL'],
    ['a lone surrogate in a value', 'A', 'a\ud800b', 'surrogate'],
  ])('%s at the source: refused with a clear error, nothing written', async (_title, key, value, shown) => {
    const site = await during(open());
    const { engine, events } = site.engine({
      source: memorySource([
        ['GOOD', '1'],
        [key, value],
      ]),
    });
    const error = await failure(engine.sync(site.definition()), 'PLAN_BLOCKED');
    expect(subjectsOf(error)).toEqual([key]);
    const told = [error.message, formatPlan(error.plan), formatPlan(error.plan, { format: 'markdown' })];
    for (const text of told) {
      expect(text).not.toContain(ESCAPE);
      expect(text).not.toContain(BIDI);
      expect(text).not.toContain('A\nB');
    }
    expect(error.message).toContain(shown);
    expect(JSON.stringify(events)).not.toContain(`${ESCAPE}A`);
    expect(requestsOf(site, 'upsert', 'delete')).toEqual([]);
    // On request it is left out, and the others go on.
    const result = await engine.sync(site.definition({ syncOptions: { invalidKeys: 'skip' } }));
    expect(endsOf(result).sort()).toEqual([`${key} skipped`, 'GOOD applied'].sort());
    expect([...site.values().keys()]).toEqual(['GOOD']);
  });

  it.each([`A\nB`, `${ESCAPE}A`, `A${BIDI}B`])(
    'the key %j at the destination is data, deletable, and escaped when shown',
    async (key) => {
      const site = await during(open());
      site.edit(key, 'by hand');
      const { engine } = site.engine({ source: memorySource({ A: '1' }) });
      const error = await failure(engine.sync(site.definition()), 'DELETION_REFUSED');
      for (const text of [
        error.message,
        formatPlan(error.plan),
        formatPlan(error.plan, { format: 'markdown' }),
      ]) {
        expect(text).not.toContain(key);
        expect(text).toContain(String.raw`A`);
      }
      await engine.sync(site.definition(), { confirmDeletions: 1 });
      expect(Object.fromEntries(site.values())).toEqual({ A: '1' });
    },
  );

  it.each([7, null, undefined, true, { nested: 'value' }, ['a']])(
    'the value %j at the source is an error that names the key',
    async (value) => {
      const site = await during(open());
      const secrets = Object.fromEntries([
        ['GOOD', '1'],
        ['BAD', value],
      ]) as Record<string, string>;
      const source = defineSource('custom', () => secrets);
      const { engine } = site.engine({ source });
      const error = await failure(engine.sync(site.definition()), 'SOURCE_READ_FAILED');
      expect(subjectsOf(error)).toEqual(['BAD']);
      expect(error.message).toContain('not a string');
      expect(requestsOf(site, 'upsert', 'delete')).toEqual([]);
    },
  );

  it('an empty value is legal, and not a missing one', async () => {
    const site = await during(open());
    const { engine } = site.engine({ source: memorySource({ A: '' }) });
    await engine.sync(site.definition());
    expect(Object.fromEntries(site.values())).toEqual({ A: '' });
    expect((await engine.plan(site.definition())).changes[0]?.action).toBe('unchanged');
  });

  it('`A` and `a` are two keys', async () => {
    const site = await during(open());
    const { engine } = site.engine({ source: memorySource({ A: '1', a: '2' }) });
    await engine.sync(site.definition());
    expect(Object.fromEntries(site.values())).toEqual({ A: '1', a: '2' });
  });

  it.each<[string, string, string]>([
    ['no {{secretKey}}', 'APP_', 'secretKey'],
    ['two {{secretKey}}', '{{secretKey}}_{{secretKey}}', 'secretKey'],
    ['an unknown placeholder', '{{secretKey}}_{{stage}}', 'stage'],
    ['a literal that no key can hold', 'A B_{{secretKey}}', 'A-Z'],
    ['an environment that is not given', '{{environment}}_{{secretKey}}', 'environment'],
  ])('a key schema with %s is refused, and nothing is sent', async (_title, keySchema, shown) => {
    const site = await during(open());
    const { engine } = site.engine({ source: memorySource({ A: '1' }) });
    const error = await failure(
      engine.sync(site.definition({ syncOptions: { keySchema } })),
      'INVALID_KEY_SCHEMA',
    );
    expect(error.message).toContain(shown);
    expect(site.emulator.requests).toEqual([]);
  });
});

it('a value at Hasura Cloud that is not a string is data: overwritten when the source holds another value, else kept', async () => {
  const site = await during(hasuraSite());
  for (const [key, value] of [
    ['A', 7],
    ['B', { nested: true }],
    ['C', null],
    ['D', ['x']],
  ] as const) {
    site.emulator.setVariable(site.projectId, key, value);
  }
  const { engine } = site.engine({ source: memorySource({ A: '8', B: '1' }) });
  await engine.sync(site.definition());
  expect(Object.fromEntries(site.emulator.environment(site.projectId))).toEqual({
    A: '8',
    B: '1',
    C: null,
    D: ['x'],
  });
});

it('a key at Qovery that its API would not take, such as __proto__, is refused at the source with the rule', async () => {
  const site = await during(qoverySite());
  const { engine } = site.engine({ source: memorySource([['__proto__', '1']]) });
  const error = await failure(engine.sync(site.definition()), 'PLAN_BLOCKED');
  expect(error.message).toContain('a letter at the start');
});
