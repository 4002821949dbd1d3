import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ConnectOptions, WriteBatch } from '../../../src/contracts/destination.js';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { defineSource } from '../../../src/sources/define-source.js';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import type { Fault } from '../../../src/testing/emulators/server/types.js';
import { createEngine } from '../../support/engine.js';
import {
  assertClean,
  canaries,
  noteEnd,
  play,
  SECRET_KEY,
  TOKEN,
  VALUES,
  type Channels,
} from './leak-channels.js';
import { bodyOf, during, failAll, hasuraSite, qoverySite, type AnyDefinition, type Site } from '../sites.js';
import type { AnyDestinationDriver } from '../../../src/contracts/typed-definition.js';

const FAULTS: readonly (readonly [title: string, fault: Fault])[] = [
  ...(['reset-before', 'reset-after', 'html-before', 'html-after', 'truncate', 'cut'] as const).map(
    (fault) => [fault, fault] as const,
  ),
  ...[400, 401, 403, 404, 409, 429, 500, 503].map((status) => [`status ${status}`, { status }] as const),
  ['status 429 with a time', { status: 429, headers: { 'retry-after': '1', 'x-ratelimit-remaining': '0' } }],
  ['a redirect', { status: 302, headers: { location: '/elsewhere' } }],
  ['another shape', { act: true, body: { data: [] } }],
  ['a late answer in pieces', { delay: 2, trickle: 1 }],
];

const echoing = { echo: true, accessToken: TOKEN } as const;
const OPEN = { 'Hasura Cloud': () => hasuraSite(echoing), Qovery: () => qoverySite(echoing) };

describe.each(['Hasura Cloud', 'Qovery'] as const)('%s', (name) => {
  const open = () => during<Site>(OPEN[name]());

  it('shows nothing of a value or token when all goes well', async () => {
    const channels = await play(await open(), { onDisk: true });
    expect(channels.get('an answer')?.length).toBeGreaterThan(3);
    expect(channels.get('the store')?.length).toBeGreaterThan(0);
    assertClean(channels);
  });

  describe('shows nothing of a value or token, although the server echoes them,', () => {
    it.each(['read', 'upsert', 'delete'] as const)('after any fault to a %s', async (phase) => {
      const site = await open();
      const definition = site.definition({ syncOptions: { deletionScope: 'matching' } });
      let seen = 0;
      const channels = await play(site, {
        async more(engine, noted) {
          for (const [title, fault] of FAULTS) {
            site.emulator.setIntercept(undefined);
            site.edit('GONE', VALUES[2] ?? '');
            site.edit('KEY_0', `${title} ${VALUES[1]}`);
            failAll(site, phase, fault);
            await noteEnd(noted, () => engine.sync(definition));
            await noteEnd(noted, () => engine.plan(definition));
          }
          seen = noted.get('an error')?.length ?? 0;
        },
      });
      expect(seen).toBeGreaterThan(FAULTS.length / 2);
      assertClean(channels);
    });

    it.each(FAULTS.filter(([, fault]) => typeof fault === 'string'))(
      'after %s to all that follows a plan',
      async (_title, fault) => {
        const channels = await play(await open(), {
          fail: ({ emulator }) => emulator.setIntercept(() => fault),
        });
        expect(channels.get('an error')?.length).toBeGreaterThan(3);
        assertClean(channels);
      },
    );

    it('with a token that is not accepted', async () => {
      const site = await open();
      const { url } = site.emulator;
      const wrong = `${TOKEN}${TOKEN}`;
      const driver =
        name === 'Qovery'
          ? qovery({ accessToken: wrong, instanceUrl: url })
          : hasuraCloud({ accessToken: wrong, apiUrl: url });
      const channels = await play(site, { driver });
      expect(channels.get('an error')).toContainEqual(expect.objectContaining({ code: 'UNAUTHORIZED' }));
      assertClean(channels);
    });

    it('with a fetch that throws all that it was given', async () => {
      const fetch: typeof globalThis.fetch = async (input, init) => {
        const told = `${JSON.stringify([input, init])} ${bodyOf(init)}`;
        throw Object.assign(new TypeError(told, { cause: new Error(told) }), { code: told, init });
      };
      assertClean(await play(await open(), { fetch }));
    });

    it.each<[string, () => never]>([
      [
        'an error that quotes values',
        () => {
          throw Object.assign(new Error(VALUES.join(' ')), { values: VALUES, cause: new Error(VALUES[0]) });
        },
      ],
      [
        'a value itself',
        () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- a source can throw anything
          throw VALUES[0];
        },
      ],
      [
        'an error whose class is named after a value',
        () => {
          throw new (class extends Error {
            override readonly name = VALUES[0] ?? '';
          })();
        },
      ],
    ])('with a source that throws %s', async (_title, read) => {
      assertClean(await play(await open(), { source: { name: 'custom', read, write: read } }));
    });

    it('with a source whose values are no strings', async () => {
      const read = () => ({ KEY_0: JSON.parse(JSON.stringify({ value: VALUES[0] })) as string });
      const channels = await play(await open(), { source: defineSource('custom', read) });
      expect(channels.get('an error')).toContainEqual(
        expect.objectContaining({ code: 'SOURCE_READ_FAILED' }),
      );
      assertClean(channels);
    });
  });
});

