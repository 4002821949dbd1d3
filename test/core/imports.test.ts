import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InitialSyncBehavior } from '../../src/contracts/definition.js';
import type { DestinationEntry } from '../../src/contracts/destination.js';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import { SecretValue } from '../../src/contracts/secret.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import type { SourceReadResult } from '../../src/contracts/source.js';
import {
  assertImportable,
  importBehaviorOf,
  resolveImport,
  resolveSnapshot,
  type ResolveImportInput,
} from '../../src/core/imports.js';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import { planSync } from '../../src/core/plan-sync.js';
import { inOneGo } from '../../src/shared/turns/turns.js';
import { compileKeySchema } from '../../src/core/definition/key-schema.js';
import { anyDestination, anySource } from '../support/properties/arbitraries.js';
import { deepFreeze } from '../support/properties/deep-freeze.js';
import { propertyRuns } from '../support/properties/property.js';

type Behavior = ResolveImportInput['behavior'];
type Row = readonly [
  title: string,
  destination: string,
  source: string | undefined,
  behavior: Behavior,
  action: string,
  desired: string | undefined,
];

const UNREADABLE = 'unreadable';
const rows: Row[] = (
  [
    ['a value that the source lacks is not imported', 'v', undefined, 'overwrite-destination', '', undefined],
    [
      'a value that the source lacks is created there',
      'v',
      undefined,
      'import-prioritize-source',
      'create absent-from-source',
      'v',
    ],
    [
      'a value that the source lacks is created there',
      'v',
      undefined,
      'import-prioritize-destination',
      'create absent-from-source',
      'v',
    ],
    ['the same value is nothing to import', 'v', 'v', 'overwrite-destination', '', 'v'],
    ['the same value is nothing to import', 'v', 'v', 'import-prioritize-source', '', 'v'],
    ['the same value is nothing to import', 'v', 'v', 'import-prioritize-destination', '', 'v'],
    ['another value is overwritten', 'v', 'w', 'overwrite-destination', '', 'w'],
    ['another value is overwritten', 'v', 'w', 'import-prioritize-source', 'ignore source-wins', 'w'],
    [
      'another value comes into the source',
      'v',
      'w',
      'import-prioritize-destination',
      'update destination-wins',
      'v',
    ],
    ['an empty value is overwritten', '', 'w', 'overwrite-destination', '', 'w'],
    [
      'an empty value is overwritten',
      '',
      'w',
      'import-prioritize-source',
      'ignore empty-at-destination',
      'w',
    ],
    [
      'an empty value is overwritten',
      '',
      'w',
      'import-prioritize-destination',
      'ignore empty-at-destination',
      'w',
    ],
    [
      'an empty value that the source lacks is not imported',
      '',
      undefined,
      'overwrite-destination',
      '',
      undefined,
    ],
    [
      'an empty value that the source lacks is created there, empty',
      '',
      undefined,
      'import-prioritize-source',
      'create absent-from-source',
      '',
    ],
    [
      'an empty value that the source lacks is created there, empty',
      '',
      undefined,
      'import-prioritize-destination',
      'create absent-from-source',
      '',
    ],
    ['an empty value on both sides is nothing to import', '', '', 'import-prioritize-destination', '', ''],
    [
      'a value over an empty one of the source is overwritten',
      'v',
      '',
      'import-prioritize-source',
      'ignore source-wins',
      '',
    ],
    [
      'a value over an empty one of the source comes in',
      'v',
      '',
      'import-prioritize-destination',
      'update destination-wins',
      'v',
    ],
    ['what the source could not read is left alone', 'v', UNREADABLE, 'overwrite-destination', '', undefined],
    [
      'what the source could not read is left alone',
      'v',
      UNREADABLE,
      'import-prioritize-source',
      'ignore unreadable-at-source',
      undefined,
    ],
    [
      'what the source could not read is left alone',
      'v',
      UNREADABLE,
      'import-prioritize-destination',
      'ignore unreadable-at-source',
      undefined,
    ],
    [
      'an empty value that the source could not read is left alone',
      '',
      UNREADABLE,
      'import-prioritize-destination',
      'ignore unreadable-at-source',
      undefined,
    ],
  ] satisfies Row[]
).flatMap((row): Row[] => {
  const [title, destination, source, behavior, action, desired] = row;
  if (behavior === 'import-prioritize-source')
    return [row, [title, destination, source, 'prioritize-source', action, desired]];
  if (behavior === 'import-prioritize-destination') {
    return [row, [title, destination, source, 'prioritize-destination', action, desired]];
  }
  return [row];
});

