import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { JsonValue } from '../../src/contracts/json.js';
import type { SyncPlan } from '../../src/contracts/plan.js';
import { parseCallOptions, type OptionsOfMethods } from '../../src/engine/call-options.js';
import { registerDefinition } from '../../src/engine/resolve/driver-registry.js';
import { parseIntent, parsePlace } from '../../src/engine/state/place-document.js';
import { hasuraCloud } from '../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../src/drivers/qovery/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createApi, SYNCS } from '../rest/support.js';
import { createEngine, memoryDefinition } from '../support/engine.js';
import { recordingStore } from '../support/recording-store.js';
import { fuzz, outcomeOf, PLANTED } from './fuzz.js';
import { mutatedJson } from './mutations.js';

/** As a file gives it back. */
const throughJson = (input: unknown): JsonValue =>
  z.custom<JsonValue>().parse(JSON.parse(JSON.stringify(input) ?? 'null'));

const sorted = (value: unknown): unknown =>
  typeof value !== 'object' || value === null
    ? value
    : Array.isArray(value)
      ? value.map(sorted)
      : Object.entries(value)
          .sort(([first], [second]) => (first < second ? -1 : 1))
          .map(([name, field]) => [name, sorted(field)]);

const isSameJson = (first: unknown, second: unknown): boolean =>
  JSON.stringify(sorted(first)) === JSON.stringify(sorted(second));

const objectOf = (document: JsonValue) => z.record(z.string(), z.custom<JsonValue>()).parse(document);

/** A place at which a sync has something to create, to update and to delete, and an engine for it. */
async function createPlace() {
  const destination = memoryDestination({ kind: 'secret' });
  const source = memorySource({ A: PLANTED, B: `${PLANTED}-b`, C: '3' });
  const store = recordingStore();
  const { engine } = createEngine({ drivers: [destination], source, store });
  const definition = memoryDefinition({
    syncOptions: { keySchema: 'APP_{{secretKey}}', deletionScope: 'owned', maxDeletions: { ratio: 1 } },
  });
  await engine.sync(definition);
  source.set('A', `${PLANTED}-a2`);
  source.set('D', PLANTED);
  source.delete('C');
  const writes = () => destination.calls.filter(({ method }) => method === 'write').length;
  return { destination, source, store, engine, definition, writes };
}

