import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AnyDestinationDriver } from '../../src/contracts/typed-definition.js';
import type { SyncDefinitionInput } from '../../src/contracts/definition.js';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import { infisicalSource, type InfisicalOptions } from '../../src/sources/infisical/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { startHasuraCloudEmulator } from '../../src/testing/emulators/hasura-cloud/index.js';
import { startQoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { createEngine, hasuraTarget, qoveryTarget } from '../support/engine.js';
import { createVirtualClock } from '../support/virtual-clock.js';
import { emulatorWith, place } from '../sources/infisical/support.js';
import { recordingStore } from '../support/recording-store.js';
import { checkError, corpusOf, fuzz, outcomeOf, PLANTED } from './fuzz.js';
import { mutatedJson, mutatedText } from './mutations.js';

interface Recorded {
  readonly request: string;
  readonly status: number;
  readonly text: string;
}

type Fetch = typeof globalThis.fetch;

async function requestOf(...[input, init]: Parameters<Fetch>): Promise<string> {
  const request = new Request(input, init);
  return `${request.method} ${request.url} ${await request.text()}`;
}

/** Passes requests on, and keeps what was answered. */
function recorder() {
  const recorded: Recorded[] = [];
  const record: Fetch = async (input, init) => {
    const request = await requestOf(input, init);
    const response = await globalThis.fetch(input, init);
    recorded.push({ request, status: response.status, text: await response.clone().text() });
    return response;
  };
  return { recorded, record };
}

/** One response in the place of the one that was recorded. */
interface Changed {
  readonly index: number;
  readonly status: number;
  readonly text: string;
}

/** Answers as recorded, but for one; what was never asked for is refused as unknown. */
function replay(recorded: readonly Recorded[], changed: Changed) {
  const answers = new Map(
    recorded.map(({ request, status, text }, at) => [
      request,
      at === changed.index ? changed : { status, text },
    ]),
  );
  const sent: string[] = [];
  const answer: Fetch = async (input, init) => {
    const request = await requestOf(input, init);
    sent.push(request);
    const { status, text } = answers.get(request) ?? { status: 404, text: '{"message":"unknown"}' };
    const body = status === 204 ? null : text;
    return new Response(body, { status, headers: { 'content-type': 'application/json' } });
  };
  return { answer, sent };
}

const STATUSES = [200, 201, 204, 400, 401, 403, 404, 409, 422, 429, 500, 503] as const;

/** One of the answers, changed as a document or as a text; or an error of the service in its place, changed too. */
function changedAnswer(recorded: readonly Recorded[], service: string): fc.Arbitrary<Changed> {
  const errors = corpusOf(`errors/${service}`).map((text): unknown => JSON.parse(text));
  const status = fc.constantFrom(...STATUSES);
  const written = (document: unknown) => JSON.stringify(document) ?? '';
  return fc.nat(recorded.length - 1).chain((index) => {
    const answer = recorded[index] ?? { status: 200, text: '' };
    const documents = mutatedJson([answer.text === '' ? null : JSON.parse(answer.text)], [PLANTED]);
    const texts = mutatedText([answer.text, '<html>', PLANTED]);
    return fc
      .oneof(
        {
          weight: 4,
          arbitrary: fc.record({ status: fc.constant(answer.status), text: documents.map(written) }),
        },
        { weight: 1, arbitrary: fc.record({ status, text: texts }) },
        { weight: 2, arbitrary: fc.record({ status, text: mutatedJson(errors, [PLANTED]).map(written) }) },
      )
      .map((changed) => ({ index, ...changed }));
  });
}

/** The secrets of the source, which no answer holds. */
const source = () => memorySource({ A: PLANTED, B: 'two', C: 'three' });
const quick = () => ({ retry: { retries: 0 }, clock: createVirtualClock({ auto: true }) });

interface Service {
  readonly name: string;
  readonly driver: AnyDestinationDriver;
  readonly definition: SyncDefinitionInput;
  readonly isWrite: RegExp;
}

/** Plans with each answer changed. */
async function fuzzPlans({ name, driver, definition, isWrite }: Service) {
  const { recorded, record } = recorder();
  await createEngine({ drivers: [driver], source: source(), fetch: record }).engine.plan(definition);
  let plans = 0;
  await fuzz(changedAnswer(recorded, name), async (changed) => {
    const { answer, sent } = replay(recorded, changed);
    const { engine, events } = createEngine({
      ...quick(),
      drivers: [driver],
      source: source(),
      fetch: answer,
    });
    const outcome = await outcomeOf(() => engine.plan(definition));
    if ('value' in outcome) {
      plans += 1;
      const written = outcome.value.changes.flatMap(({ action, key, kind }) =>
        /^(?:create|update|replace)$/.test(action) ? [JSON.stringify([key, kind])] : [],
      );
      expect(new Set(written).size).toBe(written.length);
      expect(JSON.parse(JSON.stringify(outcome.value))).toEqual(outcome.value);
    }
    expect(JSON.stringify([outcome, events])).not.toContain(PLANTED);
    expect(sent.filter((request) => isWrite.test(request))).toEqual([]);
  });
  // Else nothing was looked at but refusals.
  expect(plans).toBeGreaterThan(0);
}

/** Syncs with each answer changed, those to writes too: each key has one outcome, whatever was answered. */
async function fuzzSyncs({ name, driver, definition }: Service) {
  const { recorded, record } = recorder();
  await createEngine({ drivers: [driver], source: source(), fetch: record }).engine.sync(definition);
  await fuzz(changedAnswer(recorded, name), async (changed) => {
    const { answer } = replay(recorded, changed);
    const store = recordingStore();
    const setup = { ...quick(), drivers: [driver], source: source(), fetch: answer, store };
    const { engine, events } = createEngine(setup);
    const outcome = await outcomeOf(() => engine.sync(definition));
    const result = 'value' in outcome ? outcome.value : outcome.error.result;
    const writes = result?.plan.changes.filter(({ action }) => !/^(?:keep|unchanged|blocked)$/.test(action));
    expect(result?.outcomes.map(({ key }) => key).sort()).toEqual(writes?.map(({ key }) => key).sort());
    expect(JSON.stringify([outcome, events])).not.toContain(PLANTED);
    expect(await store.text()).not.toContain(PLANTED);
  });
}

describe('a changed answer', () => {
  it('of Hasura Cloud ends in a plan and a result, or in an error of ours', async () => {
    const emulator = await startHasuraCloudEmulator();
    onTestFinished(() => emulator.close());
    const { driver, definition } = hasuraTarget(emulator, { environment: { A: 'one', OLD: 'x' } });
    const service = {
      name: 'hasura-cloud',
      driver,
      definition: definition({ syncOptions: { deletionScope: 'owned' } }),
      isWrite: /mutation/,
    };
    await fuzzPlans(service);
    await fuzzSyncs(service);
  });

  it('of Qovery ends in a plan and a result, or in an error of ours', async () => {
    const emulator = await startQoveryEmulator();
    onTestFinished(() => emulator.close());
    const { driver, definition, add } = qoveryTarget(emulator);
    add({ key: 'A', value: 'one' });
    add({ key: 'OLD', value: 'x', is_secret: false });
    const isWrite = /^(?:POST|PUT|PATCH|DELETE) /;
    const service = {
      name: 'qovery',
      driver,
      definition: definition({ syncOptions: { deletionScope: 'owned' } }),
      isWrite,
    };
    await fuzzPlans(service);
    await fuzzSyncs(service);
  });

  it('of Infisical ends in what was read or in an error of ours', async () => {
    const emulator = await emulatorWith();
    onTestFinished(() => emulator.close());
    emulator.addSecret(place, { key: 'A', value: PLANTED });
    emulator.addSecret(place, { key: 'B', value: '${A}' });
    const create = (options: Pick<InfisicalOptions, 'clock' | 'fetch' | 'retry'>) =>
      infisicalSource({
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        siteUrl: emulator.url,
        ...place,
        allowPrivateNetwork: true,
        ...options,
      });
    const call = () => ({ signal: new AbortController().signal });
    const { recorded, record } = recorder();
    await create({ fetch: record }).read({}, call());
    await fuzz(changedAnswer(recorded, 'infisical'), async (changed) => {
      const { answer } = replay(recorded, changed);
      try {
        const { secrets } = sourceSnapshot(await create({ ...quick(), fetch: answer }).read({}, call()));
        for (const [key, value] of secrets) {
          expect(typeof key).toBe('string');
          expect(typeof value.reveal()).toBe('string');
        }
      } catch (error) {
        checkError(error);
      }
    });
  });
});
