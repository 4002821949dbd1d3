import { describe, expect, it } from 'vitest';
import { planSync } from '../../src/core/plan-sync.js';
import { composeSources } from '../../src/sources/compose/index.js';
import { memorySource } from '../../src/sources/memory.js';

describe('a plan of several sources', () => {
  const definition = {
    name: 'several',
    destination: 'memory',
    destinationConfig: {},
    syncOptions: { keySchema: 'APP_{{secretKey}}' },
  };

  it('warns of each key that several hold, with the one that won, and shows no value', async () => {
    const source = composeSources([
      { name: 'base', source: memorySource({ B: 'hunter2', A: 'hunter3', C: 'hunter4' }) },
      { name: 'app', source: memorySource({ A: 'hunter5', B: 'hunter6' }) },
    ]);
    const read = await source.read({}, { signal: new AbortController().signal });
    const plan = planSync({ definition, source: read, destination: {} });
    expect(plan.warnings.filter(({ code }) => code === 'SOURCE_CLASH')).toEqual([
      { code: 'SOURCE_CLASH', key: 'APP_A', message: '"A" is held by "base", "app"; "app" wins' },
      { code: 'SOURCE_CLASH', key: 'APP_B', message: '"B" is held by "base", "app"; "app" wins' },
    ]);
    expect(plan.applicable).toBe(true);
    expect(JSON.stringify(plan)).not.toContain('hunter');
  });

  it('names the last of more than two as the one that wins', async () => {
    const source = composeSources(
      ['base', 'region', 'app'].map((name) => ({ name, source: memorySource({ A: name }) })),
    );
    const read = await source.read({}, { signal: new AbortController().signal });
    expect(planSync({ definition, source: read, destination: {} }).warnings).toEqual([
      { code: 'SOURCE_CLASH', key: 'APP_A', message: '"A" is held by "base", "region", "app"; "app" wins' },
    ]);
  });

  it('warns of each value whose reference was left unresolved, by the key at the destination', () => {
    const source = { secrets: { B: '${hunter2}', A: '${hunter2}', C: 'fine' }, unresolved: ['B', 'A'] };
    const plan = planSync({ definition, source, destination: {} });
    expect(plan.warnings.map(({ code, key }) => [code, key])).toEqual([
      ['UNRESOLVED_REFERENCE', 'APP_A'],
      ['UNRESOLVED_REFERENCE', 'APP_B'],
    ]);
    expect(plan.warnings[0]?.message).toContain('"A" in the source');
    expect(plan.applicable).toBe(true);
    expect(JSON.stringify(plan)).not.toContain('hunter2');
  });

  it('warns where a part holds nothing any more, also of keys that a weaker part holds', () => {
    const part = (name: string, keys: readonly string[]) => ({ name, keys });
    const remembered = { syncId: 'several', part: 'app' };
    const plan = planSync({
      definition,
      source: { secrets: { A: 'hunter2', B: '2' }, parts: [part('base', ['A', 'B']), part('app', [])] },
      destination: { APP_A: 'hunter3', APP_B: '2', APP_C: '3' },
      state: {
        entries: [
          { key: 'APP_A', ...remembered },
          { key: 'APP_B', syncId: 'several', part: 'base' },
          { key: 'APP_C', ...remembered },
        ],
      },
    });
    expect(plan.warnings).toEqual([
      {
        code: 'PART_EMPTY',
        message: '"app" of the source held "APP_A", "APP_C" and holds nothing any more',
      },
    ]);
    expect(JSON.stringify(plan)).not.toContain('hunter');
  });

  it('does not warn where one source holds all', () => {
    const plan = planSync({ definition, source: { A: '1' }, destination: {} });
    expect(plan.warnings).toEqual([]);
  });
});
