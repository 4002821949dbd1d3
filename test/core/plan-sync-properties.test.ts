import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DestinationEntry } from '../../src/contracts/destination.js';
import type { PlannedChange, SyncPlan } from '../../src/contracts/plan.js';
import type { RememberedEntry } from '../../src/contracts/state-store.js';
import type { SecretValue } from '../../src/contracts/secret.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { compileKeySchema } from '../../src/core/definition/key-schema.js';
import { planSync, type PlanSyncInput } from '../../src/core/plan-sync.js';
import {
  anyDestination,
  anyPlanInput,
  anyState,
  OTHER_SYNC_ID,
  SYNC_ID,
} from '../support/properties/arbitraries.js';
import { deepFreeze } from '../support/properties/deep-freeze.js';
import { propertyRuns } from '../support/properties/property.js';

const deletions = (plan: SyncPlan): readonly PlannedChange[] =>
  plan.changes.filter(({ action }) => action === 'delete');
const writes = (plan: SyncPlan): readonly PlannedChange[] =>
  plan.changes.filter(({ action }) => ['create', 'update', 'replace', 'delete'].includes(action));

const refusals = (plan: SyncPlan) => plan.problems.map(({ reason }) => reason);

const schemaOf = ({ definition }: Pick<PlanSyncInput, 'definition'>) =>
  compileKeySchema(definition.syncOptions?.keySchema, { environment: definition.environment });

const sync = anyPlanInput.map((input) => ({ ...input, operation: 'sync' as const }));

