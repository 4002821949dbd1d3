import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StateStore } from '../../src/contracts/state-store.js';
import { memorySource } from '../../src/sources/memory.js';
import type { Fault } from '../../src/testing/emulators/server/types.js';
import { propertyRuns } from '../support/properties/property.js';
import { during, requestsOf, SITES } from './sites.js';

const anyFault = fc.constantFrom<Fault>(
  'reset-before',
  'reset-after',
  'html-after',
  'truncate',
  { status: 400 },
  { status: 401 },
  { status: 404 },
  { status: 429, headers: { 'retry-after': '2' } },
  { status: 500 },
  { status: 503 },
);
const anyScript = (maxLength: number) =>
  fc.array(fc.option(anyFault, { freq: 2, nil: undefined }), { maxLength });
const anySecrets = fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.constantFrom('', '1', '2'));

const documentsOf = async (store: StateStore) =>
  Promise.all((await store.list('')).map(async (key) => [key, await store.get(key)]));

describe.each(SITES)('%s', (name, open) => {
  it('a plan writes nothing, neither there nor in the store nor in the source, whatever fails', async () => {
    const site = await during(open());
    const before = { A: '1', B: '1', MINE: '1' };
    await site.engine({ source: memorySource(before) }).engine.sync(site.definition());
    const documents = await documentsOf(site.store);
    await fc.assert(
      fc.asyncProperty(
        anyScript(8),
        anySecrets,
        fc.constantFrom('sync', 'remove', ...(name === 'Qovery' ? [] : (['import'] as const))),
        async (script, secrets, operation) => {
          const left = [...script];
          site.emulator.clearRequests();
          site.emulator.setIntercept(() => left.shift());
          const source = memorySource(secrets);
          await site
            .engine({ source })
            .engine.plan(site.definition(), { operation, force: true, confirmDeletions: 1 })
            .catch((error: unknown) => expect(error).toMatchObject({ name: 'SecretSyncError' }));
          expect(requestsOf(site, 'upsert', 'delete')).toEqual([]);
          expect(site.emulator.requests.length).toBeGreaterThan(0);
          expect(Object.fromEntries(site.values())).toEqual(before);
          expect(await documentsOf(site.store)).toEqual(documents);
          expect(Object.fromEntries(source.entries().map(([key, value]) => [key, value.reveal()]))).toEqual(
            secrets,
          );
        },
      ),
      { ...propertyRuns, endOnFailure: true },
    );
  });

  it.each([
    [
      'key schemas',
      (which: string) => ({ keySchema: `${which}_{{secretKey}}` }),
      (secrets: Readonly<Record<string, string>>) => secrets,
    ],
    [
      'ownership',
      () => ({ deletionScope: 'owned' as const }),
      (secrets: Readonly<Record<string, string>>, which: string) =>
        Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`${which}_${key}`, value])),
    ],
  ])(
    'two syncs that are kept apart by their %s lose nothing of each other, whatever fails',
    async (_title, options, keysOf) => {
      const site = await during(open());
      const definitionOf = (which: string) =>
        site.definition({
          name: which.toLowerCase(),
          syncOptions: { ...options(which), allowEmptySource: true, maxDeletions: { ratio: 1 } },
        });
      const partOf = (which: string) =>
        Object.fromEntries([...site.values()].filter(([key]) => key.startsWith(`${which}_`)));
      const wanted = new Map<string, Readonly<Record<string, string>>>([
        ['ONE', {}],
        ['TWO', {}],
      ]);
      const engineFor = (which: string) =>
        site.engine({ source: memorySource(keysOf(wanted.get(which) ?? {}, which)) }).engine;
      await fc.assert(
        // Each case goes on where the one before has left the place.
        fc.asyncProperty(
          fc.constantFrom('ONE', 'TWO'),
          anySecrets,
          anyScript(6),
          fc.nat(3),
          async (which, secrets, script, chance) => {
            const other = which === 'ONE' ? 'TWO' : 'ONE';
            const untouched = partOf(other);
            const left = [...script];
            site.emulator.setIntercept(() => left.shift());
            wanted.set(which, secrets);
            await engineFor(which)
              .sync(definitionOf(which))
              .catch((error: unknown) => expect(error).toMatchObject({ name: 'SecretSyncError' }));
            expect(partOf(other)).toEqual(untouched);
            if (chance > 0) return;
            site.emulator.setIntercept(undefined);
            for (const each of ['TWO', 'ONE']) {
              await engineFor(each).sync(definitionOf(each));
              const end = Object.entries(wanted.get(each) ?? {}).map(([key, value]) => [
                `${each}_${key}`,
                value,
              ]);
              expect(partOf(each)).toEqual(Object.fromEntries(end));
            }
          },
        ),
        { ...propertyRuns, endOnFailure: true },
      );
    },
  );
});
