import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';

const ROOT = new URL('../../../', import.meta.url);

const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};

/** The module in `src` that an entry point is built from. */
function sourceOf(target: string): string {
  const path = target.replace('./dist/', 'src/').replace(/\.js$/, '');
  const file = [`${path}.ts`, `${path}/index.ts`].find((one) => existsSync(new URL(one, ROOT)));
  if (file === undefined) throw new Error(`Nothing in src is ${target}.`);
  return new URL(file, ROOT).href;
}

const entries = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === 'string' ? [] : [[path, sourceOf(target.default)] as const],
);

const BAD: readonly unknown[] = [undefined, null, 42, '', {}, []];
const CALLS: readonly (readonly unknown[])[] = [
  [],
  ...BAD.map((one) => [one]),
  ...BAD.flatMap((one) => BAD.map((other) => [one, other])),
  ...BAD.map((one) => [one, one, one]),
];

type Called = (...args: readonly unknown[]) => unknown;

const isFunction = (value: unknown): value is Called => typeof value === 'function';

const isClass = (value: Called): boolean =>
  Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;

/** Closes what a call has opened. */
async function close(made: unknown): Promise<void> {
  const end: unknown = typeof made === 'object' && made !== null ? Reflect.get(made, 'close') : undefined;
  if (isFunction(end)) await Reflect.apply(end, made, []);
}

/** What a call throws that is none of our errors; `undefined` where there is nothing. */
async function rawError(value: Called, args: readonly unknown[]): Promise<string | undefined> {
  try {
    const made: unknown = isClass(value) ? Reflect.construct(value, args) : value(...args);
    await close(await made);
    return undefined;
  } catch (error) {
    if (isSecretSyncError(error) && error.message !== '') return undefined;
    const shown = args.map((arg) => (arg === undefined ? 'undefined' : JSON.stringify(arg))).join(', ');
    return `(${shown}): ${String(error)}`;
  }
}

describe.each(entries)('each function of %s', (_path, file) => {
  it('throws no raw error, whatever it is called with', async () => {
    const module = (await import(file)) as Readonly<Record<string, unknown>>;
    const raw: string[] = [];
    for (const [name, value] of Object.entries(module)) {
      if (!isFunction(value)) continue;
      for (const args of CALLS) {
        const error = await rawError(value, args);
        if (error !== undefined) raw.push(`${name}${error}`);
      }
    }
    expect(raw).toEqual([]);
  });
});