const summary = ({ imports, desired }: ReturnType<typeof resolveImport>) => ({
  imports: imports.map(({ sourceKey, key, action, reason }) => `${sourceKey} ${key} ${action} ${reason}`),
  desired: Object.fromEntries(
    Array.from(desired, ([key, wanted]) => [key, [wanted.sourceKey, wanted.value.reveal()]]),
  ),
});

describe('an import', () => {
  it.each(rows)(
    '%s (%j at the destination, %j in the source, %s)',
    (_, value, held, behavior, action, desired) => {
      const resolved = resolveImport({
        source:
          held === UNREADABLE
            ? { secrets: {}, unreadable: ['K'] }
            : { secrets: held === undefined ? {} : { K: held } },
        destination: { APP_K: value },
        behavior,
        keySchema: compileKeySchema('APP_{{secretKey}}'),
      });
      expect(summary(resolved)).toEqual({
        imports: action === '' ? [] : [`K APP_K ${action}`],
        desired: desired === undefined ? {} : { APP_K: ['K', desired] },
      });
    },
  );

  const capabilities = {
    ...unrestrictedCapabilities,
    kind: 'variable',
    isReserved: (key: string) => key.startsWith('SYS_'),
  };
  it.each<[string, DestinationEntry]>([
    ['does not match the schema', { key: 'A', kind: 'variable', value: 'v' }],
    ['cannot be read', { key: 'APP_A', kind: 'variable' }],
    ['is not a string', { key: 'APP_A', kind: 'variable', value: { notAString: true } }],
    ['is marked as reserved', { key: 'APP_A', kind: 'variable', value: 'v', reserved: true }],
    ['is of another kind', { key: 'APP_A', kind: 'secret', value: 'v' }],
    ['is inherited', { key: 'APP_A', kind: 'variable', value: 'v', fixed: 'inherited' }],
    ['is an alias', { key: 'APP_A', kind: 'variable', value: 'v', fixed: 'alias' }],
    ['is owned by another system', { key: 'APP_A', kind: 'variable', value: 'v', fixed: 'foreign-owner' }],
  ])('leaves out what %s', (_, entry) => {
    const resolved = resolveImport({
      source: {},
      destination: [entry],
      behavior: 'prioritize-destination',
      keySchema: compileKeySchema('APP_{{secretKey}}'),
      capabilities,
    });
    expect(summary(resolved)).toEqual({ imports: [], desired: {} });
  });

  it('leaves out what has the name of a reserved key', () => {
    const destination = [{ key: 'SYS_A', kind: 'variable', value: 'v' }];
    const resolved = resolveImport({ source: {}, destination, behavior: 'prioritize-source', capabilities });
    expect(resolved.imports).toEqual([]);
  });

  it('leaves out an empty key, which no source can hold', () => {
    const resolved = resolveImport({ source: {}, destination: { '': 'v' }, behavior: 'prioritize-source' });
    expect(summary(resolved)).toEqual({ imports: [], desired: {} });
  });

  it('takes a key that the source may hold without having named it as unreadable', () => {
    const source = { secrets: { B: '1' }, complete: false };
    const resolved = resolveImport({
      source,
      destination: { A: 'v', B: '2' },
      behavior: 'prioritize-destination',
    });
    expect(summary(resolved)).toEqual({
      imports: ['A A ignore unreadable-at-source', 'B B update destination-wins'],
      desired: { B: ['B', '2'] },
    });
  });

  it('knows a key of the source in the spelling of a destination to which both are one', () => {
    const resolved = resolveImport({
      source: { secrets: { Held: '1' }, unreadable: ['Hidden'] },
      destination: { HELD: '2', HIDDEN: '3', NEW: '4' },
      behavior: 'prioritize-destination',
      capabilities: { ...unrestrictedCapabilities, canonicalKey: (key) => key.toLowerCase() },
    });
    expect(summary(resolved)).toEqual({
      imports: [
        'Held HELD update destination-wins',
        'Hidden HIDDEN ignore unreadable-at-source',
        'NEW NEW create absent-from-source',
      ],
      desired: { Held: ['Held', '2'], NEW: ['NEW', '4'] },
    });
  });

  it('decides the same in any order about spellings that are one key to the destination', () => {
    const capabilities = { ...unrestrictedCapabilities, canonicalKey: (key: string) => key.toLowerCase() };
    const behavior = 'prioritize-destination';
    const secrets: [string, string][] = [
      ['a', '1'],
      ['A', '1'],
    ];
    const bySource = [secrets, [...secrets].reverse()].map((source) =>
      summary(resolveImport({ source, destination: { aA: 'x', AA: 'y', a: '2' }, behavior, capabilities })),
    );
    expect(bySource[0]?.imports).toContain('A a update destination-wins');
    expect(bySource[1]).toEqual(bySource[0]);
    const entries: [string, string][] = [
      ['A', '2'],
      ['a', '3'],
    ];
    const byDestination = [entries, [...entries].reverse()].map((destination) =>
      summary(resolveImport({ source: { A: '1' }, destination, behavior, capabilities })),
    );
    expect(byDestination[0]?.imports).toEqual(['A A update destination-wins', 'A a update destination-wins']);
    expect(byDestination[1]).toEqual(byDestination[0]);
  });

  it('takes __proto__ and constructor as the data that they are', () => {
    const destination: unknown = JSON.parse('{"__proto__":"p","constructor":"c"}');
    const resolved = resolveImport({
      source: {},
      destination: new Map(Object.entries(destination as Record<string, string>)),
      behavior: 'prioritize-source',
    });
    expect([...resolved.desired.keys()]).toEqual(['__proto__', 'constructor']);
    expect(resolved.imports.map((planned) => planned.sourceKey)).toEqual(['__proto__', 'constructor']);
  });

  it('lists source keys sorted by code unit, whatever the order at the destination', () => {
    const destination = { b: '1', B: '2', é: '3', A: '4' };
    const { imports } = resolveImport({ source: {}, destination, behavior: 'prioritize-source' });
    expect(imports.map((planned) => planned.sourceKey)).toEqual(['A', 'B', 'b', 'é']);
  });

  it('refuses a source value that is not a string, naming every such key', () => {
    const secrets: unknown = { A: 1, B: null, C: 'fine' };
    expect(() =>
      resolveImport({
        source: secrets as Record<string, string>,
        destination: {},
        behavior: 'prioritize-source',
      }),
    ).toThrowError(/"A": its value is number[^]*"B": its value is null/);
  });

  it('refuses input of another shape, naming everything that is wrong', () => {
    const input = { source: 7, destination: {}, behavior: 'import' };
    expect((): unknown => Reflect.apply(resolveImport, undefined, [input])).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/resolveImport\(\)[^]*"source"[^]*"behavior"/) as unknown,
      }),
    );
  });

  it('leaves its arguments as they are, and never changes what the source holds without listing it', () => {
    fc.assert(
      fc.property(anySource, anyDestination, fc.boolean(), (source, destination, destinationWins) => {
        const behavior = destinationWins ? 'prioritize-destination' : 'prioritize-source';
        const { imports, desired } = resolveImport(deepFreeze({ source, destination, behavior }));
        const imported = new Set(imports.filter(({ action }) => action !== 'ignore').map(({ key }) => key));
        const held = new Map<string, string>();
        for (const [key, value] of source.secrets as Iterable<[string, string | SecretValue]>) {
          if (!held.has(key)) held.set(key, SecretValue.from(value).reveal());
        }
        for (const [key, { value }] of desired) {
          expect(imported.has(key) || held.get(key) === value.reveal()).toBe(true);
        }
        for (const key of held.keys()) expect(desired.has(key)).toBe(true);
      }),
      propertyRuns,
    );
  });
});

