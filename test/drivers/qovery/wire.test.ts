import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import { checkToken, getNamed, variableApi } from '../../../src/drivers/qovery/wire.js';
import { failure } from '../../support/engine.js';
import { scriptedClient, type Scripted } from '../scripted-client.js';

const ID = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';
const place = { scope: 'ENVIRONMENT', parentId: 'e' } as const;
const { signal } = new AbortController();
const variable = { key: 'A', value: new SecretValue('text'), kind: 'secret' };
const shown = { id: ID, key: 'A', scope: 'ENVIRONMENT', variable_type: 'VALUE', is_secret: true };

function api(...script: readonly Scripted[]) {
  const { client, requests } = scriptedClient(script);
  return { ...variableApi(client, place, signal), requests };
}

const MISSING = { status: 400, body: { detail: 'does not exist' } };
const TAKEN = { status: 400, body: { detail: 'exists already' } };

describe('the requests to Qovery', () => {
  it('list, create, override, update and delete variables', async () => {
    const { requests, ...all } = api(
      { data: { results: [shown] } },
      { data: shown },
      { data: shown },
      { data: shown },
      { data: undefined, status: 204 },
    );
    expect(await all.list()).toMatchObject([shown]);
    await all.create(variable);
    await all.create({ ...variable, overrides: OTHER });
    await all.update(ID, variable);
    await all.remove(ID);
    expect(requests).toMatchObject([
      {
        operation: 'list the variables',
        method: 'GET',
        path: ['variable'],
        query: { parent_id: 'e', scope: 'ENVIRONMENT' },
      },
      { operation: 'create a variable', method: 'POST', path: ['variable'], repeatable: true },
      {
        operation: 'override a variable of the project',
        method: 'POST',
        path: ['variable', OTHER, 'override'],
        repeatable: true,
      },
      { operation: 'update a variable', method: 'PUT', path: ['variable', ID] },
      { operation: 'delete a variable', method: 'DELETE', path: ['variable', ID] },
    ]);
    expect(requests.map((request) => request.signal)).toEqual([signal, signal, signal, signal, signal]);
    expect(requests.map((request) => request.classify?.(MISSING))).toEqual(Array(5).fill('NOT_FOUND'));
    expect(requests.map((request) => request.classify?.(TAKEN))).toEqual([
      'NOT_FOUND',
      'CONFLICT',
      'CONFLICT',
      'NOT_FOUND',
      'NOT_FOUND',
    ]);
  });

  it('check a token, and list what there is', async () => {
    const { client, requests } = scriptedClient([
      { data: { results: [] } },
      { data: { results: [{ id: '1', name: 'shop' }] } },
    ]);
    await checkToken(client);
    expect(await getNamed(client, 'projects', ['organization', 'o', 'project'])).toEqual([
      { id: '1', name: 'shop' },
    ]);
    expect(requests).toMatchObject([
      { operation: 'check the access token', method: 'GET', path: ['organization'] },
      { operation: 'list the projects', method: 'GET', path: ['organization', 'o', 'project'] },
    ]);
    expect(requests.map((request) => request.classify?.(MISSING))).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    await expect(checkToken(scriptedClient([{ data: {} }]).client)).rejects.toThrow('does not fit');
  });
});

describe('a success', () => {
  const another = (operation: string) =>
    `Could not ${operation}: the response is about another variable than the request. Check the URL.`;

  it.each([
    ['another key', { key: 'B' }],
    ['another scope', { scope: 'PROJECT' }],
    ['another kind', { is_secret: false, value: 'text' }],
    ['a file', { variable_type: 'FILE' }],
  ])('that speaks of %s is none of a write', async (_, more) => {
    const other = { data: { ...shown, ...more } };
    const created = await failure(api(other).create(variable), 'INVALID_RESPONSE');
    expect(created).toMatchObject({ message: another('create a variable'), maybeWritten: true });
    const updated = await failure(api(other).update(ID, variable), 'INVALID_RESPONSE');
    expect(updated).toMatchObject({ message: another('update a variable'), maybeWritten: true });
  });

  it.each([
    ['no scope', { scope: undefined }],
    ['no kind', { is_secret: undefined, value: 'masked' }],
    ['an override', { variable_type: 'OVERRIDE' }],
  ])('that speaks of %s is one of a write', async (_, more) => {
    const found = { data: { ...shown, ...more } };
    expect((await api(found).create(variable)).id).toBe(ID);
    expect((await api(found).update(ID, variable)).id).toBe(ID);
  });

  it('that speaks of an alias is one of a create only', async () => {
    const alias = { data: { ...shown, variable_type: 'ALIAS' } };
    expect((await api(alias).create(variable)).id).toBe(ID);
    await failure(api(alias).update(ID, variable), 'INVALID_RESPONSE');
  });

  it('that speaks of another id is none of an update', async () => {
    await failure(api({ data: { ...shown, id: OTHER } }).update(ID, variable), 'INVALID_RESPONSE');
  });

  it('whose id is the value is none of a create', async () => {
    const echo = { ...variable, value: new SecretValue(ID) };
    await failure(api({ data: shown }).create(echo), 'INVALID_RESPONSE');
  });

  it('of a variable whose kind nobody asked for can have any', async () => {
    const plain = { data: { ...shown, is_secret: false, value: 'text' } };
    const { key, value } = variable;
    expect((await api(plain).update(ID, { key, value, kind: undefined })).id).toBe(ID);
    await failure(api(plain).create({ key, value, kind: undefined }), 'INVALID_RESPONSE');
  });

  it('other than 204 is none of a deletion', async () => {
    const error = await failure(api({ data: undefined, status: 200 }).remove(ID), 'INVALID_RESPONSE');
    expect(error).toMatchObject({
      message: 'Could not delete a variable: the response is not that of a deletion. Check the URL.',
      maybeWritten: true,
    });
  });
});

describe('a create that is a conflict', () => {
  /** A refusal as the client makes one: it shows the body to the request, and throws. */
  const create = (body: unknown, error: unknown) => {
    const { client, requests } = scriptedClient([{ error }]);
    const request = client.request.bind(client);
    client.request = (asked) => {
      asked.classify?.({ status: 409, body });
      return request(asked);
    };
    return { made: variableApi(client, place, signal).create(variable), requests };
  };
  const conflict = new SecretSyncError('CONFLICT', 'It is taken.');

  it('says at which level the variable exists', async () => {
    const error = await failure(
      create({ existing_variable: { project_id: 'p' } }, conflict).made,
      'CONFLICT',
    );
    expect(error.message).toBe('It is taken. A variable of that key exists at the level of the project.');
  });

  it('is as it was where no level is told, and so is every other refusal', async () => {
    await expect(create({}, conflict).made).rejects.toBe(conflict);
    const other = new SecretSyncError('FORBIDDEN', 'no');
    await expect(create({ existing_variable: { project_id: 'p' } }, other).made).rejects.toBe(other);
  });
});
