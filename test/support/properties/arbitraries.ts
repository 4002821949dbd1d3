import * as fc from 'fast-check';
import type { SyncOptionsInput } from '../../../src/contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../../../src/contracts/destination.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import type { SourceRead } from '../../../src/contracts/source.js';
import type { PlaceState, RememberedEntry } from '../../../src/contracts/state-store.js';
import type { PlanSyncInput } from '../../../src/core/plan-sync.js';
import { unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';

/** Few, so that both sides and the state often hold the same one; many of them awkward. */
const COMMON_KEYS = ['A', 'a', 'B', 'APP_A', 'APP_B', 'APP_', 'SYS_A', 'p/A', 'p/A/B', 'HIDDEN'] as const;
const AWKWARD_KEYS = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'A\nB',
  '\u001b[31mA',
  '\u202eA',
  '\u0000',
  '\ud800',
  'é',
  'e\u0301',
  '🔑',
  '{{environment}}',
  '{{secretKey}}',
] as const;

export const anyText = fc.string({ unit: 'binary', maxLength: 12 });
export const anyKey = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...COMMON_KEYS) },
  { weight: 2, arbitrary: fc.constantFrom(...AWKWARD_KEYS) },
  { weight: 1, arbitrary: anyText },
);
export const anyValue = fc.oneof(fc.constantFrom('', '0', '1', 'a "b"\n\\', '{{A}}', '\ud800'), anyText);
const secretOrText = anyValue.chain((text) => fc.constantFrom(text, new SecretValue(text)));

/** A read of a source: often complete, sometimes partial, sometimes with a key that stands there twice. */
export const anySource: fc.Arbitrary<SourceRead> = fc.record({
  secrets: fc.oneof(
    {
      weight: 5,
      arbitrary: fc.uniqueArray(fc.tuple(anyKey, secretOrText), { selector: ([key]) => key, maxLength: 8 }),
    },
    { weight: 1, arbitrary: fc.array(fc.tuple(anyKey, secretOrText), { maxLength: 8 }) },
  ),
  complete: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.constant(false)),
  unreadable: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.uniqueArray(anyKey, { maxLength: 2 })),
});

export const KINDS = ['secret', 'variable'] as const;
const anyKind = fc.constantFrom(undefined, ...KINDS);
const anyRevision = fc.constantFrom(
  '2026-01-01T00:00:05Z',
  '2026-01-01T00:00:05.250Z',
  '2026-01-02T00:00:00Z',
  'r1',
);
const anyId = fc.constantFrom('1', '2');

const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });

function defined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> };
function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const anyFixed = fc.constantFrom(
  'inherited',
  'alias',
  'override',
  'file',
  'external',
  'foreign-owner',
  'built-in',
) satisfies fc.Arbitrary<NonNullable<DestinationEntry['fixed']>>;

const anyEntry: fc.Arbitrary<DestinationEntry> = fc
  .record({
    key: anyKey,
    id: optional(anyId),
    kind: anyKind,
    revision: optional(anyRevision),
    value: fc.oneof(
      { weight: 4, arbitrary: optional(secretOrText) },
      { weight: 1, arbitrary: fc.constant({ notAString: true } as const) },
    ),
    fixed: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, anyFixed),
    reserved: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, fc.constant(true as const)),
    hasDependents: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, fc.constant(true as const)),
  })
  .map(defined);

const placeOf = ({ key, kind, fixed }: DestinationEntry) =>
  JSON.stringify([key, kind, fixed === 'inherited']);

/** What stands at a place: each key at most once in each kind and scope. */
export const anyDestination = fc.uniqueArray(anyEntry, { selector: placeOf, maxLength: 10 });

/** The sync under test, and another that writes to the same place. */
export const SYNC_ID = 'nightly';
export const OTHER_SYNC_ID = 'other';
const anySyncId = fc.constantFrom(SYNC_ID, SYNC_ID, OTHER_SYNC_ID);

