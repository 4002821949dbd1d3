import { describe, expect, it } from 'vitest';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { createEngine, failure, subjectsOf } from '../../support/engine.js';
import { type AnyDefinition } from '../sites.js';
import type { ErrorCode } from '../../../src/contracts/error-codes.js';
import type { AnyDestinationDriver } from '../../../src/contracts/typed-definition.js';

describe('an address or a token that is refused before any request', () => {
  const qoveryConfig = {
    organizationId: 'o',
    projectId: 'p',
    environmentId: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
  };
  const attempt = async (
    credentials: { url?: string; accessToken?: string },
    allowPrivateNetwork: boolean,
  ) => {
    let calls = 0;
    const fetch = async () => {
      calls += 1;
      throw new Error('nothing must be sent');
    };
    const { url = 'https://api.example.com', accessToken = 'token' } = credentials;
    const drivers = [hasuraCloud({ accessToken, apiUrl: url }), qovery({ accessToken, instanceUrl: url })];
    const { engine, events } = createEngine<readonly AnyDestinationDriver[]>({
      drivers,
      fetch,
      allowPrivateNetwork,
    });
    const definitions: AnyDefinition[] = [
      {
        name: 'nightly',
        destination: 'hasura-cloud',
        destinationConfig: { projectId: '3c90c3cc-0d44-4b50-8888-8dd25736052a' },
      },
      { name: 'nightly', destination: 'qovery', destinationConfig: qoveryConfig },
    ];
    const errors: unknown[] = [];
    for (const definition of definitions) {
      errors.push(await engine.sync(definition).catch((error: unknown) => error));
    }
    expect(calls).toBe(0);
    expect(events.filter(({ type }) => type === 'request')).toEqual([]);
    return errors;
  };

  it.each([
    ['credentials in a URL', 'https://user:pass' + '@api.example.com', 'credentials'],
    ['plain HTTP', 'http://api.example.com', 'HTTPS'],
    ['a short loopback address', 'https://127.1', 'loopback'],
    ['a loopback address in hex', 'https://0x7f000001', 'loopback'],
    ['a mapped private address', 'https://[::ffff:10.0.0.1]', 'private'],
    ['a metadata address', 'https://169.254.169.254', 'metadata'],
    ['localhost with a dot', 'https://localhost.', 'loopback'],
    ['a private address', 'https://10.0.0.1', 'private'],
    ['the address of no host', 'https://0.0.0.0', 'reserved'],
  ])('%s', async (_title, url, word) => {
    for (const error of await attempt({ url }, false)) {
      expect(error).toMatchObject({ code: 'UNSAFE_URL' });
      expect(String(error).toLowerCase()).toContain(word.toLowerCase().replace('https', 'http'));
      expect(String(error)).not.toContain('pass' + '@');
    }
  });

  it.each([
    ['a metadata address', 'https://169.254.169.254'],
    ['a mapped metadata address', 'https://[::ffff:169.254.169.254]'],
    ['plain HTTP to a private address', 'http://10.0.0.1'],
    ['plain HTTP to the world', 'http://api.example.com'],
  ])('%s, even where private networks are allowed', async (_title, url) => {
    for (const error of await attempt({ url }, true)) expect(error).toMatchObject({ code: 'UNSAFE_URL' });
  });

  it.each(['not a url', 'ftp://api.example.com', 'javascript:alert(1)'])('the URL %j', async (url) => {
    for (const error of await attempt({ url }, true)) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/^(UNSAFE_URL|INVALID_OPTION)$/) as unknown,
      });
    }
  });

  it.each(['to\nken', 'token\r\nx-header: 1', 'token ', ' ', 'tök'])(
    'the token %j, which is not quoted',
    async (accessToken) => {
      for (const error of await attempt({ accessToken }, false)) {
        expect(error).toMatchObject({ code: 'INVALID_OPTION' });
        expect(String(error)).toContain('accessToken');
        if (accessToken.trim() !== '') expect(String(error)).not.toContain(accessToken);
      }
    },
  );
});

