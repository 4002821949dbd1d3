import fc from 'fast-check';
import type { SyncOptionsInput } from '../../src/contracts/definition.js';
import type { DestinationEntry, FixedReason } from '../../src/contracts/destination.js';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import type { SourceRead } from '../../src/contracts/source.js';
import type { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import type { MemoryDestination } from '../../src/testing/memory-destination/types.js';
import { createEngine, memoryDefinition } from './engine.js';
import { recordingStore } from './recording-store.js';

/** Some look alike to a careless program, some are reserved, some match a schema that others match too. */
const NAMES = ['A', 'B', 'C', 'D', 'APP_A', '__proto__', 'constructor', 'PLATFORM_X'];
export const SCHEMAS = [undefined, 'APP_{{secretKey}}', '{{secretKey}}_X', 'APP_APP_{{secretKey}}'] as const;

const value = fc.constantFrom('', '1', '2', 'three');
const kind = fc.constantFrom('secret', 'variable');
const secrets = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 7 })
  .map((pairs) => [...new Map(pairs)]);

const FIXED: readonly FixedReason[] = ['inherited', 'alias', 'override', 'file', 'external', 'foreign-owner'];
const edit = fc.record(
  {
    key: fc
      .tuple(fc.constantFrom('', 'APP_', 'APP_APP_'), fc.constantFrom(...NAMES), fc.constantFrom('', '_X'))
      .map((parts) => parts.join('')),
    kind,
    value,
    /** Mostly none. */
    fixed: fc.constantFrom(undefined, undefined, undefined, undefined, ...FIXED),
    hasDependents: fc.constantFrom(false, false, false, true),
    remove: fc.constantFrom(false, false, true),
  },
  { noNullPrototype: true },
);

const options = fc.record(
  {
    keySchema: fc.constantFrom(...SCHEMAS),
    deletionScope: fc.constantFrom('ask', 'matching', 'owned'),
    disableSecretDeletion: fc.constantFrom(false, false, false, true),
    allowEmptySource: fc.boolean(),
    allowReplace: fc.boolean(),
    invalidKeys: fc.constantFrom('refuse', 'skip'),
    maxDeletions: fc.constantFrom<SyncOptionsInput['maxDeletions']>(
      undefined,
      { count: 1 },
      { ratio: 0 },
      { count: 100, ratio: 1 },
    ),
  },
  { noNullPrototype: true },
);

/** Everything that a run depends on: what was synced before and by whom, what people did, what is asked for now. */
export const worlds = fc.record(
  {
    readable: fc.constantFrom('all', 'variables', 'none'),
    writes: fc.constantFrom('each', 'batch'),
    before: fc.array(fc.record({ by: fc.constantFrom('mine', 'other'), kind, secrets }), { maxLength: 3 }),
    edits: fc.array(edit, { maxLength: 6 }),
    kind,
    secrets,
    unreadable: fc.array(fc.constantFrom(...NAMES), { maxLength: 1 }),
    complete: fc.constantFrom(true, true, true, false),
    options,
    otherSchema: fc.constantFrom(...SCHEMAS),
    force: fc.constantFrom(false, false, false, true),
  },
  { noNullPrototype: true },
);

export type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

/** Options without what is `undefined`. */
const given = ({ keySchema, maxDeletions, ...rest }: World['options']): SyncOptionsInput => ({
  ...rest,
  ...(keySchema === undefined ? {} : { keySchema }),
  ...(maxDeletions === undefined ? {} : { maxDeletions }),
});

/** A world brought to life: `run` and `plan` do what it asks for. */
export async function play(world: World, changes: { readonly reorder?: boolean } = {}) {
  const destination = memoryDestination({
    kind: 'secret',
    writes: world.writes,
    readable: (which) => world.readable === 'all' || (world.readable === 'variables' && which === 'variable'),
    reservedPrefix: 'PLATFORM_',
  });
  const driver: MemoryDestination<'memory'> = changes.reorder === true ? reversed(destination) : destination;
  const store = recordingStore();
  const source = { name: 'world', read: (): SourceRead => held };
  const inOrder = <Item>(items: readonly Item[]) => (changes.reorder === true ? [...items].reverse() : items);
  let held: SourceRead = { secrets: [] };
  const create = () => createEngine({ source, store, drivers: [driver] });
  const definitionOf = (by: string, which: string, syncOptions: SyncOptionsInput) =>
    memoryDefinition({ name: by, syncOptions }, { kind: which });

  for (const { by, kind: which, secrets: then } of world.before) {
    held = { secrets: then };
    const schema = by === 'mine' ? world.options.keySchema : world.otherSchema;
    const syncOptions = {
      deletionScope: 'owned',
      ...(schema === undefined ? {} : { keySchema: schema }),
    } as const;
    await create()
      .engine.sync(definitionOf(by, which, syncOptions))
      .catch((error: unknown) => {
        if (!isSecretSyncError(error)) throw error;
      });
  }
  for (const { key, kind: which, value: text, fixed, hasDependents, remove } of world.edits) {
    if (remove) destination.delete(key, { kind: which });
    else
      destination.set(key, text, {
        kind: which,
        ...(fixed === undefined ? {} : { fixed }),
        ...(hasDependents ? { hasDependents } : {}),
      });
  }
  const setSource = (read: SourceRead) => (held = read);
  setSource({
    secrets: inOrder(world.secrets.filter(([key]) => !world.unreadable.includes(key))),
    unreadable: world.unreadable,
    complete: world.complete,
  });
  destination.clearCalls();
  store.changes.length = 0;
  const definition = definitionOf('mine', world.kind, given(world.options));
  const call = { force: world.force };
  return {
    destination,
    store,
    definition,
    create,
    setSource,
    source: () => held,
    plan: (more = {}) => create().engine.plan(definition, { ...call, ...more }),
    sync: (more = {}) => create().engine.sync(definition, { ...call, ...more }),
    apply: (...args: Parameters<SecretSyncEngine['apply']>) => create().engine.apply(...args),
    /** The writes that reached the destination. */
    writes: () => destination.calls.flatMap(({ method, changes: sent }) => (method === 'write' ? sent : [])),
    /** All that stands there, values included. */
    look: () =>
      destination
        .entries()
        .map(({ value: text, ...entry }) => JSON.stringify({ ...entry, value: text.reveal() }))
        .sort(),
  };
}

/** The same destination, whose reads come in another order. */
function reversed(destination: MemoryDestination<'memory'>): MemoryDestination<'memory'> {
  return {
    ...destination,
    connect(connectOptions) {
      const connection = destination.connect(connectOptions);
      return {
        ...connection,
        async read(readOptions): Promise<{ entries: readonly DestinationEntry[] }> {
          const { entries } = await connection.read(readOptions);
          return { entries: [...entries].reverse() };
        },
      };
    },
  };
}
