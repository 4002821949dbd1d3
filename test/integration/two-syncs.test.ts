import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SyncOptionsInput } from '../../src/contracts/definition.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { QOVERY_DEFAULTS } from '../../src/testing/emulators/qovery/switches.js';
import { changesOf, createEngine, memoryDefinition, qoveryTarget } from '../support/engine.js';
import { propertyRuns } from '../support/properties/property.js';

const scopes = ['ask', 'matching', 'owned'] as const;

describe('two syncs with overlapping schemas on one place', () => {
  /** `dev_{{secretKey}}` and `dev_eu_{{secretKey}}`: each key of the second matches the first one's schema too. */
  function setUp(options: { readonly wide?: SyncOptionsInput; readonly narrow?: SyncOptionsInput } = {}) {
    const destination = memoryDestination({ readable: false });
    const store = memoryStore();
    const sync = (name: string, keySchema: string, more: SyncOptionsInput = {}) => {
      const source = memorySource();
      const definition = memoryDefinition({
        name,
        syncOptions: { keySchema, allowEmptySource: true, maxDeletions: { ratio: 1 }, ...more },
      });
      const engine = () => createEngine({ source, store, drivers: [destination] }).engine;
      return {
        source,
        run: () => engine().sync(definition),
        remove: () => engine().removeSecrets(definition),
      };
    };
    return {
      destination,
      wide: sync('wide', 'dev_{{secretKey}}', options.wide),
      narrow: sync('narrow', 'dev_eu_{{secretKey}}', options.narrow),
    };
  }

  it.each(scopes.flatMap((one) => scopes.map((other) => [one, other] as const)))(
    "never delete each other's keys, in any order: %s and %s",
    async (one, other) => {
      const { destination, wide, narrow } = setUp({
        wide: { deletionScope: one },
        narrow: { deletionScope: other },
      });
      wide.source.set('A', '1');
      narrow.source.set('A', '2');
      const both = [wide, narrow];
      for (const order of [both, [...both].reverse(), both]) {
        for (const sync of order) await sync.run();
        expect([...destination.values().keys()].sort()).toEqual(['dev_A', 'dev_eu_A']);
      }
      wide.source.delete('A');
      expect(changesOf((await wide.run()).plan)).toEqual([
        'dev_A delete, absent-from-source',
        'dev_eu_A keep, owned-by-other-sync',
      ]);
      await narrow.run();
      expect([...destination.values().keys()]).toEqual(['dev_eu_A']);
      await wide.remove();
      expect([...destination.values().keys()]).toEqual(['dev_eu_A']);
    },
  );

  it('lose nothing of each other whatever comes and goes, in any order', async () => {
    const keys = ['A', 'B', 'C'];
    const step = fc.record({
      sync: fc.constantFrom('wide', 'narrow'),
      keys: fc.uniqueArray(fc.constantFrom(...keys), { minLength: 0, maxLength: 3 }),
    });
    const steps = fc.array(step, { minLength: 1, maxLength: 8 });
    const scope = fc.constantFrom(...scopes);
    await fc.assert(
      fc.asyncProperty(steps, scope, scope, async (list, one, other) => {
        const setting = setUp({ wide: { deletionScope: one }, narrow: { deletionScope: other } });
        const expected = { wide: new Set<string>(), narrow: new Set<string>() };
        for (const { sync: name, keys: wanted } of list) {
          if (name !== 'wide' && name !== 'narrow') continue;
          const { source, run } = setting[name];
          for (const key of keys) source.delete(key);
          for (const key of wanted) source.set(key, `${name} ${key}`);
          await run();
          const prefix = name === 'wide' ? 'dev_' : 'dev_eu_';
          expected[name] = new Set(wanted.map((key) => prefix + key));
          const present = [...setting.destination.values().keys()].sort();
          expect(present).toEqual([...expected.wide, ...expected.narrow].sort());
        }
      }),
      propertyRuns,
    );
  });

  it('take turns with a key that both claim: the last one that writes owns it, and says so', async () => {
    const { destination, wide, narrow } = setUp();
    wide.source.set('eu_A', 'wide');
    narrow.source.set('A', 'narrow');
    await wide.run();
    const { plan } = await narrow.run();
    expect(plan.warnings.map(({ code }) => code)).toContain('OWNED_BY_OTHER_SYNC');
    expect(destination.get('dev_eu_A')).toBe('narrow');
    wide.source.delete('eu_A');
    expect(changesOf((await wide.run()).plan)).toEqual(['dev_eu_A keep, owned-by-other-sync']);
    expect(destination.get('dev_eu_A')).toBe('narrow');
  });
});

