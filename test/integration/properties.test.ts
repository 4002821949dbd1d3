import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretSyncError, type SecretSyncError } from '../../src/contracts/errors.js';
import type { SyncPlan } from '../../src/contracts/plan.js';
import { compileKeySchema } from '../../src/core/definition/key-schema.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import type { MemoryFault } from '../../src/testing/memory-destination/faults.js';
import { createEngine, failure, memoryDefinition } from '../support/engine.js';
import { propertyRuns } from '../support/properties/property.js';
import { play, worlds, type World } from '../support/world.js';
import type { SyncResult } from '../../src/contracts/result.js';

const isWrite = ({ action }: { readonly action: string }) => /^(create|update|replace|delete)$/.test(action);
const line = ({ key, kind, action }: { key: string; kind?: string; action: string }) =>
  `${action} ${key} (${kind ?? ''})`;
const writesOf = (plan: SyncPlan) => plan.changes.filter(isWrite).map(line);

/** What a call ended with: a result, or one of our errors. */
async function settled(call: Promise<SyncResult>): Promise<SyncResult | SecretSyncError> {
  try {
    return await call;
  } catch (error) {
    if (isSecretSyncError(error)) return error;
    throw error;
  }
}

const isError = (end: SyncResult | SecretSyncError): end is SecretSyncError => isSecretSyncError(end);

/** Tries a property on many worlds. */
const forAll = (property: (world: World) => Promise<void>) =>
  fc.assert(fc.asyncProperty(worlds, property), propertyRuns);

