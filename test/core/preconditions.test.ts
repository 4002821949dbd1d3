import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import { createKeyring, ephemeralKeyring } from '../../src/core/fingerprint.js';
import { planSync } from '../../src/core/plan.js';
import { checkSavedPlan } from '../../src/engine/saved-plan.js';

const FINGERPRINT_KEY = 'k'.repeat(32);
// Made in each test: what fails while a file is loaded fails without a name.
const keyring = () => createKeyring(FINGERPRINT_KEY);

const input = {
  definition: {
    name: 'nightly',
    description: 'words',
    environment: 'prod',
    syncOptions: { keySchema: 'APP_{{secretKey}}', initialSyncBehavior: 'import-prioritize-destination' },
    destination: 'custom',
    destinationConfig: { list: [1, { deep: 'x' }], none: null },
  },
  source: { secrets: { A: '1', B: '2', 'bad key': '3' }, unreadable: ['C'] },
  destination: { APP_A: '0', APP_C: 'x', APP_NEW: 'y', OTHER: 'z' },
  capabilities: {
    import: true,
    writes: 'batch',
    reservedWritable: true,
    checkKey: (key: string) => (key.includes(' ') ? 'use no blanks' : undefined),
    checkValue: () => undefined,
    isReserved: () => false,
  },
  confirmDeletions: 1,
  fingerprintKey: FINGERPRINT_KEY,
} as const;
const planned = () => planSync(input);

type Path = readonly (string | number)[];

/** Every place in a plan that holds something, in the order in which it is written down. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([name, field]) =>
    pathsOf(field, [...path, Array.isArray(value) ? Number(name) : name]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

/** A copy in which one place has been given to `edit`. */
function edited(value: unknown, [name, ...rest]: Path, edit: (owner: object, name: string) => void): unknown {
  const copy: unknown = structuredClone(value);
  if (typeof copy !== 'object' || copy === null || name === undefined) throw new Error('No such path.');
  if (rest.length === 0) edit(copy, String(name));
  else Reflect.set(copy, name, edited(Reflect.get(copy, name), rest, edit));
  return copy;
}

const reasonFor = (candidate: unknown, ring = keyring()): string => {
  try {
    checkSavedPlan(candidate, ring);
  } catch (error) {
    return isSecretSyncError(error) ? error.code : 'unexpected';
  }
  return 'taken';
};

const changedValue = (value: unknown): unknown => {
  if (typeof value === 'string') return `${value}x`;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return [...(value as unknown[]), value[0] ?? 'x'];
  return value === null ? 0 : { ...value, extra: 1 };
};

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, field]) => [name, reversed(field)]),
  );
};

