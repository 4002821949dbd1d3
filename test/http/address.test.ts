import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import { checkEndpoint, checkHeaders } from '../../src/http/address.js';

function refusalOf(check: () => unknown): Error {
  try {
    check();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was refused');
}

const loopback = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '2130706433',
  '017700000001',
  '127.0.0.1.',
  '１２７.０.０.１',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'LocalHost',
  'ｌｏｃａｌｈｏｓｔ',
  'a.localhost',
  'a.b.localhost.',
  'localhost.localdomain',
  'localhost4',
  'localhost6',
  'localhost4.localdomain4',
  'localhost6.localdomain6',
  'localhost.localdomain6',
  'ip6-localhost',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000::0001]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::FFFF:127.0.0.1]',
];
const privateAddresses = [
  '10.0.0.1',
  '10.255.255.255',
  '0xa000001',
  '012.0.0.1',
  '167772161',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '192.168.257',
  '100.64.0.1',
  '100.127.255.255',
  '[fc00::1]',
  '[fd12:3456:789a::1]',
  '[::ffff:10.0.0.1]',
  '[::ffff:a00:1]',
  '[::ffff:192.168.0.1]',
];
const never = [
  '169.254.169.254',
  '169.254.0.1',
  '0xa9fea9fe',
  '2852039166',
  '[fe80::1]',
  '[febf::1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '100.100.100.200',
  '[::ffff:100.100.100.200]',
  '[fd00:ec2::254]',
  '[fd00:ec2::23]',
  '[fd00:c1::a9fe:a9fe]',
  '[fd00:42::42]',
  '[fd20:ce::254]',
  'metadata.google.internal',
  'METADATA.google.internal.',
  'metadata',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  '168.63.129.16',
  '192.0.0.192',
  '0.0.0.0',
  '0',
  '0.1.2.3',
  '[::]',
  '224.0.0.1',
  '239.255.255.255',
  '[ff02::1]',
  '255.255.255.255',
  '240.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '192.88.99.1',
  '[2001:db8::1]',
  '[fec0::1]',
  '[100::1]',
  '[4000::1]',
  '[::ffff:8.8.8.8]',
  '[::127.0.0.1]',
  '[::10.0.0.1]',
  '[::8.8.8.8]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::10.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::10.0.0.1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
];
const publicHosts = [
  'api.qovery.com',
  'data.pro.hasura.io',
  '8.8.8.8',
  '1.1.1.1',
  '172.32.0.1',
  '100.128.0.1',
  '[2606:4700::1111]',
  'localhost.example.com',
  'notlocalhost',
  'localhost5',
  'metadata.tencentyun.com.example.com',
  'metadata.example.com',
];

describe('checkEndpoint', () => {
  it.each([...loopback, ...privateAddresses, ...never])('refuses %s', (host) => {
    for (const scheme of ['https', 'http']) {
      const error = refusalOf(() => checkEndpoint(`${scheme}://${host}:8443/api`));
      expect(isSecretSyncError(error, 'UNSAFE_URL')).toBe(true);
    }
  });

  it.each(publicHosts)('takes %s over HTTPS and refuses it without', (host) => {
    expect(checkEndpoint(`https://${host}/v1`).pathname).toBe('/v1');
    expect(refusalOf(() => checkEndpoint(`http://${host}/v1`)).message).toContain('without encryption');
    expect(() => checkEndpoint(`http://${host}/v1`, { allowPrivateNetwork: true })).toThrow(
      'without encryption',
    );
  });

  it.each(loopback)('takes %s with and without HTTPS when private networks are allowed', (host) => {
    checkEndpoint(`https://${host}`, { allowPrivateNetwork: true });
    checkEndpoint(`http://${host}:8080`, { allowPrivateNetwork: true });
  });

  it.each(privateAddresses)('takes %s only over HTTPS when private networks are allowed', (host) => {
    checkEndpoint(`https://${host}`, { allowPrivateNetwork: true });
    expect(() => checkEndpoint(`http://${host}`, { allowPrivateNetwork: true })).toThrow(
      'without encryption',
    );
  });

  it.each(never)('refuses %s also when private networks are allowed', (host) => {
    expect(() => checkEndpoint(`https://${host}`, { allowPrivateNetwork: true })).toThrow('is refused');
    expect(() => checkEndpoint(`http://${host}`, { allowPrivateNetwork: true })).toThrow('is refused');
  });

  it.each([
    'https://user:canary-pass@api.example.com',
    'https://canary-pass@api.example.com',
    'https://api.example.com/?token=canary-pass',
    'https://api.example.com/#canary-pass',
    'ftp://api.example.com/canary-pass',
    'https://10.0.0.1/canary-pass',
    'http://api.example.com/canary-pass',
    'canary-pass',
    'https://canary pass:canary-pass@[',
    'data:text/plain,canary-pass',
  ])('refuses a URL without quoting more of it than its host, such as %s', (endpoint) => {
    const error = refusalOf(() => checkEndpoint(endpoint));
    expect(isSecretSyncError(error, 'UNSAFE_URL')).toBe(true);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('canary-pass');
  });

  it.each(['https://api.example.com?', 'https://api.example.com/#'])(
    'refuses the empty query or fragment of %s',
    (endpoint) => {
      expect(() => checkEndpoint(endpoint)).toThrow('a query or a fragment');
    },
  );

  it.each(['', ' ', '//api.example.com', 'api.example.com', 'https://', 'https://[::1%25eth0]'])(
    'refuses %j, which is no URL',
    (endpoint) => {
      expect(() => checkEndpoint(endpoint)).toThrow('not a');
    },
  );
});

describe('checkHeaders', () => {
  it.each(['a\nb', 'a\r\nX-Other: 1', 'token\n', '\ntoken', 'a\0b', 'snowman ☃', 'a\u007fb'])(
    'refuses the value %j without quoting it',
    (value) => {
      const error = refusalOf(() => checkHeaders({ authorization: `Token canary${value}` }));
      expect(isSecretSyncError(error, 'INVALID_OPTION')).toBe(true);
      expect(error.message).toContain('"authorization"');
      expect(inspect(error)).not.toContain('canary');
    },
  );

  it.each(['', 'a b', 'a:b', 'é\n'])('refuses the name %j', (name) => {
    expect(() => checkHeaders({ [name]: 'x' })).toThrow('name');
  });

  it('takes what HTTP can carry', () => {
    checkHeaders({ Authorization: 'Bearer a.b-c_d~e+f/g==', 'X-Empty': '', 'x-latin': 'caf\u00e9' });
  });
});
