import { describe, expect, it } from 'vitest';
import type { SecretSyncError } from '../../src/contracts/errors.js';
import { httpError, networkFailure, rateLimited, refusal } from '../../src/http/errors.js';

const facts = {
  operation: 'update a variable',
  method: 'PUT',
  host: 'api.example.com',
  path: '/variable/1',
  doubt: false,
};
const reading = {
  operation: 'list the variables',
  method: 'GET',
  host: 'api.example.com',
  path: '/variable',
  doubt: false,
};

/** All that an error says, apart from its sentence. */
const detailsOf = ({ code, retryable, maybeWritten, status, retryAt, cause }: SecretSyncError) => ({
  code,
  retryable,
  maybeWritten,
  status,
  retryAt,
  cause,
});

describe('the error for a status', () => {
  it.each([
    [300, 'DESTINATION_REJECTED', false, true],
    [399, 'DESTINATION_REJECTED', false, true],
    [400, 'DESTINATION_REJECTED', false, false],
    [401, 'UNAUTHORIZED', false, false],
    [402, 'DESTINATION_REJECTED', false, false],
    [403, 'FORBIDDEN', false, false],
    [404, 'NOT_FOUND', false, false],
    [408, 'DESTINATION_REJECTED', true, false],
    [409, 'CONFLICT', false, false],
    [410, 'DESTINATION_REJECTED', false, false],
    [412, 'CONFLICT', false, false],
    [422, 'DESTINATION_REJECTED', false, false],
    [425, 'DESTINATION_REJECTED', true, false],
    [429, 'RATE_LIMITED', true, false],
    [499, 'DESTINATION_REJECTED', false, false],
    [500, 'DESTINATION_UNAVAILABLE', true, true],
    [502, 'DESTINATION_UNAVAILABLE', true, true],
    [503, 'DESTINATION_UNAVAILABLE', true, false],
    [504, 'DESTINATION_UNAVAILABLE', true, true],
  ])('%i is %s; repeated: %s; may have been carried out: %s', (status, code, retryable, maybeWritten) => {
    const error = refusal(status, undefined, facts, undefined);
    expect(detailsOf(error)).toEqual({
      code,
      retryable,
      maybeWritten,
      status,
      retryAt: undefined,
      cause: undefined,
    });
  });

  it.each([
    [301, 'the server redirects, and redirects are not followed. Check the URL (status 301)'],
    [400, 'the server refused it (status 400)'],
    [401, 'the server does not accept the credentials. Check the token (status 401)'],
    [403, 'the credentials do not allow it. Check their permissions, and the ids (status 403)'],
    [404, 'the server does not know what was asked for. Check the ids (status 404)'],
    [409, 'it conflicts with what exists there. Plan again (status 409)'],
    [429, 'the server accepts no more requests for now. Try again later'],
    [500, 'the server is unavailable. Try again later (status 500)'],
  ])('%i says why, and what to do', (status, reason) => {
    const { message } = refusal(status, undefined, facts, undefined);
    expect(message).toBe(`Could not update a variable: ${reason} (PUT api.example.com/variable/1)`);
  });

  it('follows what the driver makes of it, but knows from the status whether it was carried out', () => {
    const conflict = refusal(400, 'CONFLICT', facts, undefined);
    expect(detailsOf(conflict)).toMatchObject({ code: 'CONFLICT', retryable: false, maybeWritten: false });
    const limited = refusal(403, 'RATE_LIMITED', facts, Date.UTC(2026, 0, 1));
    expect(detailsOf(limited)).toMatchObject({ code: 'RATE_LIMITED', retryable: true, status: 403 });
    expect(limited.message).toBe(
      'Could not update a variable: the server accepts no more requests for now. ' +
        'Try again after 2026-01-01T00:00:00.000Z (PUT api.example.com/variable/1)',
    );
  });

  it('tells when to come back only where coming back helps', () => {
    const at = Date.UTC(2026, 0, 1);
    expect(refusal(503, undefined, facts, at).retryAt).toBe('2026-01-01T00:00:00.000Z');
    expect(refusal(429, undefined, facts, at).retryAt).toBe('2026-01-01T00:00:00.000Z');
    expect(refusal(403, undefined, facts, at).retryAt).toBeUndefined();
  });

  it('leaves no doubt about a request that only reads, unless an earlier attempt left one', () => {
    expect(refusal(500, undefined, reading, undefined).maybeWritten).toBe(false);
    expect(refusal(404, undefined, { ...facts, doubt: true }, undefined).maybeWritten).toBe(true);
  });
});

describe('the error for too many requests', () => {
  it('has no status where nobody was asked', () => {
    const error = rateLimited(reading, Date.UTC(2026, 0, 1));
    expect(detailsOf(error)).toEqual({
      code: 'RATE_LIMITED',
      retryable: true,
      maybeWritten: false,
      status: undefined,
      retryAt: '2026-01-01T00:00:00.000Z',
      cause: undefined,
    });
  });
});

