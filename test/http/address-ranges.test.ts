import { describe, expect, it } from 'vitest';
import { isSecretSyncError, type SecretSyncError } from '../../src/contracts/errors.js';
import { checkEndpoint, checkHeaders } from '../../src/http/address.js';

function refusalOf(check: () => unknown): SecretSyncError {
  try {
    check();
  } catch (error) {
    if (isSecretSyncError(error)) return error;
    throw error;
  }
  throw new Error('Nothing was refused.');
}

describe('the refusal of an endpoint', () => {
  const NEAR = 'Set allowPrivateNetwork if that is intended.';
  const NEVER = 'Use its public address.';

  it.each([
    ['localhost', 'loopback', NEAR],
    ['127.0.0.1', 'loopback', NEAR],
    ['[::ffff:7f00:1]', 'loopback', NEAR],
    ['10.0.0.1', 'private', NEAR],
    ['100.64.0.1', 'private', NEAR],
    ['[fd12:3456:789a::1]', 'private', NEAR],
    ['169.254.0.1', 'link-local or metadata', NEVER],
    ['[fe80::1]', 'link-local or metadata', NEVER],
    ['[::ffff:a9fe:a9fe]', 'link-local or metadata', NEVER],
    ['100.100.100.200', 'link-local or metadata', NEVER],
    ['192.0.0.192', 'link-local or metadata', NEVER],
    ['[fd00:ec2::254]', 'link-local or metadata', NEVER],
    ['metadata.google.internal', 'link-local or metadata', NEVER],
    ['metadata.goog', 'link-local or metadata', NEVER],
    ['instance-data', 'link-local or metadata', NEVER],
    ['instance-data.ec2.internal', 'link-local or metadata', NEVER],
    ['0.0.0.0', 'reserved', NEVER],
    ['224.0.0.1', 'reserved', NEVER],
    ['[4000::1]', 'reserved', NEVER],
    ['[::ffff:808:808]', 'reserved', NEVER],
  ])('%s says that it is a %s address, and what to do', (host, kind, remedy) => {
    const { code, message } = refusalOf(() => checkEndpoint(`https://${host}`));
    expect(code).toBe('UNSAFE_URL');
    expect(message).toBe(
      `The endpoint ${JSON.stringify(host)} is a ${kind} address, which is refused. ${remedy}`,
    );
  });

  it.each([
    ['nothing', 'The endpoint is not a URL. Pass one such as https://api.example.com.'],
    ['ftp://example.com', 'The endpoint "example.com" is not an HTTPS URL. Use https://.'],
    [
      'https://name:pass@example.com',
      'The endpoint "example.com" has credentials in its URL. Pass them as credentials of the connection.',
    ],
    [
      'https://example.com?a=b',
      'The endpoint "example.com" has a query or a fragment. Pass the base URL alone.',
    ],
    ['http://example.com', 'The endpoint "example.com" would be reached without encryption. Use https://.'],
  ])('%s says what is wrong, and what to do', (endpoint, words) => {
    expect(refusalOf(() => checkEndpoint(endpoint)).message).toBe(words);
  });

  it.each(['localhost.', 'localhost..', 'metadata.goog..'])(
    'is not got around by the dots at the end of %s',
    (host) => {
      expect(refusalOf(() => checkEndpoint(`https://${host}`)).code).toBe('UNSAFE_URL');
    },
  );
});

describe('an endpoint', () => {
  it.each([
    'my-ip6-localhost',
    'ip6-localhost.example.com',
    'localhost.localdomain.example.com',
    'mylocalhost',
    'localhost.example.com',
    'metadata.goog.example.com',
  ])('%s is taken: it only looks like a name of this machine', (host) => {
    expect(checkEndpoint(`https://${host}`).hostname).toBe(host);
  });
});

describe('the refusal of a header', () => {
  it('says which, and nothing of its value', () => {
    const { code, message } = refusalOf(() => checkHeaders({ authorization: 'token\n' }));
    expect(code).toBe('INVALID_OPTION');
    expect(message).toBe(
      `The header "authorization" contains a character that a header can't carry, such as a line break. ` +
        'Check the token that it is made of.',
    );
  });

  it('says that a name is not allowed', () => {
    const { code, message } = refusalOf(() => checkHeaders({ 'a b': 'x' }));
    expect(code).toBe('INVALID_OPTION');
    expect(message).toBe('A header has a name that HTTP does not allow. Rename it.');
  });
});