describe('what an operation imports', () => {
  const definition = (initialSyncBehavior: InitialSyncBehavior) =>
    planSync({
      definition: { name: 'nightly', syncOptions: { initialSyncBehavior } },
      source: {},
      destination: {},
    }).definition;

  it.each([
    ['import', 'overwrite-destination', undefined, false, 'prioritize-source'],
    ['import', 'import-prioritize-source', 'prioritize-destination', true, 'prioritize-destination'],
    ['sync', 'import-prioritize-source', 'prioritize-destination', true, 'import-prioritize-source'],
    ['sync', 'import-prioritize-destination', undefined, true, 'import-prioritize-destination'],
    ['sync', 'import-prioritize-destination', undefined, false, 'overwrite-destination'],
    ['remove', 'import-prioritize-source', undefined, true, 'overwrite-destination'],
  ] as const)(
    '%s with %s, asked for %s, at a first sync: %s',
    (operation, initial, asked, isInitial, expected) => {
      expect(importBehaviorOf(operation, definition(initial), asked, isInitial)).toBe(expected);
    },
  );

  const refused = (
    operation: 'sync' | 'import' | 'remove',
    initial: InitialSyncBehavior,
    canImport: boolean,
    remembersFirstSync: boolean,
  ): string => {
    try {
      assertImportable({
        operation,
        definition: definition(initial),
        capabilities: { ...unrestrictedCapabilities, import: canImport },
        displayName: 'The shop',
        remembersFirstSync,
      });
      return 'taken';
    } catch (error) {
      return isSecretSyncError(error) ? `${error.code}: ${error.message}` : 'unexpected';
    }
  };
  const NOT_SUPPORTED =
    'IMPORT_NOT_SUPPORTED: The shop can\'t be imported from; use initialSyncBehavior "overwrite-destination".';
  const NEEDS_STORE =
    'DURABLE_STORE_REQUIRED: initialSyncBehavior "import-prioritize-source" needs a store that remembers that the first ' +
    'sync was done; pass the engine a store (memoryStore() if forgetting is fine).';

  it.each([
    ['sync', 'overwrite-destination', false, false, 'taken'],
    ['remove', 'import-prioritize-source', false, false, 'taken'],
    ['sync', 'import-prioritize-source', true, true, 'taken'],
    ['sync', 'import-prioritize-source', false, true, NOT_SUPPORTED],
    ['sync', 'import-prioritize-source', true, false, NEEDS_STORE],
    ['import', 'overwrite-destination', true, false, 'taken'],
    ['import', 'overwrite-destination', false, true, NOT_SUPPORTED],
  ] as const)(
    '%s with %s at a destination that can be imported from: %s, in a store that remembers: %s',
    (operation, initial, canImport, remembers, expected) => {
      expect(refused(operation, initial, canImport, remembers)).toBe(expected);
    },
  );
});

