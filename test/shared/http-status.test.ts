import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/contracts/error-codes.js';
import { SecretSyncError } from '../../src/contracts/errors.js';
import { httpStatus } from '../../src/index.js';

describe('the HTTP status of an error', () => {
  it.each([
    ['INVALID_OPTION', 400],
    ['SYNC_NOT_FOUND', 404],
    ['DELETION_REFUSED', 409],
    ['STATE_UNREADABLE', 500],
    ['UNAUTHORIZED', 502],
    ['RATE_LIMITED', 503],
    ['TIMEOUT', 504],
  ] as const)('%s is %i', (code, status) => {
    expect(httpStatus(new SecretSyncError(code, 'It failed.'))).toBe(status);
  });

  it('is one of an error for every code', () => {
    const statuses = ERROR_CODES.map((code) => httpStatus(new SecretSyncError(code, 'It failed.')));
    expect(statuses.filter((status) => status < 400 || status > 599)).toEqual([]);
  });

  it.each(['SYNC_LOST', 'toString', '__proto__'])(
    'is 500 for a code of another version of this package: %s',
    (code) => {
      const error = Object.defineProperty(new SecretSyncError('CONFLICT', 'It failed.'), 'code', {
        value: code,
      });
      expect(httpStatus(error)).toBe(500);
    },
  );

  it.each([[new Error('any')], [undefined], ['text'], [{ code: 'SYNC_NOT_FOUND' }]])(
    'is 500 for what is no error of this library: %s',
    (error) => {
      expect(httpStatus(error)).toBe(500);
    },
  );
});