describe('for any source, destination, state and options', () => {
  it('equal input in any order gives a byte-identical plan', () => {
    const anyShuffle = anyPlanInput.chain((input) => {
      const secrets = [...(input.source.secrets as Iterable<[string, string | SecretValue]>)];
      const unique = new Set(secrets.map(([key]) => key)).size === secrets.length;
      const shuffle = <Item>(items: Iterable<Item>) => {
        const list = [...items];
        return fc.shuffledSubarray(list, { minLength: list.length });
      };
      return fc.tuple(
        fc.constant(input),
        // Of a key that stands twice in the source, the first is taken for the sake of its name: an order that counts.
        unique ? shuffle(secrets) : fc.constant(secrets),
        shuffle(input.source.unreadable ?? []),
        shuffle(input.destination),
        shuffle(input.state?.entries ?? []),
        shuffle(input.state?.syncs ?? []),
      );
    });
    fc.assert(
      fc.property(anyShuffle, ([input, secrets, unreadable, destination, entries, syncs]) => {
        const shuffled = planSync({
          ...input,
          source: { ...input.source, secrets, unreadable },
          destination,
          state: { entries, syncs },
        });
        expect(JSON.stringify(shuffled)).toBe(JSON.stringify(planSync(input)));
      }),
      propertyRuns,
    );
  });

  it('no argument is changed', () => {
    fc.assert(
      fc.property(anyPlanInput, (input) => {
        const { capabilities: _, ...data } = input;
        deepFreeze(data);
        planSync(input);
      }),
      propertyRuns,
    );
  });

  it('changes are sorted, each key stands once in each kind and scope, and the summary counts them', () => {
    fc.assert(
      fc.property(anyPlanInput, (input) => {
        const plan = planSync(input);
        const keys = plan.changes.map(({ key }) => key);
        expect(keys).toEqual([...keys].sort());
        const ids = writes(plan).map(({ key, kind }) => JSON.stringify([key, kind]));
        expect(new Set(ids).size).toBe(ids.length);
        const { import: imported, ...counts } = plan.summary;
        for (const [action, count] of Object.entries(counts)) {
          expect(plan.changes.filter((change) => change.action === action)).toHaveLength(count);
        }
        expect(plan.imports.filter(({ action }) => action !== 'ignore')).toHaveLength(imported);
        expect(plan.applicable).toBe(plan.problems.length === 0);
      }),
      propertyRuns,
    );
  });

  it('each source key has exactly one decision at the destination', () => {
    fc.assert(
      fc.property(sync, (input) => {
        const plan = planSync(input);
        const { render } = schemaOf(input);
        const decided = plan.changes.filter(({ sourceKey }) => sourceKey !== undefined);
        const imported = plan.imports
          .filter(({ action }) => action !== 'ignore')
          .map(({ sourceKey }) => sourceKey);
        const unreadable = new Set(input.source.unreadable);
        const isCaseless = input.capabilities?.canonicalKey !== undefined;
        const held = [...(input.source.secrets as Iterable<[string, string | SecretValue]>)].map(
          ([key]) => key,
        );
        const expected = new Set([...held, ...imported].filter((key) => isCaseless || !unreadable.has(key)));
        const names = decided.map(({ sourceKey }) => sourceKey);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(expected.has(name ?? '')).toBe(true);
        if (!isCaseless) expect(new Set(names)).toEqual(expected);
        for (const { key, sourceKey } of decided) expect(key).toBe(render(sourceKey ?? ''));
      }),
      propertyRuns,
    );
  });

  it('a partial source read plans no deletion in a sync', () => {
    const partial = fc
      .tuple(sync, fc.constantFrom({ complete: false }, { unreadable: ['A'] }, { unreadable: ['not there'] }))
      .map(([input, how]) => ({ ...input, source: { ...input.source, ...how } }));
    fc.assert(
      fc.property(partial, (input) => {
        expect(deletions(planSync(input))).toEqual([]);
      }),
      propertyRuns,
    );
  });

  it('an empty source deletes nothing without consent', () => {
    const empty = sync.map((input) => ({ ...input, source: { ...input.source, secrets: [] } }));
    fc.assert(
      fc.property(empty, (input) => {
        const plan = planSync(input);
        if (deletions(plan).length === 0) return;
        const { allowEmptySource = false } = input.definition.syncOptions ?? {};
        expect(refusals(plan).includes('source-empty')).toBe(!allowEmptySource);
      }),
      propertyRuns,
    );
  });

  it('above the deletion threshold the plan is not applicable, unless that number was confirmed', () => {
    fc.assert(
      fc.property(sync, (input) => {
        const plan = planSync(input);
        const total = deletions(plan).length;
        const { count = 100, ratio = 0.5 } = input.definition.syncOptions?.maxDeletions ?? {};
        const isMany = total > count || (total >= 4 && total > ratio * input.destination.length);
        if (isMany && input.confirmDeletions !== total) expect(refusals(plan)).toContain('too-many');
        if (input.confirmDeletions === total) expect(refusals(plan)).not.toContain('too-many');
      }),
      propertyRuns,
    );
  });

  it('nothing is written or deleted outside the schema, of another scope, reserved, fixed or with dependents', () => {
    fc.assert(
      fc.property(sync, (input) => {
        const plan = planSync(input);
        const schema = schemaOf(input);
        const { capabilities, state, destination } = input;
        const same = (key: string) => capabilities?.canonicalKey?.(key) ?? key;
        for (const { key, kind, action } of writes(plan)) {
          expect(schema.match(key)).toBe(true);
          if (capabilities?.reservedWritable === false) expect(key.startsWith('SYS_')).toBe(false);
          const here = destination.filter(
            (entry) => same(entry.key) === same(key) && entry.fixed !== 'inherited',
          );
          const own = here.find((entry) => entry.kind === kind);
          if (action === 'create') expect(here).toEqual([]);
          else if (action === 'replace') expect(own).toBeUndefined();
          else expect(own).toBeDefined();
          if (action !== 'delete') {
            expect(kind).toBe(capabilities?.kind);
            continue;
          }
          expect(key.startsWith('SYS_') || own?.reserved === true || own?.hasDependents === true).toBe(false);
          const known = (state?.entries ?? []).find(
            (entry) => same(entry.key) === same(key) && entry.kind === kind,
          );
          if (own?.fixed !== undefined) expect([own.fixed, own.id]).toEqual(['foreign-owner', known?.id]);
          if (kind !== capabilities?.kind)
            expect([known?.syncId, known?.adopted]).toEqual([SYNC_ID, undefined]);
          expect(known?.syncId ?? SYNC_ID).toBe(SYNC_ID);
        }
      }),
      propertyRuns,
    );
  });

  it('a plan of an import changes nothing at the destination, one of a removal writes no value', () => {
    fc.assert(
      fc.property(anyPlanInput, (input) => {
        const importing = planSync({ ...input, operation: 'import' });
        expect(importing.changes).toEqual([]);
        const removing = planSync({ ...input, operation: 'remove' });
        for (const { action } of removing.changes) expect(['delete', 'keep']).toContain(action);
        expect(removing.imports).toEqual([]);
      }),
      propertyRuns,
    );
  });

  it('two keys that are one to the destination are both blocked, and both named', () => {
    const colliding = sync.map((input) => ({
      ...input,
      definition: { ...input.definition, syncOptions: { invalidKeys: 'refuse' as const } },
      source: {
        secrets: [
          ['App', '1'],
          ['aPP', '2'],
        ] as const,
      },
      capabilities: { ...input.capabilities, canonicalKey: (key: string) => key.toLowerCase() },
    }));
    fc.assert(
      fc.property(colliding, (input) => {
        const problems = planSync(input as PlanSyncInput).problems.filter(
          ({ reason }) => reason === 'colliding-key',
        );
        expect(problems.map(({ key }) => key)).toEqual(['App', 'aPP']);
        for (const { message } of problems) expect(message).toMatch(/"App", "aPP"/);
      }),
      propertyRuns,
    );
  });
});