describe('any error about a request', () => {
  it('is retryable by its code, unless it is said', () => {
    expect(httpError('TIMEOUT', facts, 'why').retryable).toBe(true);
    expect(httpError('INVALID_RESPONSE', facts, 'why').retryable).toBe(false);
    expect(httpError('TIMEOUT', facts, 'why', { retryable: false }).retryable).toBe(false);
    expect(httpError('TIMEOUT', facts, 'why')).not.toHaveProperty('status');
    expect(httpError('TIMEOUT', facts, 'why')).not.toHaveProperty('retryAt');
  });
});

describe('the error for a request without an answer', () => {
  const withCode = (fields: object) => Object.assign(new Error('secret text'), fields);
  const fetchFailed = (cause: unknown) => new TypeError('secret text', { cause });
  const lost = 'the connection was lost';
  const none = 'no connection to the server';

  it.each([
    ['ECONNREFUSED', none, false],
    ['ENOTFOUND', none, false],
    ['EAI_AGAIN', none, false],
    ['UND_ERR_CONNECT_TIMEOUT', none, false],
    ['ConnectionRefused', none, false],
    ['ECONNRESET', lost, true],
    ['EPIPE', lost, true],
    ['ETIMEDOUT', lost, true],
    ['EHOSTUNREACH', lost, true],
    ['ENETUNREACH', lost, true],
    ['UND_ERR_SOCKET', lost, true],
  ])('%s: %s; may have been carried out: %s', (code, reason, maybeWritten) => {
    for (const thrown of [withCode({ code }), fetchFailed(withCode({ code }))]) {
      const error = networkFailure(thrown, facts);
      expect(error.message).toBe(
        `Could not update a variable: ${reason} (${code}). Try again later (PUT api.example.com/variable/1)`,
      );
      expect(detailsOf(error)).toEqual({
        code: 'DESTINATION_UNAVAILABLE',
        retryable: true,
        maybeWritten,
        status: undefined,
        retryAt: undefined,
        cause: undefined,
      });
    }
  });

  it.each([['connect'], ['getaddrinfo']])('knows that the call %s sends nothing yet', (syscall) => {
    const error = networkFailure(withCode({ code: 'EACCES', syscall }), facts);
    expect(error.message).toBe(
      `Could not update a variable: ${none}. Try again later (PUT api.example.com/variable/1)`,
    );
    expect(error.maybeWritten).toBe(false);
  });

  it.each([['reconnect'], ['connected'], ['write'], [7]])('assumes nothing of a call %s', (syscall) => {
    expect(networkFailure(withCode({ code: 'EACCES', syscall }), facts).maybeWritten).toBe(true);
  });

  it.each([
    ['CERT_HAS_EXPIRED'],
    ['ERR_TLS_CERT_ALTNAME_INVALID'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['SELF_SIGNED_CERT_IN_CHAIN'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('does not repeat a request for the certificate error %s', (code) => {
    const error = networkFailure(fetchFailed(withCode({ code })), facts);
    expect(error.message).toBe(
      'Could not update a variable: the certificate of the server is not trusted. Check the URL, or the trusted ' +
        'certificates (PUT api.example.com/variable/1)',
    );
    expect(detailsOf(error)).toMatchObject({
      code: 'DESTINATION_UNAVAILABLE',
      retryable: false,
      maybeWritten: false,
    });
  });

  it.each([
    ['a code from no list', withCode({ code: 'secret text' })],
    ['a code that only ends as one of a certificate', withCode({ code: 'NO CERT_B' })],
    ['a code that only begins as one of a certificate', withCode({ code: 'CERT_B!' })],
    ['a code that turns into one of a certificate', withCode({ code: { toString: () => 'CERT_B' } })],
    ['a code that is no text', withCode({ code: 42 })],
    ['no code', fetchFailed(undefined)],
    ['no error at all', 'secret text'],
    ['null', null],
    ['a cause of null', fetchFailed(null)],
  ])('shows nothing of %s', (_, thrown) => {
    const error = networkFailure(thrown, facts);
    expect(error.message).toBe(
      `Could not update a variable: ${lost}. Try again later (PUT api.example.com/variable/1)`,
    );
    expect(detailsOf(error)).toMatchObject({ retryable: true, maybeWritten: true, cause: undefined });
  });

  const toldByDeno = (stage: string) =>
    fetchFailed(new Error(`error sending request for url (https://host/client%20error): ${stage}`));

  it.each([
    ['client error (Connect): tcp connect error: Connection refused (os error 111)', none, false, true],
    ['client error (Connect): dns error: failed to lookup address information', none, false, true],
    [
      'client error (Connect): invalid peer certificate: UnknownIssuer',
      'the certificate of the server is not trusted',
      false,
      false,
    ],
    ['client error (SendRequest): connection closed before message completed', lost, true, true],
    ['Connection reset by peer (os error 104)', lost, true, true],
  ])('understands the sentence of Deno: %s', (stage, reason, maybeWritten, retryable) => {
    const error = networkFailure(toldByDeno(stage), facts);
    expect(error.message).toContain(`Could not update a variable: ${reason}. `);
    expect(detailsOf(error)).toMatchObject({ maybeWritten, retryable, cause: undefined });
  });

  it('takes the code of the error itself before that of its cause', () => {
    const error = Object.assign(fetchFailed(withCode({ code: 'ECONNREFUSED' })), { code: 'ECONNRESET' });
    expect(networkFailure(error, facts).message).toContain('(ECONNRESET)');
  });
});