describe('a document that was changed', () => {
  it('as a plan is refused, and nothing is written', async () => {
    const { engine, definition, destination, writes } = await createPlace();
    const plans = [
      await engine.plan(definition),
      await engine.plan(definition, { force: true, confirmDeletions: 1 }),
      await engine.plan(definition, { operation: 'import', importBehavior: 'prioritize-destination' }),
      await engine.plan(definition, { operation: 'remove' }),
    ];
    destination.clearCalls();
    await fuzz(mutatedJson(plans), async (input) => {
      const plan = throughJson(input);
      if (plans.some((known) => isSameJson(known, plan))) return;
      const outcome = await outcomeOf(() => engine.apply(plan as unknown as SyncPlan));
      expect(outcome).toMatchObject({
        error: { code: expect.stringMatching(/^(?:PLAN_INVALID|INVALID_OPTION)$/) as string },
      });
      expect(writes()).toBe(0);
    });
    const [unchanged] = plans;
    if (unchanged !== undefined) await engine.apply(unchanged);
    expect(writes()).toBeGreaterThan(0);
  });

  it('as the state of a place is refused, and nothing is written', async () => {
    const { engine, definition, destination, store, writes } = await createPlace();
    const { key, document } = await store.place();
    destination.clearCalls();
    await fuzz(mutatedJson([document]), async (input) => {
      const changed = throughJson(input);
      if (isSameJson(changed, document)) return;
      const { version } = await store.place();
      await store.put(key, changed, { ifVersion: version });
      const calls: readonly (() => Promise<unknown>)[] = [
        () => engine.plan(definition),
        () => engine.sync(definition),
        () => engine.removeSecrets(definition),
      ];
      for (const call of calls) {
        expect(await outcomeOf(call)).toMatchObject({ error: { code: 'STATE_UNREADABLE' } });
      }
      expect(writes()).toBe(0);
    });
  });

  it('as the contents of a sealed document is refused, or is what the document says', async () => {
    const { store } = await createPlace();
    const { mac: _mac, keyId: _keyId, ...own } = objectOf((await store.place()).document);
    const place = z.string().parse(own['place']);
    expect(own).toMatchObject(parsePlace('The document', place, own));
    const intent = { formatVersion: 2, place, base: null, syncs: [], entries: own['entries'] ?? null };
    await fuzz(mutatedJson([own, intent]), async (input) => {
      const changed = throughJson(input);
      for (const parse of [parsePlace, parseIntent]) {
        const outcome = await outcomeOf(() => parse('The document', place, changed));
        if ('error' in outcome) expect(outcome.error.code).toBe('STATE_UNREADABLE');
        else expect(changed).toMatchObject(outcome.value);
      }
    });
  });

  it('as a definition is refused with every problem named, or parsed to what parses again', async () => {
    const drivers = [memoryDestination(), hasuraCloud(), qovery()];
    const id = '4d8f5a0c-6b1e-4f3a-9c2d-7e8f9a0b1c2d';
    const definitions = [
      memoryDefinition({
        id: 'a',
        description: 'x',
        syncOptions: { keySchema: 'APP_{{secretKey}}', maxDeletions: { count: 1, ratio: 0.5 } },
      }),
      {
        name: 'h',
        destination: 'hasura-cloud',
        destinationConfig: { projectId: id, projectName: 'p' },
        connectionId: 'c',
        isEnabled: false,
      },
      {
        name: 'q',
        destination: 'qovery',
        projectId: 'p',
        environment: 'dev',
        secretPath: '/a',
        destinationConfig: { organizationId: id, projectId: id, environmentId: id, variableType: 'variable' },
        syncOptions: {
          initialSyncBehavior: 'import-prioritize-source',
          deletionScope: 'ask',
          invalidKeys: 'skip',
        },
      },
    ];
    await fuzz(mutatedJson(definitions), (input) => {
      const parsed = registerDefinition(input, drivers);
      if ('problems' in parsed) {
        expect(parsed.problems.length).toBeGreaterThan(0);
        for (const { message } of parsed.problems) expect(message).toMatch(/\S/);
        return;
      }
      const again = registerDefinition(throughJson(parsed.definition), drivers);
      expect(again).toEqual(parsed);
    });
  });

  it('as the options of a call is refused with every problem named, or is what was given', async () => {
    const methods: readonly (keyof OptionsOfMethods)[] = [
      'plan',
      'apply',
      'sync',
      'importSecrets',
      'removeSecrets',
      'release',
    ];
    const options = [
      { force: true, confirmDeletions: 3 },
      { operation: 'import', importBehavior: 'prioritize-source' },
      { unlessDigest: 'a', force: false },
      { importBehavior: 'prioritize-destination' },
      {},
    ];
    await fuzz(mutatedJson(options), async (input) => {
      for (const method of methods) {
        const outcome = await outcomeOf(() => parseCallOptions(method, input));
        if ('error' in outcome) {
          expect(outcome.error.code).toBe('INVALID_OPTION');
          expect(outcome.error.message).toContain(method);
        } else if (typeof input === 'object') expect(outcome.value).toEqual(input);
      }
    });
  });

  it('as the body of a REST call is answered in the form of the API, and never with a server error', async () => {
    const api = await createApi({ drivers: [memoryDestination()] });
    const create = {
      name: 'fuzzed',
      projectId: 'p',
      isEnabled: false,
      destinationConfig: { place: 'x' },
      syncOptions: { keySchema: '{{secretKey}}', disableSecretDeletion: true },
    };
    const made = await api.call('POST', `${SYNCS}/memory`, { body: { ...create, name: 'stays' } });
    const { id } = made.body['secretSync'] as { readonly id: string };
    const targets = [
      ['POST', `${SYNCS}/memory`],
      ['PATCH', `${SYNCS}/memory/${id}`],
      ['POST', `${SYNCS}/memory/check-destination`],
      ['POST', `${SYNCS}/memory/${id}/plan`],
    ] as const;
    await fuzz(
      mutatedJson([
        create,
        { description: 'd', isEnabled: false },
        { force: true, operation: 'import' },
        { expectedVersion: 1 },
      ]),
      async (body) => {
        for (const [method, path] of targets) {
          const { status, body: reply } = await api.call(method, path, { body: throughJson(body) });
          expect(status).toBeLessThan(500);
          if (status >= 400)
            expect(reply).toMatchObject({
              statusCode: status,
              error: expect.any(String) as string,
              message: expect.any(String) as string,
            });
          else {
            const created = reply['secretSync'] as { readonly id: string } | undefined;
            if (created !== undefined && created.id !== id)
              await api.send('DELETE', `${SYNCS}/memory/${created.id}`);
          }
        }
      },
    );
  });
});