describe('a secret sync and a variable sync on one Qovery environment', () => {
  let emulator: QoveryEmulator;
  beforeAll(async () => {
    emulator = await startQoveryEmulator();
  });
  afterEach(() => emulator.configure(QOVERY_DEFAULTS));
  afterAll(() => emulator.close());

  const KEYS = ['A', 'B', 'C', 'D'];

  function setUp() {
    const target = qoveryTarget(emulator);
    const store = memoryStore();
    const sync = (kind: 'secret' | 'variable') => {
      const source = memorySource();
      const definition = target.definition(
        {
          name: `${kind}s`,
          syncOptions: { deletionScope: 'matching', allowEmptySource: true, maxDeletions: { ratio: 1 } },
        },
        kind,
      );
      return {
        source,
        run: () => createEngine({ source, store, drivers: [target.driver] }).engine.sync(definition),
      };
    };
    return { target, store, secrets: sync('secret'), variables: sync('variable') };
  }

  it('share one state and one lease', async () => {
    const { store, secrets, variables } = setUp();
    secrets.source.set('A', '1');
    variables.source.set('B', '2');
    const leases = new Set<string>();
    emulator.setIntercept(async () => {
      for (const key of await store.list('leases/')) leases.add(key);
      return undefined;
    });
    await secrets.run();
    await variables.run();
    emulator.setIntercept(undefined);
    expect(leases.size).toBe(1);
    expect(await store.list('places/')).toHaveLength(1);
  });

  it('never fight: each keeps its own, in any order, and settles after one run each', async () => {
    const step = fc.record({
      kind: fc.constantFrom('secrets', 'variables'),
      keys: fc.uniqueArray(fc.constantFrom(...KEYS), { maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const setting = setUp();
        const wanted = { secrets: new Map<string, string>(), variables: new Map<string, string>() };
        for (const [index, { kind, keys }] of steps.entries()) {
          if (kind !== 'secrets' && kind !== 'variables') continue;
          const other = kind === 'secrets' ? 'variables' : 'secrets';
          const { source, run } = setting[kind];
          for (const key of KEYS) source.delete(key);
          // A key that the other one holds would be a change of kind, which is another matter.
          const free = keys.filter((key) => !wanted[other].has(key));
          wanted[kind] = new Map(free.map((key) => [key, `${kind} ${index}`]));
          for (const [key, value] of wanted[kind]) source.set(key, value);
          await run();
          const expected = [
            ...wanted.secrets,
            ...[...wanted.variables].map(([key, value]) => [`${key} (variable)`, value] as const),
          ];
          expect(Object.fromEntries(setting.target.values())).toEqual(Object.fromEntries(expected));
        }
        for (const kind of ['secrets', 'variables'] as const)
          expect((await setting[kind].run()).outcomes).toEqual([]);
      }),
      { numRuns: Math.ceil(propertyRuns.numRuns / 2) },
    );
  });

  it('keep a key of each, where both kinds may stand, and never write the other', async () => {
    emulator.configure({ bothKinds: 'allowed' });
    const { target, secrets, variables } = setUp();
    variables.source.set('K', 'variable');
    await variables.run();
    target.add({ key: 'K', value: 'theirs' });
    await variables.run();
    secrets.source.set('K', 'secret');
    await secrets.run();
    expect(Object.fromEntries(target.values())).toEqual({ K: 'secret', 'K (variable)': 'variable' });
    variables.source.delete('K');
    await variables.run();
    expect(Object.fromEntries(target.values())).toEqual({ K: 'secret' });
    expect((await secrets.run()).outcomes).toEqual([]);
  });
});