describe('a config that is no object', () => {
  it.each([
    ['missing', undefined, 'it is missing; set it'],
    ['null', null, 'it must be an object'],
    ['a word', 'production', 'it must be an object'],
  ])('is told of once, in words of this library: %s', async (_title, destinationConfig, message) => {
    const { engine } = createEngine<readonly AnyDestinationDriver[]>({
      drivers: [qovery({ accessToken: 'token' })],
    });
    const { problems } = await failure(
      engine.plan({ name: 'nightly', destination: 'qovery', destinationConfig }),
      'INVALID_DEFINITION',
    );
    expect(problems).toEqual([{ code: 'INVALID_DEFINITION', path: 'destinationConfig', message }]);
  });
});

describe('a definition that does not fit is refused before any request', () => {
  const connections = {
    shop: { app: 'hasura-cloud', credentials: { accessToken: 'token' } },
    deploys: { app: 'qovery', credentials: { accessToken: 'token' } },
  };
  const hasura = {
    name: 'nightly',
    destination: 'hasura-cloud',
    connectionId: 'shop',
    destinationConfig: { projectId: '3c90c3cc-0d44-4b50-8888-8dd25736052a' },
  };
  const qoverys = {
    ...hasura,
    destination: 'qovery',
    connectionId: 'deploys',
    destinationConfig: {
      organizationId: 'o',
      projectId: 'p',
      environmentId: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
    },
  };

  it.each<[string, object, ErrorCode, string]>([
    [
      'a project id that climbs',
      { ...hasura, destinationConfig: { projectId: '../p' } },
      'INVALID_DEFINITION',
      'destinationConfig.projectId',
    ],
    [
      'an environment id that climbs',
      { ...qoverys, destinationConfig: { ...qoverys.destinationConfig, environmentId: '..' } },
      'INVALID_DEFINITION',
      'destinationConfig.environmentId',
    ],
    [
      'an organization id with a slash',
      { ...qoverys, destinationConfig: { ...qoverys.destinationConfig, organizationId: 'a/b' } },
      'INVALID_DEFINITION',
      'destinationConfig.organizationId',
    ],
    ['an unknown driver', { ...hasura, destination: 'heroku' }, 'UNKNOWN_DESTINATION', 'destination'],
    [
      'a driver named like a property of all objects',
      { ...hasura, destination: '__proto__' },
      'UNKNOWN_DESTINATION',
      'destination',
    ],
    ['an unknown connection', { ...hasura, connectionId: 'elsewhere' }, 'UNKNOWN_CONNECTION', 'connectionId'],
    [
      'a connection named like a property of all objects',
      { ...hasura, connectionId: '__proto__' },
      'UNKNOWN_CONNECTION',
      'connectionId',
    ],
    [
      'a connection of the wrong app',
      { ...hasura, connectionId: 'deploys' },
      'CONNECTION_MISMATCH',
      'connectionId',
    ],
  ])('%s', async (_title, definition, code, path) => {
    const fetch = async () => Promise.reject(new Error('nothing must be sent'));
    const { engine, events } = createEngine<readonly AnyDestinationDriver[]>({
      drivers: [hasuraCloud(), qovery()],
      connections,
      fetch,
    });
    const error = await failure(engine.sync(definition as AnyDefinition), code);
    expect(subjectsOf(error)).toContain(path);
    expect(events).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['concurrency 0', { concurrency: 0 }, 'concurrency'],
    ['concurrency NaN', { concurrency: Number.NaN }, 'concurrency'],
    ['a negative timeout', { timeout: -1 }, 'timeout'],
    ['a negative runTimeout', { runTimeout: -1 }, 'runTimeout'],
    ['a negative retry.maxWait', { retry: { maxWait: -1 } }, 'retry.maxWait'],
    ['a negative leaseWait', { leaseWait: -1 }, 'leaseWait'],
    ['a budget of NaN', { retry: { budget: Number.NaN } }, 'retry.budget'],
  ])('and so are options: %s', async (_title, options, path) => {
    const error = await failure(
      () => createEngine({ drivers: [hasuraCloud()], ...options }),
      'INVALID_OPTION',
    );
    expect(subjectsOf(error)).toEqual([path]);
  });
});
