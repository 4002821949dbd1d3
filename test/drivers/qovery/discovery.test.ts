import { describe, expect, it } from 'vitest';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { failure } from '../../support/engine.js';

const ID = '00000000-0000-4000-8000-00000000000A';
const CANONICAL = ID.toLowerCase();

/** Lists with the driver's own discovery, and notes what was asked for. */
async function list(path: string, ids: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const fetch = async (url: string | URL) => {
    asked.push(String(url));
    return new Response('{"results":[{"id":"2","name":"b"},{"id":"1","name":"a"}]}');
  };
  const found = qovery().discovery?.find((candidate) => candidate.path === path);
  const resources = await found?.list({ accessToken: 'token' }, ids, { fetch });
  return { resources, asked };
}

describe('what a token of Qovery shows', () => {
  it.each([
    ['organizations', {}, '/organization'],
    ['organizations/{organizationId}/projects', { organizationId: ID }, `/organization/${CANONICAL}/project`],
    ['projects/{projectId}/environments', { projectId: ID }, `/project/${CANONICAL}/environment`],
  ])('is listed: %s', async (path, ids, asked) => {
    expect(await list(path, ids)).toEqual({
      resources: [
        { id: '1', name: 'a' },
        { id: '2', name: 'b' },
      ],
      asked: [`https://api.qovery.com${asked}`],
    });
  });

  it.each([
    ['organizations/{organizationId}/projects', 'organizationId'],
    ['projects/{projectId}/environments', 'projectId'],
  ])('is not listed without an id that is one: %s', async (path, name) => {
    const error = await failure(list(path, {}), 'INVALID_OPTION');
    expect(error.message).toContain(`${name} is not valid`);
    await failure(list(path, { [name]: 'shop' }), 'INVALID_OPTION');
  });

  it('is listed with credentials of the caller: the driver has none of its own', () => {
    expect(qovery()).not.toHaveProperty('credentials');
    expect(qovery({ accessToken: 'token' })).toHaveProperty('credentials');
    expect(qovery.capabilities({}).kind).toBe('secret');
  });
});