describe('what is wrong with the arguments of a function', () => {
  it.each<[string, string, readonly unknown[], string, readonly string[]]>([
    ['.', 'compileKeySchema', [42], 'INVALID_KEY_SCHEMA', ['"keySchema": it must be a string']],
    ['.', 'formatPlan', [null], 'INVALID_OPTION', ['formatPlan()', '"plan": it must be a plan: what plan()']],
    [
      '.',
      'formatPlan',
      [{}, { format: 'html', colour: true }],
      'INVALID_OPTION',
      ['"plan"', '"format": it must be one of "text", "markdown"', '"colour": it is unknown'],
    ],
    ['.', 'formatResult', [{}], 'INVALID_OPTION', ['"result": it must be a result']],
    ['.', 'explain', [{}, 42], 'INVALID_OPTION', ['"plan"', '"key": it must be a string']],
    ['.', 'hasChanges', [undefined], 'INVALID_OPTION', ['"plan": it must be a plan']],
    [
      '.',
      'reconcile',
      [{ desired: { A: 1 }, destination: 7, state: { entries: {} } }],
      'INVALID_OPTION',
      [
        '"syncId": it must be a string that is not empty',
        '"desired": it must be a record or a Map of objects with a sourceKey',
        '"destination"',
        '"state": it must be an object with syncs, entries, redeployDue, as a store keeps them',
      ],
    ],
    [
      '.',
      'resolveImport',
      [{ source: 7, destination: {}, behavior: 'merge' }],
      'INVALID_OPTION',
      ['"source"', '"behavior": it must be one of'],
    ],
    [
      '.',
      'guardDeletions',
      [{ syncId: '', changes: [1], destination: {} }],
      'INVALID_OPTION',
      ['"syncId"', '"changes"'],
    ],
    [
      '.',
      'reconcile',
      [{ syncId: 'a', desired: {}, destination: [{ value: 'canary' }, { key: 'B', value: 7 }] }],
      'INVALID_OPTION',
      ['"destination": it must be a record, a Map, pairs, or a list of entries'],
    ],
    ['.', 'parseDefinition', [{}, 42], 'INVALID_OPTION', ['"drivers": it must be a list of drivers']],
    [
      '.',
      'memorySource',
      [[['A', 'b'], 7]],
      'INVALID_OPTION',
      ['"secrets": it must be a record, a Map, or a list of pairs'],
    ],
    ['.', 'memoryStore', [{ clok: 1 }], 'INVALID_OPTION', ['"clok": it is unknown']],
    ['.', 'defineSource', ['', 7], 'INVALID_OPTION', ['"name"', '"read": it must be a function']],
    [
      './stores/file',
      'fileStore',
      [42, { lockWait: -1 }],
      'INVALID_OPTION',
      ['"directory": it must be the path of a directory', '"lockWait"'],
    ],
    [
      './stores/redis',
      'redisStore',
      [undefined, { key: '' }],
      'INVALID_OPTION',
      ['"client": it must be a client of ioredis', '"key"'],
    ],
    [
      './stores/postgres',
      'postgresStore',
      [{}, { createTable: 1 }],
      'INVALID_OPTION',
      ['"client": it must be a client with query', '"createTable"'],
    ],
    [
      './sources/dotenv',
      'dotenvSource',
      [[], { settle: 1 }],
      'INVALID_OPTION',
      ['"path": it must be the path of a file', '"settle": it is unknown'],
    ],
    [
      './sources/compose',
      'composeSources',
      [[{}], { writeTo: 7 }],
      'INVALID_OPTION',
      ['"sources": it must be a list of sources', '"writeTo"'],
    ],
    [
      './sources/transform',
      'transformSource',
      [{}, { drop: 7 }],
      'INVALID_OPTION',
      ['"source": it must be an object with read()', '"drop"'],
    ],
    [
      './opentelemetry',
      'openTelemetry',
      [{ tracerProvider: 7, keyNames: 'all' }],
      'INVALID_OPTION',
      ['"tracerProvider": it must be an object with getTracer()', '"keyNames"'],
    ],
    [
      './testing',
      'storeConformance',
      [{ name: 'x' }, {}],
      'INVALID_OPTION',
      [
        '"options": it must be an object with a name and a function create',
        '"runner": it must be an object with describe(), it()',
      ],
    ],
    ['./drivers', 'createHttpClient', [7], 'INVALID_OPTION', ['"options": it must be an object']],
  ])('is said all at once, with the remedy: %s %s', async (path, name, args, code, told) => {
    const file = entries.find(([entry]) => entry === path)?.[1] ?? '';
    const module = (await import(file)) as Readonly<Record<string, unknown>>;
    const call = module[name];
    const error: unknown = await (async () => (isFunction(call) ? call(...args) : undefined))().catch(
      (thrown: unknown) => thrown,
    );
    expect(isSecretSyncError(error)).toBe(true);
    if (!isSecretSyncError(error)) return;
    expect(error.code).toBe(code);
    for (const part of told) expect(error.message).toContain(part);
    expect(error.message).not.toContain('canary');
  });

  it('never keeps an error from being made', async () => {
    const { SecretSyncError } = await import('../../../src/contracts/errors.js');
    const error: unknown = Reflect.construct(SecretSyncError, ['SYNC_BUSY', undefined, null]);
    expect(error).toBeInstanceOf(SecretSyncError);
    expect(error).toMatchObject({ code: 'SYNC_BUSY', retryable: false });
  });
});
