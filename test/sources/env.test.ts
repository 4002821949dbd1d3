import { describe, expect, it } from 'vitest';
import { envSource, type EnvSourceOptions } from '../../src/sources/env.js';
import { sourceConformance } from '../../src/testing/conformance/source/index.js';
import { call, errorOf, shown } from './infisical/support.js';

sourceConformance(
  {
    name: 'envSource',
    create: (secrets) => {
      const variables = new Map([
        ['HOME', '/'],
        ...secrets.map(([key, value]) => [`APP_${key}`, value] as const),
      ]);
      return envSource(Object.fromEntries(variables), { prefix: 'APP_' });
    },
    createBroken: (secrets) => envSource(Object.fromEntries(secrets), { pick: ['MISSING'] }),
    watchable: false,
    describable: false,
  },
  { describe, it },
);

const environment = { APP_A: '1', APP_B: '', APP_: 'x', APP: 'y', OTHER: 'z', UNSET: undefined };
const read = async (options: EnvSourceOptions) =>
  shown(await envSource(environment, options).read({}, call()));

describe('envSource', () => {
  it('strips the prefix, or keeps it, and takes no name that is the prefix alone', async () => {
    expect(await read({ prefix: 'APP_' })).toEqual({
      secrets: [
        ['A', '1'],
        ['B', ''],
      ],
    });
    expect(await read({ prefix: 'APP_', keepPrefix: true })).toEqual({
      secrets: [
        ['APP_A', '1'],
        ['APP_B', ''],
      ],
    });
  });

  it('picks variables by name, and reads them again at each read', async () => {
    const changing: Record<string, string | undefined> = { A: '1', B: '2' };
    const source = envSource(changing, { pick: ['B', 'A', 'B'] });
    expect(shown(await source.read({}, call()))).toEqual({
      secrets: [
        ['B', '2'],
        ['A', '1'],
      ],
    });
    changing['A'] = '3';
    expect(shown(await source.read({}, call()))).toEqual({
      secrets: [
        ['B', '2'],
        ['A', '3'],
      ],
    });
  });

  it('fails, with each name, where a picked variable is not set, also one that every object has', async () => {
    const source = envSource(environment, { pick: ['APP_A', 'UNSET', 'GONE', 'toString'] });
    const error = await errorOf((async () => source.read({}, call()))());
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED', retryable: false });
    expect(error.message).toBe(
      'These environment variables are not set: "UNSET", "GONE", "toString". Set them, or take them out of pick.',
    );
  });

  it.each([
    ['nothing', {}, ['options']],
    ['both', { pick: ['A'], prefix: 'B' }, ['options']],
    ['an empty prefix', { prefix: '' }, ['prefix']],
    ['no names', { pick: [] }, ['pick']],
    ['names that are no strings', { pick: [1] }, ['pick']],
    ['keepPrefix without a prefix', { pick: ['A'], keepPrefix: true }, ['keepPrefix']],
    ['names that are unknown', { prefx: 'A', prefix: 'A', keepPrefix: 1 }, ['prefx', 'keepPrefix']],
    ['no options', undefined, ['options']],
  ])('refuses %s, all problems together', (_title, options, paths) => {
    try {
      Reflect.apply(envSource, undefined, [{}, options]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_OPTION', problems: paths.map((path) => ({ path })) });
    }
  });
});
