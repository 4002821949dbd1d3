import { describe, expect, it } from 'vitest';
import {
  call,
  change,
  CREATE,
  CREATE_V3,
  errorOf,
  LIST,
  LIST_V3,
  LOGIN,
  place,
  setUp,
  shown,
  UPDATE_V3,
} from './support.js';

describe('infisicalSource, with servers of other versions', () => {
  it('reads from the older routes where there are no others, with imports, and remembers it', async () => {
    const { emulator, source, operations } = await setUp({}, { secretsApi: 'v3' });
    const shared = { ...place, secretPath: '/shared' };
    emulator.addFolder(shared);
    emulator.addSecret(shared, { key: 'A', value: '1' });
    emulator.addImport(place, shared);
    emulator.addSecret(place, { key: 'B', value: '${A}' });
    for (let round = 0; round < 2; round += 1) {
      expect(shown(await source.read({}, call()))).toEqual({
        secrets: [
          ['A', '1'],
          ['B', '1'],
        ],
      });
    }
    expect(operations()).toEqual([LOGIN, 'unknown', LIST_V3, LIST_V3]);
    expect(emulator.requests.at(-1)?.query).toEqual({
      workspaceId: 'project-1',
      environment: 'prod',
      secretPath: '/',
      viewSecretValue: 'true',
      expandSecretReferences: 'true',
      include_imports: 'true',
      recursive: 'false',
    });
  });

  it('writes to the older routes too', async () => {
    const { emulator, source, operations } = await setUp({}, { secretsApi: 'v3' });
    emulator.addSecret(place, { key: 'A', value: '1' });
    await source.write({}, [change('A', '2', 'update'), change('B', '3')], call());
    expect(emulator.secrets(place).map(({ key, value }) => [key, value])).toEqual([
      ['A', '2'],
      ['B', '3'],
    ]);
    expect(operations()).toEqual([LOGIN, 'unknown', LIST_V3, CREATE_V3, UPDATE_V3]);
  });

  it('goes on when the server is updated and drops the older routes', async () => {
    const { emulator, source, operations } = await setUp({}, { secretsApi: 'v3' });
    emulator.addSecret(place, { key: 'A', value: '1' });
    await source.read({}, call());
    emulator.configure({ secretsApi: 'v4' });
    emulator.clearRequests();
    await source.write({}, [change('B', '2')], call());
    expect(operations()).toEqual(['unknown', LIST, CREATE]);
  });

  it('names the lowest version where there are no routes that it knows', async () => {
    const { source } = await setUp({}, { secretsApi: 'none' });
    const error = await errorOf(source.read({}, call()));
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED', status: 404, retryable: false });
    expect(error.message).toBe(
      'This Infisical has neither /api/v4/secrets nor /api/v3/secrets/raw. Update it to version 0.46 or later, or check the siteUrl.',
    );
  });

  it.each([
    ['a folder', { secretPath: '/nowhere' }],
    ['an environment', { environment: 'nowhere' }],
  ])('does not take %s that does not exist for an older server', async (_title, location) => {
    const { source, operations } = await setUp();
    expect((await errorOf(source.read(location, call()))).code).toBe('NOT_FOUND');
    expect(operations()).toEqual([LOGIN, LIST]);
  });

  it('takes a 404 of a proxy that is no JSON for a missing route', async () => {
    const { emulator, source, operations } = await setUp();
    emulator.addSecret(place, { key: 'A', value: '1' });
    emulator.setIntercept(({ operation }) =>
      operation === LIST ? { status: 404, body: '<html>' } : undefined,
    );
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['A', '1']] });
    expect(operations()).toEqual([LOGIN, LIST, LIST_V3]);
  });
});