describe('what both sides hold alike after an import', () => {
  const resolved = (
    source: SourceReadResult,
    destination: readonly DestinationEntry[],
    destinationWins = false,
  ) =>
    resolveSnapshot(sourceSnapshot(source), destination, {
      behavior: destinationWins ? 'prioritize-destination' : 'prioritize-source',
      keySchema: compileKeySchema('APP_{{secretKey}}'),
      capabilities: unrestrictedCapabilities,
    });
  const alike = (...given: Parameters<typeof resolved>) =>
    inOneGo(resolved(...given)).alike.map(({ change, after, part, before }) => {
      expect(before?.key).toBe(change.key);
      expect(change).toMatchObject({ action: 'unchanged', reason: 'value-equal' });
      return [change.key, change.sourceKey, after?.reveal(), part];
    });

  it('is what was alike, and what was imported, each with the part of the source that it came from', () => {
    const source = {
      secrets: { SAME: '1', OTHER: '2', EMPTY: '3' },
      parts: [{ name: 'app', keys: ['SAME', 'OTHER', 'EMPTY'] }],
    };
    const destination = [
      { key: 'APP_SAME', value: '1' },
      { key: 'APP_OTHER', value: '9' },
      { key: 'APP_EMPTY', value: '' },
      { key: 'APP_NEW', value: '5' },
      { key: 'STRANGE', value: '6' },
    ];
    expect(alike(source, destination)).toEqual([
      ['APP_SAME', 'SAME', '1', 'app'],
      ['APP_NEW', 'NEW', '5', undefined],
    ]);
    expect(alike(source, destination, true)).toEqual([
      ['APP_SAME', 'SAME', '1', 'app'],
      ['APP_OTHER', 'OTHER', '9', 'app'],
      ['APP_NEW', 'NEW', '5', undefined],
    ]);
  });

  it('is found in turns where there is much of it', () => {
    const entries = Array.from({ length: 9_000 }, (_, index) => ({ key: `APP_${index}`, value: '1' }));
    expect([...resolved({}, entries)].length).toBeGreaterThanOrEqual(2);
    expect([...resolved({}, entries.slice(0, 10))]).toEqual([]);
  });
});
