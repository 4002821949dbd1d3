import { describe, expect, it } from 'vitest';
import { isSecretSyncError, SecretSyncError } from '../../../src/contracts/errors.js';
import { compileKeySchema, planSync, SecretSyncEngine, type SyncPlan } from '../../../src/index.js';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition } from '../../support/engine.js';

const MOST_BYTES = 16_384;
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < levels; level += 1) value = wrap(value);
  return value;
}

function cycle(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}

const ENDLESS: readonly (readonly [string, () => unknown])[] = [
  ['objects 100,000 levels deep', () => nested(100_000, (inner) => ({ inner }))],
  ['lists 100,000 levels deep', () => nested(100_000, (inner) => [inner])],
  ['an object that contains itself', cycle],
  ['an object that is reached in 2^60 ways', () => nested(60, (inner) => ({ a: inner, b: inner }))],
];

function many(count: number): Record<string, number> {
  const fields: Record<string, number> = {};
  for (let index = 0; index < count; index += 1) fields[`field${index}`] = index;
  return fields;
}

const world = () => createEngine({ source: memorySource({ A: '1' }), drivers: [memoryDestination()] });

describe.each(ENDLESS)('%s', (_title, make) => {
  it.each<[string, (value: unknown) => unknown]>([
    ['a definition', (value) => world().engine.plan(value as never)],
    [
      'a field of a definition',
      (value) => world().engine.plan({ ...memoryDefinition(), name: value } as never),
    ],
    ['a destinationConfig', (value) => world().engine.plan(memoryDefinition({}, { place: value } as never))],
    ['options of a call', (value) => world().engine.plan(memoryDefinition(), value as never)],
    ['an option of a call', (value) => world().engine.plan(memoryDefinition(), { force: value } as never)],
    ['a plan', (value) => world().engine.apply(value as never)],
    [
      'a field of a plan',
      async (value) => {
        const { engine } = world();
        return engine.apply({ ...(await engine.plan(memoryDefinition())), extra: value } as SyncPlan);
      },
    ],
    [
      'a definition of planSync',
      (value) => planSync({ definition: value as never, source: {}, destination: {} }),
    ],
    [
      'a source of planSync',
      (value) => planSync({ definition: { name: 'a' }, source: [value] as never, destination: {} }),
    ],
    [
      'a value of planSync',
      (value) => planSync({ definition: { name: 'a' }, source: { A: value } as never, destination: {} }),
    ],
    [
      'a destination of planSync',
      (value) => planSync({ definition: { name: 'a' }, source: {}, destination: { A: value } as never }),
    ],
    [
      'a value of a source',
      (value) =>
        createEngine({
          source: { name: 'odd', read: () => ({ A: value }) as never },
          drivers: [memoryDestination()],
        }).engine.plan(memoryDefinition()),
    ],
    [
      'a credential',
      (value) =>
        createEngine({ drivers: [hasuraCloud({ accessToken: value } as never)] }).engine.plan({
          name: 'a',
          destination: 'hasura-cloud',
          destinationConfig: { projectId: 'p' },
        }),
    ],
  ])('as %s is an error of this library', async (_where, call) => {
    const error: unknown = await Promise.resolve()
      .then(() => call(make()))
      .catch((thrown: unknown) => thrown);
    expect(isSecretSyncError(error), String(error)).toBe(true);
  });
});

describe('a count without bound', () => {
  it.each<[string, () => unknown]>([
    [
      '200,000 unknown fields of a definition',
      () => world().engine.plan({ ...memoryDefinition(), ...many(200_000) }),
    ],
    [
      '200,000 unknown fields of a config',
      () => world().engine.plan(memoryDefinition({}, many(200_000) as never)),
    ],
    ['200,000 unknown options of a call', () => world().engine.plan(memoryDefinition(), many(200_000))],
    [
      '200,000 unknown options of an engine',
      () =>
        new SecretSyncEngine({
          source: memorySource(),
          drivers: [memoryDestination()],
          ...many(200_000),
        }),
    ],
    [
      '500,000 drivers',
      () =>
        new SecretSyncEngine({
          source: memorySource(),
          drivers: Array.from({ length: 500_000 }, () => 7),
        } as never),
    ],
    [
      '500,000 values that are not strings',
      () => planSync({ definition: { name: 'a' }, source: many(500_000) as never, destination: {} }),
    ],
    [
      'a key of five million characters',
      () =>
        planSync({
          definition: { name: 'a' },
          source: { ['K'.repeat(5_000_000)]: 7 } as never,
          destination: {},
        }),
    ],
  ])('is an error that fits a log and says how much was left out: %s', async (_title, call) => {
    const error: unknown = await Promise.resolve()
      .then(call)
      .catch((thrown: unknown) => thrown);
    if (!isSecretSyncError(error)) throw error;
    expect(bytesOf(error.message)).toBeLessThanOrEqual(MOST_BYTES);
    expect(error.message).toMatch(/\d+ more|more than \d+|at most 1,000/);
  });

  it('of entries is planned all the same', () => {
    const keys = Array.from({ length: 500_000 }, (_, index) => `K${index}`);
    const plan = planSync({
      definition: { name: 'a' },
      source: Object.fromEntries(keys.map((key) => [key, 'v'])),
      destination: keys.map((key) => ({ key, value: 'v' })),
    });
    expect(plan.summary.unchanged).toBe(500_000);
  });
});

describe('a key schema of 80,000 characters', () => {
  it.each([
    ['{'.repeat(80_000)],
    ['{{'.repeat(40_000)],
    ['{{a}}'.repeat(16_000)],
    [`${' {{'.repeat(26_000)}{{secretKey}}`],
  ])('is refused for its length alone', async (template) => {
    const error = await failure(() => compileKeySchema(template), 'INVALID_KEY_SCHEMA');
    expect(error.problems).toHaveLength(1);
    expect(error.message).toMatch(/characters; shorten it to 255$/);
    const { engine } = world();
    const planned = await failure(
      async () => engine.plan(memoryDefinition({ syncOptions: { keySchema: template } })),
      'INVALID_KEY_SCHEMA',
    );
    expect(planned.message).toMatch(/characters; shorten it to 255$/);
  });
});

describe('a message of an error', () => {
  it.each([
    ['of ASCII', 'x'.repeat(100_000)],
    ['of three bytes a character', '密'.repeat(100_000)],
    ['of surrogate pairs', '🔑'.repeat(100_000)],
  ])('has 16 KiB at most and counts what was left out, where it would be longer: %s', (_title, text) => {
    const error = new SecretSyncError('SYNC_FAILED', text, {
      problems: [{ code: 'SYNC_FAILED', message: text }],
    });
    for (const message of [error.message, error.problems?.[0]?.message ?? '']) {
      expect(bytesOf(message)).toBeLessThanOrEqual(MOST_BYTES);
      const [, left] = /^(?:x+|密+|(?:🔑)+) … \((\d+) more characters were left out\)$/u.exec(message) ?? [];
      const kept = message.indexOf(' …');
      expect(kept + Number(left)).toBe(text.length);
    }
  });

  it('of 16 KiB stays as it is', () => {
    expect(new SecretSyncError('SYNC_FAILED', 'x'.repeat(MOST_BYTES)).message).toBe('x'.repeat(MOST_BYTES));
  });
});
