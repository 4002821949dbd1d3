import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/contracts/error-codes.js';
import { SecretSyncError } from '../../src/contracts/errors.js';
import { qovery } from '../../src/drivers/qovery/index.js';
import { httpStatus } from '../../src/shared/http-status.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createChecker } from './openapi-checker.js';
import { createApi, ORIGIN, SYNCS } from './support.js';

describe('openapi.json', () => {
  it('is a valid document of OpenAPI 3.1', async () => {
    const { call } = await createApi({ drivers: [memoryDestination()] });
    const { body } = await call('GET', '/openapi.json');
    expect(body['openapi']).toBe('3.1.0');
    expect(await new Validator().validate(structuredClone(body))).toEqual({ valid: true });
  });

  it('describes every route', async () => {
    const { document } = await createApi({ drivers: [memoryDestination()] });
    const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path.replace('/api/v1', '')}`),
    );
    expect(routes.sort()).toEqual([
      'delete /secret-syncs/{destination}/{syncId}',
      'get /openapi.json',
      'get /secret-syncs',
      'get /secret-syncs/options',
      'get /secret-syncs/{destination}',
      'get /secret-syncs/{destination}/sync-name/{name}',
      'get /secret-syncs/{destination}/{syncId}',
      'patch /secret-syncs/{destination}/{syncId}',
      'post /secret-syncs/{destination}',
      'post /secret-syncs/{destination}/check-destination',
      'post /secret-syncs/{destination}/{syncId}/import-secrets',
      'post /secret-syncs/{destination}/{syncId}/plan',
      'post /secret-syncs/{destination}/{syncId}/remove-secrets',
      'post /secret-syncs/{destination}/{syncId}/sync-secrets',
    ]);
  });

  it('declares each status that an error can have, for every route', async () => {
    const { document } = await createApi({ drivers: [qovery(), memoryDestination()] });
    const ofErrors = ERROR_CODES.map((code) => httpStatus(new SecretSyncError(code, 'It failed.')));
    const ofRequests = [401, 403, 413, 415, 499];
    const statuses = [...new Set([200, ...ofErrors, ...ofRequests])].map(String).sort();
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations).toHaveLength(17);
    for (const { responses } of operations) expect(Object.keys(responses).sort()).toEqual(statuses);
  });

  it('is held by a check that finds what is not as described', async () => {
    const { document } = await createApi({ drivers: [memoryDestination()] });
    const check = createChecker(document);
    const url = new URL(`${ORIGIN}${SYNCS}?project=1`);
    const exchange = { method: 'GET', url, body: undefined, status: 200, response: { secretSyncs: [{}] } };
    const found = check(exchange).join('\n');
    expect(found).toContain('the query parameter project is not declared');
    expect(found).toContain("response 200/secretSyncs/0: must have required property 'id'");
    const create = { method: 'POST', url: new URL(`${ORIGIN}${SYNCS}/memory`), status: 200, response: {} };
    expect(check({ ...create, body: { name: 1, x: 1 } }).join('\n')).toMatch(
      /request: must NOT have additional properties[^]*request\/name: must be string/,
    );
  });
});
