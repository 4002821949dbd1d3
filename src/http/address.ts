import ipaddr from 'ipaddr.js';
import { SecretSyncError } from '../contracts/errors.js';

/** Options of {@link checkEndpoint}. */
export interface AddressOptions {
  /** Lets HTTPS go to private and loopback addresses and plain HTTP to loopback. Default: false. */
  readonly allowPrivateNetwork?: boolean | undefined;
}

type AddressKind = 'public' | 'private' | 'loopback' | 'link-local or metadata' | 'reserved';

/** With the names that `/etc/hosts` of common systems gives to loopback addresses. */
const LOOPBACK_NAME = /^(.*\.)?localhost$|^(localhost[46]?(\.localdomain[46]?)?|ip6-localhost|ip6-loopback)$/;

/** Where cloud platforms give credentials to anyone who asks. Some are in ranges that are otherwise fit for use. */
const METADATA = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'metadata',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'instance-data',
  'instance-data.ec2.internal',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd00:c1::a9fe:a9fe',
  'fd00:42::42',
  'fd20:ce::254',
]);

/*
 * | range                                                   | kind                                  |
 * |---------------------------------------------------------|---------------------------------------|
 * | unicast (IPv6: 2000::/3 only)                           | public                                |
 * | private, carrier-grade NAT, unique local                | private                               |
 * | loopback                                                | loopback                              |
 * | link-local, a metadata service                          | link-local or metadata                |
 * | IPv4-mapped IPv6                                        | that of the IPv4; reserved if public  |
 * | all else: unspecified, multicast, NAT64, 6to4, Teredo … | reserved                              |
 */
function kindOfAddress(address: ipaddr.IPv4 | ipaddr.IPv6): AddressKind {
  if (METADATA.has(address.toString())) return 'link-local or metadata';
  switch (address.range()) {
    case 'unicast':
      // Outside 2000::/3 nothing is assigned, but ::/96 spells IPv4 addresses.
      return 'octets' in address || (address.toByteArray()[0] ?? 0) >> 5 === 1 ? 'public' : 'reserved';
    case 'private':
    case 'carrierGradeNat':
    case 'uniqueLocal':
      return 'private';
    case 'loopback':
      return 'loopback';
    case 'linkLocal':
      return 'link-local or metadata';
    case 'ipv4Mapped': {
      const mapped = 'toIPv4Address' in address ? kindOfAddress(address.toIPv4Address()) : 'reserved';
      return mapped === 'public' ? 'reserved' : mapped;
    }
    default:
      return 'reserved';
  }
}

function kindOfHost(host: string): AddressKind {
  if (LOOPBACK_NAME.test(host)) return 'loopback';
  if (METADATA.has(host)) return 'link-local or metadata';
  // A parsed URL spells each IPv4 address with a digit at its end, and IPv6 in brackets. To ask of a name is slow.
  if (!/[\d\]]$/.test(host)) return 'public';
  const address = host.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(address) ? kindOfAddress(ipaddr.parse(address)) : 'public';
}

const unsafe = (message: string) => new SecretSyncError('UNSAFE_URL', message);

/**
 * Parses the base URL of a connection, or throws `UNSAFE_URL`, before anything is sent: HTTPS only, no credentials,
 * query or fragment, and no loopback, private, link-local, reserved or mapped address in any spelling.
 * `allowPrivateNetwork` lets HTTPS go to private and loopback addresses and plain HTTP to loopback; link-local and
 * metadata addresses stay refused. What a host name resolves to can't be seen from here.
 *
 * The message names the host and nothing else of the URL.
 */
export function checkEndpoint(endpoint: string, options: AddressOptions = {}): URL {
  if (!URL.canParse(endpoint))
    throw unsafe('The endpoint is not a URL. Pass one such as https://api.example.com.');
  const url = new URL(endpoint);
  const host = url.hostname.replace(/\.+$/, '');
  const subject = `The endpoint ${JSON.stringify(host)}`;
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw unsafe(`${subject} is not an HTTPS URL. Use https://.`);
  if (url.username || url.password) {
    throw unsafe(`${subject} has credentials in its URL. Pass them as credentials of the connection.`);
  }
  if (/[?#]/.test(url.href)) throw unsafe(`${subject} has a query or a fragment. Pass the base URL alone.`);
  const kind = kindOfHost(host);
  const near = kind === 'private' || kind === 'loopback';
  if (kind !== 'public' && !(near && options.allowPrivateNetwork)) {
    const remedy = near ? 'Set allowPrivateNetwork if that is intended.' : 'Use its public address.';
    throw unsafe(`${subject} is a ${kind} address, which is refused. ${remedy}`);
  }
  if (url.protocol === 'http:' && kind !== 'loopback') {
    throw unsafe(`${subject} would be reached without encryption. Use https://.`);
  }
  return url;
}

/**
 * Throws `INVALID_OPTION` when a header can't be sent, such as a token with a line break. Called before any request,
 * since what the platform would throw quotes the value.
 */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new SecretSyncError('INVALID_OPTION', 'A header has a name that HTTP does not allow. Rename it.');
    }
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new SecretSyncError(
        'INVALID_OPTION',
        `The header ${JSON.stringify(name)} contains a character that a header can't carry, such as a line break. ` +
          'Check the token that it is made of.',
      );
    }
  }
}
