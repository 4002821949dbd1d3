import { describe, expect, it } from 'vitest';
import { baseUrl, isWebUrl } from '../../../src/drivers/support/base-url.js';
import { failure } from '../../support/engine.js';

describe('isWebUrl', () => {
  it.each([
    ['https://api.example.com', true],
    ['http://127.0.0.1:8080/base', true],
    ['HTTPS://API.EXAMPLE.COM', true],
    ['ftp://api.example.com', false],
    ['wss://api.example.com', false],
    ['httpss://api.example.com', false],
    ['xhttps://api.example.com', false],
    ['api.example.com', false],
    ['', false],
  ])('of %j is %j', (text, isOne) => {
    expect(isWebUrl(text)).toBe(isOne);
  });
});

describe('baseUrl', () => {
  it.each([
    ['https://api.example.com', '', 'https://api.example.com', 'api.example.com'],
    ['https://api.example.com/', '', 'https://api.example.com', 'api.example.com'],
    ['https://API.example.com:443//', '', 'https://api.example.com', 'api.example.com'],
    ['https://api.example.com./base', '', 'https://api.example.com/base', 'api.example.com/base'],
    ['https://a.b.example.com/base///', '', 'https://a.b.example.com/base', 'a.b.example.com/base'],
    ['http://127.0.0.1:8080', '/v1', 'http://127.0.0.1:8080/v1', '127.0.0.1:8080'],
    ['http://127.0.0.1:8080/v1/', '/v1', 'http://127.0.0.1:8080/v1', '127.0.0.1:8080'],
    ['http://127.0.0.1:8080/v2', '/v1', 'http://127.0.0.1:8080/v2', '127.0.0.1:8080/v2'],
    ['http://127.0.0.1:8080/v1/more', '/v1', 'http://127.0.0.1:8080/v1/more', '127.0.0.1:8080/v1/more'],
  ])('of %j with the default path %j is one endpoint and one place', (text, path, endpoint, place) => {
    expect(baseUrl(text, path)).toEqual({ endpoint, place });
  });

  it('refuses what is no URL, and does not quote it', async () => {
    const error = await failure(() => baseUrl('token@nowhere'), 'UNSAFE_URL');
    expect(error.message).toBe('The base URL is not an HTTP or HTTPS URL; write it as https://host/path.');
  });
});