const anyRemembered: fc.Arbitrary<RememberedEntry> = fc
  .record({
    key: anyKey,
    kind: anyKind,
    syncId: anySyncId,
    adopted: optional(fc.constant(true as const)),
    fingerprint: optional(fc.constantFrom('lost.00', 'no id')),
    id: optional(anyId),
    revision: optional(anyRevision),
    pending: fc.oneof(
      { weight: 5, arbitrary: fc.constant(undefined) },
      fc.record({ syncId: anySyncId, action: fc.constantFrom('create', 'update', 'replace', 'delete') }),
    ),
  })
  .map(defined);

export const anyState: fc.Arbitrary<PlaceState> = fc.record({
  syncs: fc
    .subarray([SYNC_ID, OTHER_SYNC_ID])
    .map((ids) => ids.map((syncId) => ({ syncId, importedAt: '2026-01-01T00:00:00.000Z' }))),
  entries: fc.uniqueArray(anyRemembered, {
    selector: ({ key, kind }) => JSON.stringify([key, kind]),
    maxLength: 10,
  }),
});

const anyBoolean = fc.boolean();

const anySyncOptions: fc.Arbitrary<SyncOptionsInput> = fc.record(
  {
    initialSyncBehavior: fc.constantFrom(
      'overwrite-destination',
      'import-prioritize-source',
      'import-prioritize-destination',
    ),
    disableSecretDeletion: anyBoolean,
    keySchema: fc.constantFrom('APP_{{secretKey}}', '{{secretKey}}_{{environment}}', 'p/{{secretKey}}'),
    deletionScope: fc.constantFrom('ask', 'matching', 'owned'),
    maxDeletions: fc.record(
      { count: fc.nat(5), ratio: fc.constantFrom(0, 0.25, 0.5, 1) },
      { requiredKeys: [] },
    ),
    allowEmptySource: anyBoolean,
    allowReplace: anyBoolean,
    invalidKeys: fc.constantFrom('refuse', 'skip'),
  },
  { requiredKeys: [] },
);

/** Of a destination that has, or has not, kinds, reserved keys, limits and a comparison of its own. */
const anyCapabilities: fc.Arbitrary<Capabilities> = fc
  .record({
    kind: anyKind,
    reservedWritable: anyBoolean,
    strict: anyBoolean,
    ignoresCase: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
    limits: optional(fc.record({ keys: fc.integer({ min: 3, max: 9 }), valueBytes: fc.constant(20) })),
  })
  .map(({ kind, reservedWritable, strict, ignoresCase, limits }) => ({
    ...unrestrictedCapabilities,
    ...defined({ kind, limits }),
    reservedWritable,
    checkKey: (key) => (strict && /[^A-Za-z_]/.test(key) ? 'use letters and underscores' : undefined),
    checkValue: (value) => (strict && value.includes('\ud800') ? 'it is no valid Unicode' : undefined),
    isReserved: (key) => key.startsWith('SYS_'),
    ...(ignoresCase ? { canonicalKey: (key: string) => key.toLowerCase() } : {}),
  }));

/** Everything that a plan is made from. Fingerprints that verify are for the tests that make them. */
export const anyPlanInput: fc.Arbitrary<
  PlanSyncInput & { readonly source: SourceRead; readonly destination: readonly DestinationEntry[] }
> = fc.record(
  {
    definition: fc.record({
      name: fc.constant(SYNC_ID),
      environment: fc.constant('prod'),
      syncOptions: anySyncOptions,
    }),
    source: anySource,
    destination: anyDestination,
    state: anyState,
    capabilities: anyCapabilities,
    operation: fc.constantFrom('sync', 'sync', 'sync', 'import', 'remove'),
    importBehavior: fc.constantFrom('prioritize-source', 'prioritize-destination'),
    force: anyBoolean,
    confirmDeletions: fc.nat(4),
    fingerprintKey: fc.constant('0123456789abcdef0123456789abcdef'),
  },
  { requiredKeys: ['definition', 'source', 'destination', 'state', 'capabilities', 'operation'] },
);