describe('a saved plan', () => {
  /** The places in a plan for which it is taken all the same. */
  const takenWith = (edit: (owner: object, name: string) => void): string[] => {
    const plan = planned();
    return pathsOf(plan)
      .filter((path) => reasonFor(edited(plan, path, edit)) !== 'PLAN_INVALID')
      .map((path) => path.join('.'));
  };

  it('holds something of everything', () => {
    expect(pathsOf(planned()).map((path) => path.join('.'))).toEqual(
      expect.arrayContaining([
        'imports.1',
        'changes.4',
        'problems.0',
        'warnings.0',
        'summary.keep',
        'options.confirmDeletions',
      ]),
    );
  });

  it('is refused when any place in it was edited', () => {
    const taken = takenWith((owner, name) =>
      Reflect.set(owner, name, changedValue(Reflect.get(owner, name))),
    );
    expect(taken).toEqual([]);
  });

  it('is refused when anything was taken out of it', () => {
    const taken = takenWith((owner, name) => {
      if (Array.isArray(owner)) owner.splice(Number(name), 1);
      else Reflect.deleteProperty(owner, name);
    });
    expect(taken).toEqual([]);
  });

  it('is refused when a field was added anywhere', () => {
    const plan = planned();
    for (const path of [[], ...pathsOf(plan)]) {
      const name = path.join('.');
      const owner = path.reduce<unknown>((value, segment) => Reflect.get(Object(value), segment), plan);
      if (typeof owner !== 'object' || owner === null || Array.isArray(owner)) continue;
      const added = edited({ plan }, ['plan', ...path], (holder, field) =>
        Reflect.set(holder, field, { ...Reflect.get(holder, field), added: 1 }),
      );
      expect(`${name}: ${reasonFor(Reflect.get(Object(added), 'plan'))}`).toBe(`${name}: PLAN_INVALID`);
    }
  });

  it('is refused when two of its changes changed places', () => {
    const plan = planned();
    const changes = [...plan.changes];
    expect(reasonFor({ ...plan, changes: changes.reverse() })).toBe('PLAN_INVALID');
  });

  it('is taken as it was made, after a round trip through JSON, and in any order of its fields', () => {
    const plan = planned();
    const saved: unknown = JSON.parse(JSON.stringify(plan, undefined, 2));
    expect([plan, saved, reversed(saved)].map((candidate) => reasonFor(candidate))).toEqual([
      'taken',
      'taken',
      'taken',
    ]);
    expect(checkSavedPlan(saved, keyring()).plan).toEqual(plan);
  });

  it('is taken by an engine that has its key as a previous one', () => {
    expect(reasonFor(planned(), createKeyring(['n'.repeat(32), FINGERPRINT_KEY]))).toBe('taken');
  });

  it.each<[string, () => unknown]>([
    ['null', () => null],
    ['a text', () => 'plan'],
    ['an empty object', () => ({})],
    ['a list', () => []],
    ['one of a newer version', () => ({ ...planned(), formatVersion: 2 })],
    ['one of planSync without a key', () => planSync({ ...input, fingerprintKey: undefined } as never)],
    [
      'one with a number that JSON can not hold',
      () => ({ ...planned(), options: { ...planned().options, confirmDeletions: NaN } }),
    ],
  ])('is refused when it is %s', (_title, candidate) => {
    expect(reasonFor(candidate())).toBe('PLAN_INVALID');
  });

  it('is refused under another key, and needs a key that lasts where one of the two had none', () => {
    expect(reasonFor(planned(), createKeyring('n'.repeat(32)))).toBe('PLAN_INVALID');
    expect(reasonFor(planned(), ephemeralKeyring())).toBe('FINGERPRINT_KEY_REQUIRED');
  });
});

describe('what a plan checks before it writes', () => {
  const digests = (more: Partial<Parameters<typeof planSync>[0]>) => {
    const made = planSync({ ...input, ...more });
    return new Map(made.changes.map(({ key }, index) => [key, made.preconditions?.changes[index]]));
  };
  const before = () => digests({});

  it.each<[string, string, Partial<Parameters<typeof planSync>[0]>]>([
    [
      'the value to be written is another',
      'APP_B',
      { source: { ...input.source, secrets: { A: '1', B: '3' } } },
    ],
    ['the place is another', 'APP_B', { place: 'elsewhere' }],
  ])('moves when %s', (_title, key, more) => {
    expect(before().get(key)).toMatch(/^[0-9a-f]{64}$/);
    expect(digests(more).get(key)).not.toBe(before().get(key));
  });

  it('moves when the entry to be overwritten has another value, revision or id', () => {
    const at = (entry: object) =>
      digests({
        destination: [{ key: 'APP_B', ...entry }],
        state: { syncs: [{ syncId: 'nightly', importedAt: '' }] },
      }).get('APP_B');
    const made = [
      {},
      { value: '0' },
      { value: '' },
      { revision: 'r' },
      { id: '1' },
      { id: '1', revision: 'r' },
    ].map(at);
    expect(made.every((digest) => digest?.length === 64)).toBe(true);
    expect(new Set(made).size).toBe(made.length);
  });

  it('moves when the value to be imported, or what the source held, is another', () => {
    const made = (destination: string, source: Record<string, string>) =>
      planSync({ ...input, source, destination: { APP_A: destination } }).preconditions?.imports[0];
    const all = [made('0', { A: '1' }), made('9', { A: '1' }), made('0', { A: '9' }), made('0', {})];
    for (const digest of all) expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(all).size).toBe(all.length);
    expect(made('0', { A: '1' })).toBe(all[0]);
  });

  it('is the same for equal input, and never shared by two keys of one value', () => {
    expect(digests({})).toEqual(before());
    const twins = digests({ source: { A: 'same', B: 'same' }, destination: {} });
    expect(twins.get('APP_A')).not.toBe(twins.get('APP_B'));
  });
});
