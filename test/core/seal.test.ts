import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import { planSync } from '../../src/core/plan-sync.js';
import { planMac } from '../../src/core/seal.js';
import { checkSavedPlan as checkInTurns } from '../../src/engine/saved-plan.js';
import { createKeyring, ephemeralKeyring, type Keyring } from '../../src/core/fingerprint/keyring.js';
import { inOneGo } from '../../src/shared/turns/turns.js';

const FINGERPRINT_KEY = 'k'.repeat(32);
const checkSavedPlan = (candidate: unknown, ring: Keyring) => inOneGo(checkInTurns(candidate, ring));

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
    ['one of a newer version', () => ({ ...planned(), formatVersion: 3 })],
    ['one of an older version', () => ({ ...planned(), formatVersion: 1 })],
    ['one of planSync without a key', () => planSync({ ...input, fingerprintKey: undefined })],
    [
      'one with a number that JSON cannot hold',
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
    return new Map(made.changes.map(({ key, digest }) => [key, digest]));
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

  it('moves when what is known of a value that cannot be read is another, and not of one that can', () => {
    const at = (fingerprint: string | undefined, entry: object) =>
      digests({
        destination: [{ key: 'APP_B', ...entry }],
        state: {
          syncs: [{ syncId: 'nightly', importedAt: '' }],
          entries: [
            { key: 'APP_B', syncId: 'nightly', ...(fingerprint === undefined ? {} : { fingerprint }) },
          ],
        },
      }).get('APP_B');
    const unreadable = ['a.00', 'a.01', undefined].map((known) => at(known, {}));
    expect(unreadable.every((digest) => digest?.length === 64)).toBe(true);
    expect(new Set(unreadable).size).toBe(3);
    const readable = ['a.00', 'a.01', undefined].map((known) => at(known, { value: '0' }));
    expect(readable.every((digest) => digest?.length === 64)).toBe(true);
    expect(new Set(readable).size).toBe(1);
  });

  it('moves when the value to be imported, or what the source held, is another', () => {
    const made = (destination: string, source: Record<string, string>) =>
      planSync({ ...input, source, destination: { APP_A: destination } }).imports[0]?.digest;
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

describe('a plan of format version 2', () => {
  // It may lie in a file or a pipeline while this library is updated: what was digested once must be digested so again.
  it('has the digests that it always had, so that a saved one can still be applied', () => {
    const made = planSync({
      definition: {
        name: 'nightly',
        syncOptions: {
          initialSyncBehavior: 'import-prioritize-destination',
          deletionScope: 'matching',
          allowReplace: true,
        },
      },
      source: { CREATED: '1', UPDATED: '2', HELD: '3', KINDLESS: '4' },
      destination: [
        { key: 'UPDATED', kind: 'secret', id: 'id-1', revision: 'r-1' },
        { key: 'DELETED', kind: 'secret' },
        { key: 'HELD', kind: 'secret', value: '5' },
        { key: 'NEW', kind: 'secret', value: '6' },
        { key: 'KINDLESS', value: '7' },
      ],
      capabilities: { ...input.capabilities, kind: 'secret' },
      place: 'custom:place',
      fingerprintKey: FINGERPRINT_KEY,
    });
    const changes = made.changes.map(({ key, action, digest }) => [`${key} ${action}`, digest]);
    const imports = made.imports.map(({ key, action, digest }) => [`${key} ${action}`, digest]);
    expect({ changes, imports }).toEqual({
      changes: [
        ['CREATED create', '86e43f6eff7474520f3eb0e11ebe979257fcb6d4a7e110c7e8ae436d711b2630'],
        ['DELETED delete', '9fe942f1a93ed8b7c060247b3bd1e2621486812931055a3a8e2f123ee1c5f1aa'],
        ['HELD unchanged', undefined],
        ['KINDLESS replace', 'd1b87c880e816977f8a2d1d90772d4b25e580279387d8e992d655bc9e220e956'],
        ['NEW unchanged', undefined],
        ['UPDATED update', 'ec4c9462549ef972643729e53fdc785d9bc2c85e43909a738c7d35a36def784c'],
      ],
      imports: [
        ['HELD update', '580e54424ef92a04cd928f1766aab573db1538aeb105c6f3373e5bd7d92ce765'],
        ['NEW create', 'a56af6d8a333d94a5f3513f19318450461b95cffaffb13e8d21a2f3115b65f31'],
      ],
    });
  });

  it('has the digests that it always had where the destination has no kinds', () => {
    const made = planSync({
      definition: { name: 'nightly', syncOptions: { keySchema: '{{secretKey}}' } },
      source: { CREATED: '1', UPDATED: '2' },
      destination: { UPDATED: '1' },
      place: 'custom:place',
      fingerprintKey: FINGERPRINT_KEY,
    });
    expect(made.changes.map(({ digest }) => digest)).toEqual([
      '472ee407136a5ebc6a4b9c9d83122520b6375b68e41297f069a6d34beafbea6c',
      '44e8edc26c62b18fa4172963753eebc9108860cea11c28044950468debc99ed6',
    ]);
  });

  it('has the MAC that it always had, over all of it', () => {
    const { current } = keyring();
    const mac = inOneGo(planMac(current, { place: 'a', options: { force: true } }, { keyId: 'k' }));
    expect(mac).toEqual('2f5168a88effa3e5b4585a8022b34986c195d9235fa8c68eb615e38344c838d5');
  });
});