describe('for any source, destination, state and options', () => {
  it('1. after an apply a plan has nothing to do', async () => {
    let applied = 0;
    await forAll(async (world) => {
      const scene = await play(world);
      const end = await settled(scene.sync());
      if (isError(end)) return;
      applied += 1;
      const plan = await scene.plan({ force: false });
      expect(writesOf(plan)).toEqual([]);
    });
    expect(applied).toBeGreaterThan(propertyRuns.numRuns / 5);
  });

  it('2. a plan issues no write, neither to the destination nor to the store', async () => {
    await forAll(async (world) => {
      const scene = await play(world);
      const before = scene.look();
      for (const operation of ['sync', 'remove'] as const) await scene.plan({ operation });
      expect(scene.destination.calls.map(({ method }) => method)).toEqual(['read', 'read']);
      expect(scene.store.changes).toEqual([]);
      expect(scene.look()).toEqual(before);
    });
  });

  it('3. what the plan shows is what is sent, and no more', async () => {
    await forAll(async (world) => {
      const scene = await play(world);
      const plan = await scene.plan();
      const end = await settled(scene.sync());
      const sent = scene.writes().map(line).sort();
      if (isError(end)) {
        expect(plan.applicable).toBe(false);
        expect(sent).toEqual([]);
      } else expect(sent).toEqual(writesOf(plan).sort());
    });
  });

  it('4. equal input in any order gives a plan with the same bytes', async () => {
    await forAll(async (world) => {
      const [one, other] = [await play(world), await play(world, { reorder: true })];
      for (const operation of ['sync', 'remove'] as const) {
        const [first, second] = [await one.plan({ operation }), await other.plan({ operation })];
        expect(JSON.stringify(second)).toBe(JSON.stringify(first));
      }
    });
  });

  it('5. a failing or partial source read deletes nothing', async () => {
    await forAll(async (world) => {
      const scene = await play({ ...world, complete: false });
      expect((await scene.plan({ confirmDeletions: 1 })).summary.delete).toBe(0);
      await settled(scene.sync());
      expect(scene.writes().filter(({ action }) => action === 'delete')).toEqual([]);
      const { engine } = createEngine({
        source: { name: 'down', read: () => Promise.reject(new Error('down')) },
        store: scene.store,
        drivers: [scene.destination],
      });
      const before = scene.look();
      await failure(engine.sync(scene.definition), 'SOURCE_READ_FAILED');
      expect(scene.look()).toEqual(before);
    });
  });

  it('6. an empty source deletes nothing without consent', async () => {
    await forAll(async (world) => {
      const options = { ...world.options, allowEmptySource: false };
      const scene = await play({ ...world, secrets: [], unreadable: [], complete: true, options });
      const before = scene.look();
      const plan = await scene.plan();
      const end = await settled(scene.sync({ confirmDeletions: plan.summary.delete }));
      if (plan.summary.delete > 0) expect(isError(end) && end.code).toBe('DELETION_REFUSED');
      expect(scene.look()).toEqual(before);
    });
  });

  it('7. no write targets an entry outside the schema, of another scope or kind, or reserved', async () => {
    await forAll(async (world) => {
      const scene = await play(world);
      const plan = await scene.plan();
      const confirmed = await scene.store.text();
      await settled(scene.sync({ confirmDeletions: plan.summary.delete }));
      const { match } = compileKeySchema(world.options.keySchema);
      for (const { key, action, kind, entry } of scene.writes()) {
        expect(match(key), key).toBe(true);
        expect(key).not.toMatch(/^PLATFORM_/);
        // Another system's mark, or being an override, does not count on an entry whose id is remembered.
        const canBeOurs = entry?.fixed === 'foreign-owner' || entry?.fixed === 'override';
        const isKnown = canBeOurs && confirmed.includes(`"id":"${entry.id}"`);
        if (!isKnown) expect(entry?.fixed, `${action} ${key}`).toBeUndefined();
        expect(entry?.reserved).toBeUndefined();
        if (entry?.hasDependents === true && action !== 'update')
          expect([action, world.options.allowReplace]).toEqual(['replace', true]);
        if (action === 'create') expect(entry).toBeUndefined();
        if (action === 'create' || action === 'update' || action === 'replace') expect(kind).toBe(world.kind);
        if (action === 'update') expect(entry?.kind).toBe(world.kind);
        if (action !== 'delete') continue;
        expect(entry?.kind).toBe(kind);
        const isOwnedBy = (sync: string) =>
          new RegExp(
            `"key":"${key}","kind":"${kind}"(?:,"revision":"[^"]*"|,"pending":{[^}]*})*,"syncId":"${sync}"`,
          ).test(confirmed);
        const [isOurs, isTheirs] = [isOwnedBy('mine'), isOwnedBy('other')];
        expect(isTheirs, key).toBe(false);
        if (kind !== world.kind || world.options.deletionScope === 'owned') expect(isOurs, key).toBe(true);
      }
    });
  });

  it('8. above the deletion threshold nothing is written at all', async () => {
    let refused = 0;
    await forAll(async (world) => {
      const options = {
        ...world.options,
        maxDeletions: { count: 0, ratio: 1 },
        disableSecretDeletion: false,
      };
      const scene = await play({ ...world, unreadable: [], complete: true, options });
      const plan = await scene.plan();
      if (plan.summary.delete === 0) return;
      refused += 1;
      const before = scene.look();
      const end = await settled(scene.sync());
      expect(isError(end) && /^(DELETION_REFUSED|PLAN_BLOCKED)$/.test(end.code)).toBe(true);
      expect(scene.writes()).toEqual([]);
      expect(scene.store.changes.filter((change) => change.includes('places/'))).toEqual([]);
      expect(scene.look()).toEqual(before);
    });
    expect(refused).toBeGreaterThan(propertyRuns.numRuns / 20);
  });

  it('9. two syncs with disjoint schemas or keys lose nothing of each other, in any order', async () => {
    const step = fc.record({
      who: fc.constantFrom(0, 1),
      keys: fc.uniqueArray(fc.constantFrom('A', 'B', 'C'), { maxLength: 3 }),
      force: fc.boolean(),
    });
    const scopes = fc.constantFrom('ask', 'matching', 'owned');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 7 }),
        fc.boolean(),
        fc.boolean(),
        scopes,
        async (steps, withSchemas, readable, scope) => {
          const destination = memoryDestination({ readable });
          const store = memoryStore();
          const wanted = [new Map<string, string>(), new Map<string, string>()];
          for (const [index, { who, keys, force }] of steps.entries()) {
            // Without schemas the keys themselves are disjoint, and only ownership keeps them apart.
            const held = new Map(keys.map((key) => [withSchemas ? key : `${key}_${who}`, `${who} ${index}`]));
            const syncOptions = {
              allowEmptySource: true,
              maxDeletions: { ratio: 1 },
              ...(withSchemas ? { keySchema: `S${who}_{{secretKey}}` } : {}),
              deletionScope: withSchemas ? scope : 'owned',
            } as const;
            const { engine } = createEngine({ source: memorySource(held), store, drivers: [destination] });
            await engine.sync(memoryDefinition({ name: `sync-${who}`, syncOptions }), { force });
            wanted[who] = new Map(
              [...held].map(([key, text]) => [withSchemas ? `S${who}_${key}` : key, text]),
            );
            const expected = new Map(wanted.flatMap((one) => [...one]));
            expect(new Map([...destination.values()].sort())).toEqual(new Map([...expected].sort()));
          }
        },
      ),
      propertyRuns,
    );
  });

  it('10. what a plan would write, overwrite or delete moved since: refused, and nothing is written', async () => {
    let tried = 0;
    const pick = fc.nat();
    const where = fc.constantFrom('source', 'destination');
    await fc.assert(
      fc.asyncProperty(worlds, pick, where, async (world, index, moved) => {
        const scene = await play(world);
        const plan = await scene.plan({ confirmDeletions: (await scene.plan()).summary.delete });
        const writes = plan.changes.filter(isWrite);
        const change = writes[index % Math.max(writes.length, 1)];
        if (!plan.applicable || change === undefined) return;
        const { key, kind, sourceKey, action } = change;
        if (moved === 'source' && sourceKey !== undefined) {
          const held = scene.source();
          const secrets = [...(held.secrets as Iterable<readonly [string, string]>)];
          scene.setSource({
            ...held,
            secrets: secrets.map(
              ([name, text]) => [name, name === sourceKey ? `${text} moved` : text] as const,
            ),
          });
        } else {
          const there = action === 'replace' ? (kind === 'secret' ? 'variable' : 'secret') : kind;
          scene.destination.set(key, 'moved', there === undefined ? {} : { kind: there });
        }
        tried += 1;
        const before = scene.look();
        scene.destination.clearCalls();
        const saved = JSON.parse(JSON.stringify(plan)) as SyncPlan;
        const error = await failure(scene.apply(saved), 'PLAN_STALE');
        expect(error.problems?.map((problem) => problem.key)).toContain(key);
        expect(scene.writes()).toEqual([]);
        expect(scene.look()).toEqual(before);
      }),
      propertyRuns,
    );
    expect(tried).toBeGreaterThan(propertyRuns.numRuns / 5);
  });

  it('11. each planned key has exactly one outcome, in the order of the plan, whatever fails', async () => {
    const faults = fc.array(
      fc.record({
        fault: fc.constantFrom<MemoryFault>(
          'unavailable',
          'lost-before',
          'lost-after',
          'conflict',
          'unauthorized',
          'rejected',
          new Error('bug'),
        ),
        phase: fc.constantFrom('upsert', 'delete'),
        method: fc.constantFrom('write', 'write', 'write', 'read'),
        times: fc.constantFrom(1, 2, Infinity),
      }),
      { minLength: 1, maxLength: 3 },
    );
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(worlds, faults, async (world, list) => {
        const scene = await play(world);
        const { summary } = await scene.plan();
        let reads = 0;
        // The first read must pass, or there is no plan.
        scene.destination.setIntercept(({ method }) => {
          if (method === 'read') reads += 1;
          const found = list.find((one) => one.method === 'read');
          return method === 'read' && reads > 1 && found !== undefined ? 'unavailable' : undefined;
        });
        for (const { fault, phase, method, times } of list) {
          if (method === 'write') scene.destination.failNext(fault, { phase, times });
        }
        const end = await settled(scene.sync({ confirmDeletions: summary.delete }));
        const result = isError(end) ? end.result : end;
        if (isError(end) && end.code === 'SYNC_FAILED') failed += 1;
        if (result === undefined) return;
        const { plan, outcomes } = result;
        const planned = plan.changes.filter((change) => isWrite(change) || change.action === 'blocked');
        expect(outcomes.map(line)).toEqual(planned.map(line));
        const { applied, skipped, failed: bad, withheld, indeterminate } = result.summary;
        expect(applied + skipped + bad + withheld + indeterminate).toBe(outcomes.length);
        const upserts = outcomes.filter(({ action }) => action !== 'delete' && action !== 'blocked');
        if (upserts.some(({ status }) => status !== 'applied'))
          for (const { action, status } of outcomes) if (action === 'delete') expect(status).toBe('withheld');
        // What the result says is so.
        scene.destination.setIntercept(undefined);
        for (const { key, kind, action, status } of outcomes) {
          const stands = scene.destination
            .entries()
            .some((entry) => entry.key === key && entry.kind === kind && entry.fixed !== 'inherited');
          if (status === 'applied') expect(stands, `${action} ${key}`).toBe(action !== 'delete');
        }
      }),
      propertyRuns,
    );
    expect(failed).toBeGreaterThan(propertyRuns.numRuns / 20);
  });

  it('11. and a rerun without faults ends as a run that had none', async () => {
    const fault = fc.constantFrom<MemoryFault>(
      'unavailable',
      'lost-before',
      'lost-after',
      'rejected',
      new Error('bug'),
    );
    await fc.assert(
      fc.asyncProperty(worlds, fault, fc.nat(4), async (world, kind, after) => {
        const calm = await play(world);
        const { summary } = await calm.plan();
        const expected = await settled(calm.sync({ confirmDeletions: summary.delete }));
        if (isError(expected)) return;
        const scene = await play(world);
        let writes = 0;
        scene.destination.setIntercept(({ method }) =>
          method === 'write' && writes++ >= after ? kind : undefined,
        );
        const end = await settled(scene.sync({ confirmDeletions: summary.delete }));
        scene.destination.setIntercept(undefined);
        if (isError(end)) {
          const again = await scene.plan();
          await scene.sync({ confirmDeletions: again.summary.delete });
        }
        const values = (one: typeof scene) =>
          one.destination
            .entries()
            .map((entry) => [entry.key, entry.kind, entry.fixed, entry.value.reveal()].join(' '))
            .sort();
        expect(values(scene)).toEqual(values(calm));
      }),
      propertyRuns,
    );
  });
});
