import nock from 'nock';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHttpClient } from '../../src/http/client.js';

// Made before nock takes the global fetch over.
const client = createHttpClient({
  endpoint: 'https://api.example.com',
  headers: { authorization: 'Token t' },
});

beforeAll(() => nock.disableNetConnect());
afterAll(() => {
  nock.restore();
  nock.enableNetConnect();
});

it('nock sees the requests of a client that was made before it', async () => {
  const scope = nock('https://api.example.com', { reqheaders: { authorization: 'Token t' } })
    .put('/things/7', { a: 'b' })
    .query({ q: '1' })
    .reply(200, {});
  const request = {
    operation: 'update the thing',
    method: 'PUT',
    path: ['things', '7'],
    query: { q: '1' },
  } as const;
  expect(await client.request({ ...request, body: { a: 'b' } })).toEqual({ status: 200, data: undefined });
  scope.done();
});