describe('two syncs at one place', () => {
  const keyOf = ({ key, kind, fixed }: DestinationEntry) =>
    JSON.stringify([key, kind, fixed === 'inherited']);
  const touched = (plan: SyncPlan) => new Set(writes(plan).map(({ key }) => key));

  it('with disjoint schemas never touch a key of each other, whatever they may delete', () => {
    fc.assert(
      fc.property(sync, fc.constantFrom('matching', 'owned', 'ask'), (input, deletionScope) => {
        const as = (name: string, keySchema: string) =>
          planSync({ ...input, definition: { name, syncOptions: { keySchema, deletionScope } } });
        const mine = touched(as(SYNC_ID, 'MINE_{{secretKey}}'));
        const theirs = touched(as(OTHER_SYNC_ID, 'THEIRS_{{secretKey}}'));
        for (const key of mine) expect(theirs.has(key)).toBe(false);
      }),
      propertyRuns,
    );
  });

  it('with disjoint ownership never delete what the other one wrote or adopted', () => {
    fc.assert(
      fc.property(sync, anyDestination, anyState, (input, destination, state) => {
        const owned: RememberedEntry[] = destination.map(({ key, kind }, index) => ({
          key,
          ...(kind === undefined ? {} : { kind }),
          syncId: index % 2 === 0 ? SYNC_ID : OTHER_SYNC_ID,
        }));
        const remembered = new Map(
          [...(state.entries ?? []), ...owned].map((entry) => [keyOf(entry), entry]),
        );
        const entries = [...remembered.values()];
        for (const name of [SYNC_ID, OTHER_SYNC_ID]) {
          for (const operation of ['sync', 'remove'] as const) {
            const definition = { ...input.definition, name };
            const capabilities = unrestrictedCapabilities;
            const plan = planSync({
              ...input,
              definition,
              destination,
              state: { entries },
              capabilities,
              operation,
            });
            for (const { key, kind } of deletions(plan)) {
              expect(remembered.get(JSON.stringify([key, kind, false]))?.syncId ?? name).toBe(name);
            }
          }
        }
      }),
      propertyRuns,
    );
  });
});

describe('a second plan after the first was carried out', () => {
  it('has nothing left to do where everything can be read', () => {
    const readable = sync.map((input) => ({
      ...input,
      // A key too many can be written once others have been deleted: by the next run.
      capabilities: { ...unrestrictedCapabilities, ...input.capabilities, limits: {} },
      force: false,
      definition: {
        ...input.definition,
        syncOptions: { ...input.definition.syncOptions, keySchema: 'APP_{{secretKey}}' },
      },
    }));
    fc.assert(
      fc.property(readable, (input) => {
        const first = planSync(input);
        if (!first.applicable || input.capabilities?.canonicalKey !== undefined) return;
        const held = new Map(
          [...(input.source.secrets as Iterable<[string, string | SecretValue]>)].map(([key, value]) => [
            key,
            value,
          ]),
        );
        if (first.imports.length > 0) return;
        const kindOf = (kind: string | undefined) => (kind === undefined ? {} : { kind });
        const after = input.destination.filter(
          (entry) =>
            entry.fixed === 'inherited' ||
            !writes(first).some(
              ({ key, kind, action }) => key === entry.key && (kind === entry.kind || action === 'replace'),
            ),
        );
        const written = writes(first).flatMap(({ key, kind, sourceKey, action }) =>
          action === 'delete' ? [] : [{ key, ...kindOf(kind), value: held.get(sourceKey ?? '') ?? '' }],
        );
        const state = {
          syncs: [{ syncId: SYNC_ID, importedAt: '' }],
          // What is remembered of other keys stays: they may belong to other syncs.
          entries: [
            ...(input.state?.entries ?? []).filter(
              (known) => !writes(first).some(({ key, kind }) => key === known.key && kind === known.kind),
            ),
            ...written.map(({ key, kind }) => ({ key, ...kindOf(kind), syncId: SYNC_ID })),
          ],
        };
        const second = planSync({ ...input, destination: [...after, ...written], state });
        expect(writes(second)).toEqual([]);
      }),
      propertyRuns,
    );
  });
});