describe('bad input that holds a secret', () => {
  const definition: AnyDefinition = {
    name: 'nightly',
    destination: 'qovery',
    destinationConfig: {
      organizationId: 'o',
      projectId: 'p',
      environmentId: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
    },
  };
  const fetch = async () => Promise.reject(new Error('nothing must be sent'));

  it.each<[string, object]>([
    ['as a token with a line break', { accessToken: `${TOKEN}\n` }],
    ['as a token in a list', { accessToken: [TOKEN] }],
    ['under a name that is not known', { accessToken: 'x', token: TOKEN }],
    [
      'as the password of a URL',
      { accessToken: 'x', instanceUrl: `https://user:${TOKEN}` + '@api.example.com' },
    ],
    ['as the query of a URL', { accessToken: 'x', instanceUrl: `https://api.example.com/?token=${TOKEN}` }],
    ['as a URL', { accessToken: 'x', instanceUrl: TOKEN }],
    ['as all there is', [TOKEN]],
  ])('%s is refused without being shown', async (_title, credentials) => {
    const channels: Channels = new Map();
    const connections = { mine: { app: 'qovery', credentials } };
    const { engine, events } = createEngine<readonly AnyDestinationDriver[]>({
      drivers: [qovery()],
      connections,
      fetch,
    });
    await noteEnd(channels, () => engine.sync({ ...definition, connectionId: 'mine' }));
    expect(channels.get('an error')).toHaveLength(1);
    channels.set('the events', events);
    assertClean(channels);
  });

  it('as a fingerprint key that is too short, or of another type, is refused without being shown', async () => {
    const channels: Channels = new Map();
    for (const fingerprintKey of [
      SECRET_KEY.slice(0, 31),
      { key: SECRET_KEY },
      [SECRET_KEY, TOKEN.slice(0, 20)],
    ]) {
      const options = { drivers: [qovery()], fingerprintKey: fingerprintKey as string };
      await noteEnd(channels, () => void createEngine(options));
    }
    expect(channels.get('an error')).toHaveLength(3);
    assertClean(channels);
  });

  it('as what a function for connections throws is not shown', async () => {
    const channels: Channels = new Map();
    const { engine, events } = createEngine<readonly AnyDestinationDriver[]>({
      drivers: [qovery()],
      connections: () => {
        throw new Error(`no connection for ${TOKEN}`);
      },
      fetch,
    });
    await noteEnd(channels, () => engine.sync({ ...definition, connectionId: 'mine' }));
    channels.set('the events', events);
    assertClean(channels);
  });
});

describe('the test itself catches', () => {
  const [value = ''] = VALUES;

  /** A driver that does something with a value as it writes it. */
  const sabotaged = (
    driver: AnyDestinationDriver,
    leak: (text: string, options: ConnectOptions<unknown, unknown>) => unknown,
  ): AnyDestinationDriver => ({
    ...driver,
    connect(options) {
      const connection = driver.connect(options);
      return {
        ...connection,
        async write(batch: WriteBatch, writeOptions) {
          for (const change of batch.changes) if (change.value) await leak(change.value.reveal(), options);
          return connection.write(batch, writeOptions);
        },
      };
    },
  });

  it.each<[string, Parameters<typeof sabotaged>[1], RegExp]>([
    ['that logs one', (text) => console.log(text), /^the console shows/],
    [
      'that writes one to stderr in base64',
      (text) => process.stderr.write(btoa(encodeURI(text))),
      /^the console shows/,
    ],
    [
      'that puts one into an error',
      (text) => {
        throw new SecretSyncError('DESTINATION_REJECTED', `The value ${JSON.stringify(text)} was refused.`);
      },
      /^(an error|a result|formatResult) shows/,
    ],
    [
      'that remembers a plain hash of one',
      (text, { facts }) => facts.set('last', createHash('sha256').update(text).digest('hex')),
      /^the store shows/,
    ],
    [
      'that sends one in a URL',
      (text, { http }) =>
        http.request({ operation: 'look around', method: 'GET', query: { text } }).catch(() => undefined),
      /^a request, .* shows/,
    ],
    [
      'that sends one in a header',
      (text, { http }) =>
        http
          .request({
            operation: 'look around',
            method: 'GET',
            headers: { 'x-text': encodeURIComponent(text) },
          })
          .catch(() => undefined),
      /^a request, .* shows/,
    ],
  ])('a driver %s', async (_title, leak, channel) => {
    // What is written to them is looked at, and not shown.
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.spyOn(console, 'log').mockReturnValue(undefined);
    onTestFinished(() => void vi.restoreAllMocks());
    const site = await during(qoverySite(echoing));
    const channels = await play(site, { driver: sabotaged(site.driver, leak), onDisk: true });
    expect(() => assertClean(channels)).toThrow(channel);
  });

  it('an event with a value in it', async () => {
    const site = await during(qoverySite(echoing));
    const channels = await play(site, { onEvent: (seen) => seen.set('an extra event', [{ value }]) });
    expect(() => assertClean(channels)).toThrow('an extra event shows planted secrets: "random" (raw)');
    channels.delete('an extra event');
    assertClean(channels);
  });

  it('every planted value, in every channel', () => {
    for (const { name, text } of [...canaries.values, ...canaries.tokens]) {
      const channels: Channels = new Map([['somewhere', [{ deep: [new Error('x', { cause: text })] }]]]);
      expect(() => assertClean(channels)).toThrow(`"${name}" (raw)`);
    }
  });
});
