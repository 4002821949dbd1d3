import { describe, expect, it } from 'vitest';
import type { SecretSource, SourceReadResult } from '../../../src/contracts/source.js';
import { infisicalSource } from '../../../src/sources/infisical/index.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import type {
  InfisicalEmulator,
  InfisicalEmulatorOptions,
} from '../../../src/testing/emulators/infisical/index.js';
import { sourceConformance } from '../../../src/testing/conformance/source/index.js';
import { eventually } from '../../support/eventually.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import {
  call,
  emulatorWith,
  ENVIRONMENT,
  errorOf,
  LIST,
  LOGIN,
  place,
  PROJECT,
  setUp,
  shown,
} from './support.js';

interface Fixture {
  readonly emulator: InfisicalEmulator;
  readonly held: () => number;
}
const fixtures = new WeakMap<SecretSource, Fixture>();

/** A source of an emulator of its own, on a clock that moves when all wait. */
async function createSource(
  secrets: readonly (readonly [key: string, value: string])[],
  switches: InfisicalEmulatorOptions = {},
): Promise<SecretSource> {
  const clock = createVirtualClock({ auto: true });
  const emulator = await emulatorWith({ now: () => clock.now(), ...switches });
  for (const [key, value] of secrets) emulator.addSecret(place, { key, value });
  const { clientId, clientSecret, url } = emulator;
  const fetch = clock.track((input, init) => globalThis.fetch(input, init));
  const network = { siteUrl: url, allowPrivateNetwork: true, fetch, clock };
  const source = infisicalSource({ clientId, clientSecret, ...network });
  fixtures.set(source, { emulator, held: () => clock.sleepers + emulator.openStreams });
  return source;
}

for (const events of ['pushed', 'refused'] as const) {
  sourceConformance(
    {
      name: `infisicalSource, of a server whose events are ${events},`,
      location: place,
      writable: true,
      watchable: true,
      watchTimeout: 30_000,
      change: (source, key, value) => fixtures.get(source)?.emulator.editSecret(place, { key, value }),
      held: (source) => fixtures.get(source)?.held() ?? 0,
      describable: true,
      create: (secrets) => createSource(secrets, { events }),
      async createBroken(secrets) {
        const source = await createSource(secrets, { echo: true });
        const { emulator } = fixtures.get(source) ?? {};
        emulator?.setIntercept(({ operation }) => (operation === LIST ? 'truncate' : undefined));
        return source;
      },
      async createWithParts(parts) {
        const source = await createSource(parts.at(-1) ?? [], { events });
        const { emulator } = fixtures.get(source) ?? {};
        parts.slice(0, -1).forEach((secrets, index) => {
          const from = { ...place, secretPath: `/part-${index}` };
          emulator?.addFolder(from);
          for (const [key, value] of secrets) emulator?.addSecret(from, { key, value });
          emulator?.addImport(place, from);
        });
        return source;
      },
      createUnresolved: (key) =>
        createSource(
          [
            [key, '${NONE}'],
            ['A', '1'],
            ['B', '${A}'],
          ],
          { events },
        ),
      dispose: (source) => fixtures.get(source)?.emulator.close(),
    },
    { describe, it },
  );
}

describe('infisicalSource, when it reads', () => {
  it('logs in once, and sends every flag', async () => {
    const { emulator, source, operations } = await setUp();
    emulator.addSecret(place, { key: 'A', value: '1' });
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['A', '1']] });
    await source.read({}, call());
    expect(operations()).toEqual([LOGIN, LIST, LIST]);
    expect(emulator.requests[0]?.body).toEqual({
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
    });
    expect(emulator.requests[1]?.query).toEqual({
      projectId: PROJECT,
      environment: ENVIRONMENT,
      secretPath: '/',
      viewSecretValue: 'true',
      expandSecretReferences: 'true',
      includeImports: 'true',
      recursive: 'false',
    });
    expect(emulator.requests[1]?.headers).toMatchObject({ authorization: `Bearer ${emulator.tokens()[0]}` });
  });

  it('reads the folder that the definition names, else the one of the options', async () => {
    const { emulator, source } = await setUp({ secretPath: 'deep/er/' });
    const deeper = { ...place, secretPath: '/deep/er' };
    emulator.addFolder(deeper);
    emulator.addSecret(deeper, { key: 'DEEP', value: '1' });
    emulator.addEnvironment({ projectId: PROJECT, slug: 'dev' });
    emulator.addSecret({ ...place, environment: 'dev' }, { key: 'DEV', value: '2' });
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['DEEP', '1']] });
    expect(shown(await source.read({ environment: 'dev', secretPath: '/' }, call()))).toEqual({
      secrets: [['DEV', '2']],
    });
  });

  it('names what neither the definition nor the options say, and sends nothing', async () => {
    const emulator = await emulatorWith();
    const { clientId, clientSecret, url } = emulator;
    const source = infisicalSource({ clientId, clientSecret, siteUrl: url, allowPrivateNetwork: true });
    const error = await errorOf(source.read({ environment: '' }, call()));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.problems?.map(({ path }) => path)).toEqual(['projectId', 'environment']);
    expect(emulator.requests).toEqual([]);
    await emulator.close();
  });

  it('lets own secrets win over imports, and of imports the last', async () => {
    const { emulator, source } = await setUp();
    for (const [name, keys] of Object.entries({ first: 'ABC', second: 'BC' })) {
      const from = { ...place, secretPath: `/${name}` };
      emulator.addFolder(from);
      for (const key of keys) emulator.addSecret(from, { key, value: name });
      emulator.addImport(place, from);
    }
    emulator.addSecret(place, { key: 'C', value: 'own' });
    expect(shown(await source.read({}, call()))).toEqual({
      secrets: [
        ['A', 'first'],
        ['B', 'second'],
        ['C', 'own'],
      ],
    });
    const { clientId, clientSecret, url } = emulator;
    const without = infisicalSource({
      ...{ clientId, clientSecret, siteUrl: url, ...place, allowPrivateNetwork: true },
      includeImports: false,
    });
    expect(shown(await without.read({}, call()))).toEqual({ secrets: [['C', 'own']] });
  });

  it('finds the imports of a server that knows the flag by its older name, and asks no more than once', async () => {
    const { emulator, source, operations } = await setUp({}, { importsFlag: 'include_imports' });
    const from = { ...place, secretPath: '/shared' };
    emulator.addFolder(from);
    emulator.addSecret(from, { key: 'A', value: '1' });
    emulator.addImport(place, from);
    for (let round = 0; round < 2; round += 1) {
      expect(shown(await source.read({}, call()))).toEqual({ secrets: [['A', '1']] });
    }
    expect(operations()).toEqual([LOGIN, LIST, LIST, LIST]);
  });

  /** An older server, with a folder that holds nothing but what it imports. */
  async function olderServer(switches: InfisicalEmulatorOptions = {}) {
    const { emulator, ...rest } = await setUp({}, { importsFlag: 'include_imports', ...switches });
    const shared = { ...place, secretPath: '/shared' };
    emulator.addFolder(shared);
    emulator.addSecret(shared, { key: 'A', value: '1' });
    emulator.addImport(place, shared);
    return { emulator, shared, ...rest, imported: { secrets: [['A', '1']] } };
  }

  it('never answers without the imports of an older server, however many read at first', async () => {
    const { source, imported } = await olderServer();
    const reads = await Promise.all(Array.from({ length: 8 }, async () => source.read({}, call())));
    for (const read of reads) expect(shown(read)).toEqual(imported);
  });

  it('answers with the imports of an older server to reads that begin at any moment of the first', async () => {
    const { emulator, source, imported } = await olderServer();
    const others: Promise<SourceReadResult>[] = [];
    emulator.setIntercept(() => {
      if (others.length < 20) others.push(Promise.resolve(source.read({}, call())));
      return undefined;
    });
    expect(shown(await source.read({}, call()))).toEqual(imported);
    // More come while these are waited for.
    for (const read of others) expect(shown(await read)).toEqual(imported);
    expect(others).toHaveLength(20);
  });

  it('finds imports in a later folder when the first one of an older server has none', async () => {
    const { source, shared, imported, operations } = await olderServer({ importsWhenNone: 'absent' });
    expect(shown(await source.read(shared, call()))).toEqual(imported);
    expect(shown(await source.read(place, call()))).toEqual(imported);
    expect(operations()).toEqual([LOGIN, LIST, LIST, LIST]);
  });

  it('asks for imports by the older name again after that failed or was aborted', async () => {
    const { emulator, source, imported } = await olderServer();
    const first = new AbortController();
    const faults = [undefined, 'truncate', undefined, 'hang-before'] as const;
    let lists = 0;
    emulator.setIntercept(({ operation }) => {
      if (operation !== LIST) return undefined;
      lists += 1;
      if (lists === faults.length) setImmediate(() => first.abort(new Error('enough')));
      return faults[lists - 1];
    });
    expect((await errorOf(source.read({}, call()))).code).toBe('SOURCE_READ_FAILED');
    await expect(source.read({}, { signal: first.signal })).rejects.toThrow('enough');
    expect(shown(await source.read({}, call()))).toEqual(imported);
  });

  it('does not fail the others when one of the first reads of an older server is aborted', async () => {
    const { emulator, source, imported } = await olderServer();
    const first = new AbortController();
    const reason = new Error('enough');
    emulator.setIntercept(({ query }) => {
      if (query['include_imports'] !== undefined) first.abort(reason);
      return undefined;
    });
    const signals = [first.signal, call().signal, call().signal];
    const [aborted, ...reads] = await Promise.allSettled(
      signals.map(async (signal) => source.read({}, { signal })),
    );
    expect(aborted).toEqual({ status: 'rejected', reason });
    for (const read of reads) {
      expect(read.status === 'fulfilled' && shown(read.value)).toEqual(imported);
    }
  });

  it('reads on when the server has been replaced by one that knows the flag by its name of today alone', async () => {
    const { emulator, source, imported } = await olderServer();
    await source.read({}, call());
    emulator.configure({ importsFlag: 'includeImports' });
    for (let round = 0; round < 2; round += 1) expect(shown(await source.read({}, call()))).toEqual(imported);
  });

  it('goes on finding the imports of an older server after it refused the parameters of another read', async () => {
    const { emulator, source, imported } = await olderServer();
    await source.read({}, call());
    emulator.setIntercept(({ query }) => (query['environment'] === 'odd' ? { status: 422 } : undefined));
    expect((await errorOf(source.read({ environment: 'odd' }, call()))).code).toBe('SOURCE_READ_FAILED');
    expect(shown(await source.read({}, call()))).toEqual(imported);
  });

  it('leaves imports out that it did not ask for', async () => {
    const { emulator, source } = await setUp({ includeImports: false });
    const secret = (secretKey: string) => ({ secretKey, secretValue: '1', type: 'shared' });
    const body = { secrets: [secret('A')], imports: [{ secrets: [secret('B')] }] };
    emulator.setIntercept(({ operation }) => (operation === LIST ? { body } : undefined));
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['A', '1']] });
  });

  it('takes no imports for none where the server leaves them out', async () => {
    const { emulator, source, operations } = await setUp({}, { importsWhenNone: 'absent' });
    emulator.addSecret(place, { key: 'A', value: '1' });
    for (let round = 0; round < 2; round += 1) {
      expect(shown(await source.read({}, call()))).toEqual({ secrets: [['A', '1']] });
    }
    expect(operations()).toEqual([LOGIN, LIST, LIST, LIST]);
    expect(emulator.requests[2]?.status).toBe(422);
  });

  it('has references expanded, or leaves them', async () => {
    const { emulator, source } = await setUp();
    emulator.addSecret(place, { key: 'HOST', value: 'db' });
    emulator.addSecret(place, { key: 'URL', value: 'postgres://${HOST}' });
    expect(shown(await source.read({}, call()))).toMatchObject({
      secrets: [
        ['HOST', 'db'],
        ['URL', 'postgres://db'],
      ],
    });
    const { clientId, clientSecret, url } = emulator;
    const raw = infisicalSource({
      ...{ clientId, clientSecret, siteUrl: url, ...place, allowPrivateNetwork: true },
      expandSecretReferences: false,
    });
    expect(shown(await raw.read({}, call()))).toMatchObject({
      secrets: [
        ['HOST', 'db'],
        ['URL', 'postgres://${HOST}'],
      ],
    });
  });

  it('calls a hidden value unreadable, also where an import shows one for the key', async () => {
    const { emulator, source } = await setUp();
    const from = { ...place, secretPath: '/shared' };
    emulator.addFolder(from);
    emulator.addSecret(from, { key: 'A', value: 'imported' });
    emulator.addSecret(from, { key: 'B', value: 'imported', hidden: true });
    emulator.addImport(place, from);
    emulator.addSecret(place, { key: 'A', value: 'own', hidden: true });
    emulator.addSecret(place, { key: 'B', value: 'own' });
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['B', 'own']], unreadable: ['A'] });
    emulator.configure({ valuesHidden: true });
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [], unreadable: ['A', 'B'] });
  });

  it('leaves personal secrets out, also those that stand in for a shared one', async () => {
    const { emulator, source } = await setUp();
    emulator.addSecret(place, { key: 'A', value: 'mine', type: 'personal' });
    emulator.addSecret(place, { key: 'B', value: 'shared' });
    emulator.addSecret(place, { key: 'B', value: 'mine', type: 'personal' });
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['B', 'shared']] });
  });
});

describe('infisicalSource, when it logs in', () => {
  it('shares one login among reads at once', async () => {
    const { source, operations } = await setUp();
    await Promise.all(Array.from({ length: 5 }, async () => source.read({}, call())));
    expect(operations().filter((operation) => operation === LOGIN)).toHaveLength(1);
  });

  it('does not fail the others when the one that began the login is aborted', async () => {
    const { emulator, source, operations } = await setUp();
    const first = new AbortController();
    const reason = new Error('enough');
    emulator.setIntercept(({ operation }) => {
      if (operation === LOGIN) first.abort(reason);
      return undefined;
    });
    const signals = [first.signal, call().signal];
    const [aborted, read] = await Promise.allSettled(
      signals.map(async (signal) => source.read({}, { signal })),
    );
    expect(aborted).toEqual({ status: 'rejected', reason });
    expect(read?.status).toBe('fulfilled');
    expect(operations().filter((operation) => operation === LOGIN)).toHaveLength(1);
  });

  it('stops a login that nobody waits for any more, and logs in anew for the next', async () => {
    const { emulator, source, operations } = await setUp();
    const first = new AbortController();
    let logins = 0;
    emulator.setIntercept(({ operation }) => {
      if (operation !== LOGIN || (logins += 1) > 1) return undefined;
      setImmediate(() => first.abort(new Error('enough')));
      return 'hang-before';
    });
    await expect(source.read({}, { signal: first.signal })).rejects.toThrow('enough');
    await source.read({}, call());
    expect(operations()).toEqual([LOGIN, LOGIN, LIST]);
  });

  it('fails all who waited for a login that failed, and logs in anew for the next', async () => {
    const { emulator, source, operations } = await setUp({ retry: { retries: 0 } });
    emulator.setIntercept(({ operation }) => (operation === LOGIN ? { status: 503 } : undefined));
    const failed = await Promise.allSettled([1, 2, 3].map(async () => source.read({}, call())));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    emulator.setIntercept(undefined);
    await source.read({}, call());
    expect(operations()).toEqual([LOGIN, LOGIN, LIST]);
  });

  it('renews the token once for reads at once, and goes on with it when one of them is aborted', async () => {
    const { clock, emulator, source, operations } = await setUp({}, { tokenLife: 600 });
    await source.read({}, call());
    await clock.sleep(541_000);
    emulator.clearRequests();
    const first = new AbortController();
    const reason = new Error('enough');
    emulator.setIntercept(({ operation }) => {
      if (operation === LOGIN) first.abort(reason);
      return undefined;
    });
    const signals = [first.signal, call().signal, call().signal];
    const [aborted, ...reads] = await Promise.allSettled(
      signals.map(async (signal) => source.read({}, { signal })),
    );
    expect(aborted).toEqual({ status: 'rejected', reason });
    expect(reads.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(operations()).toEqual([LOGIN, LIST, LIST]);
  });

  it('logs in once when a token is refused to reads whose refusals come at different times', async () => {
    const { emulator, source, operations } = await setUp();
    await source.read({}, call());
    emulator.expireTokens();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let lists = 0;
    emulator.setIntercept(async ({ operation }) => {
      if (operation === LIST && (lists += 1) === 1) await held;
      return undefined;
    });
    const slow = Promise.resolve(source.read({}, call()));
    await eventually(() => expect(lists).toBe(1));
    await source.read({}, call());
    release();
    await slow;
    expect(operations().filter((operation) => operation === LOGIN)).toHaveLength(2);
  });

  it('renews the token before it ends', async () => {
    const { clock, source, operations } = await setUp({}, { tokenLife: 600 });
    await source.read({}, call());
    await clock.sleep(539_000);
    await source.read({}, call());
    expect(operations()).toEqual([LOGIN, LIST, LIST]);
    await clock.sleep(2_000);
    await source.read({}, call());
    expect(operations()).toEqual([LOGIN, LIST, LIST, LOGIN, LIST]);
  });

  it('keeps a token that has no end', async () => {
    const { clock, source, operations } = await setUp({}, { tokenLife: 0 });
    await source.read({}, call());
    await clock.sleep(1e10);
    await source.read({}, call());
    expect(operations()).toEqual([LOGIN, LIST, LIST]);
  });

  it.each(['403', '401'] as const)(
    'logs in again, once, when a token is refused with %s',
    async (tokenRefusal) => {
      const { emulator, source, operations } = await setUp({}, { tokenRefusal });
      await source.read({}, call());
      emulator.expireTokens();
      await Promise.all([1, 2].map(async () => source.read({}, call())));
      expect(operations().filter((operation) => operation === LOGIN)).toHaveLength(2);
      emulator.clearRequests();
      emulator.setIntercept(({ operation }) => {
        if (operation === LIST) emulator.expireTokens();
        return undefined;
      });
      const error = await errorOf(source.read({}, call()));
      expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
      expect(error.message).toContain('Infisical');
      expect(operations()).toEqual([LIST, LOGIN, LIST]);
    },
  );

  it('has written nothing where a login fails, although that is a POST', async () => {
    const { emulator, source } = await setUp({ retry: { retries: 0 } });
    emulator.setIntercept(() => ({ status: 502, body: '<html>' }));
    expect(await errorOf(source.read({}, call()))).toMatchObject({ status: 502, maybeWritten: false });
  });

  it('says what to check when the credentials are not accepted, and does not try again', async () => {
    const { source, operations } = await setUp({ clientSecret: 'wrong' });
    const error = await errorOf(source.read({}, call()));
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', status: 401, retryable: false });
    expect(error.message).toMatch(/log in to Infisical.*clientId and clientSecret/);
    expect(operations()).toEqual([LOGIN]);
  });
});

describe('infisicalSource, when Infisical fails', () => {
  it.each([
    ['text', false],
    ['text', true],
    ['list', false],
  ] as const)('waits as a 429 tells in its %s, with Retry-After: %s', async (errorMessage, retryAfter) => {
    const { clock, emulator, source, operations } = await setUp({}, { errorMessage });
    await source.read({}, call());
    emulator.configure({ rateLimit: { limit: 1, windowMs: 42_000, retryAfter } });
    await source.read({}, call());
    emulator.clearRequests();
    const start = clock.now();
    await source.read({}, call());
    expect(operations()).toEqual([LIST, LIST]);
    expect(clock.now() - start).toBeGreaterThanOrEqual(41_000);
    expect(clock.now() - start).toBeLessThanOrEqual(42_000);
  });

  it('fails at once when it is told to wait for too long, and says until when', async () => {
    const { clock, emulator, source } = await setUp({}, { rateLimit: { limit: 1, windowMs: 120_000 } });
    const start = clock.now();
    const error = await errorOf(source.read({}, call()));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryable: true, status: 429 });
    expect(error.retryAt).toBe(new Date(start + 120_000).toISOString());
    expect(emulator.requests).toHaveLength(2);
  });

  it.each([
    ['a permission that is missing', { access: 'none' }, {}, 'FORBIDDEN', false],
    ['a folder that is not there', {}, { secretPath: '/nowhere' }, 'NOT_FOUND', false],
    ['an environment that is not there', {}, { environment: 'nowhere' }, 'NOT_FOUND', false],
  ] as const)('names %s', async (_title, switches, location, code, retryable) => {
    const { source } = await setUp({}, switches);
    const error = await errorOf(source.read(location, call()));
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toContain('read the secrets from Infisical');
  });

  it.each([
    ['a server that is down', { status: 503 }, true],
    ['a request that it refuses', { status: 400 }, false],
    ['HTML', 'html-before', false],
    ['an answer that is cut off', 'truncate', false],
    ['another shape', { body: { secrets: [{ secretKey: 1 }] } }, false],
  ] as const)('says SOURCE_READ_FAILED for %s', async (_title, fault, retryable) => {
    const { emulator, source } = await setUp({ retry: { retries: 1 } });
    emulator.setIntercept(({ operation }) => (operation === LIST ? fault : undefined));
    const error = await errorOf(source.read({}, call()));
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED', retryable });
    expect(error.message).toContain('Infisical');
  });

  it('shows neither credentials nor tokens nor values, whatever the server echoes', async () => {
    const canaries = createCanaries();
    const [token] = canaries.tokens;
    const clientSecret = token?.text ?? '';
    const { emulator, source } = await setUp({ clientSecret }, { clientSecret, echo: true });
    for (const { name, text } of canaries.values) emulator.addSecret(place, { key: name, value: text });
    await source.read({}, call());
    canaries.assertAbsent('the source', source);
    for (const { method, url, headers } of emulator.requests) {
      canaries.assertAbsent('a request outside its body', { method, url, ...headers, authorization: '' });
    }
    for (const status of [400, 401, 403, 404, 409, 422, 429, 500]) {
      emulator.setIntercept(() => ({ status }));
      canaries.assertAbsent(`the error of ${status}`, await errorOf(source.read({}, call())));
    }
  });
});

describe('infisicalSource, when it is made', () => {
  const credentials = { clientId: 'id', clientSecret: 'secret' };

  it('goes to the US cloud unless it is told otherwise', async () => {
    const urls: string[] = [];
    const fetch: typeof globalThis.fetch = (input) => {
      urls.push(input instanceof Request ? input.url : String(input));
      return Promise.resolve(new Response('{}', { status: 401 }));
    };
    for (const siteUrl of [undefined, 'https://eu.infisical.com/', 'https://vault.example.com/infisical']) {
      const source = infisicalSource({ ...credentials, ...place, fetch, ...(siteUrl && { siteUrl }) });
      await errorOf(source.read({}, call()));
    }
    expect(urls).toEqual([
      'https://app.infisical.com/api/v1/auth/universal-auth/login',
      'https://eu.infisical.com/api/v1/auth/universal-auth/login',
      'https://vault.example.com/infisical/api/v1/auth/universal-auth/login',
    ]);
  });

  it('refuses, all at once, options that cannot be', () => {
    const options = { clientId: '', clientSecret: 7, pollInterval: 0, includeImports: 'yes' };
    const make = () => infisicalSource(options as unknown as Parameters<typeof infisicalSource>[0]);
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    expect(make).toThrow(/"clientId".*\n.*"clientSecret".*\n.*"includeImports".*\n.*"pollInterval"/);
    expect(make).not.toThrow(/yes/);
    expect(() => infisicalSource({ ...credentials, timeout: -1 })).toThrow(/timeout/);
    const typo = { ...credentials, timeout: undefined, expandReferences: false };
    expect(() => infisicalSource(typo)).toThrow(/"expandReferences": it is unknown/);
  });

  it.each([
    'http://app.infisical.com',
    'https://user:pass@app.infisical.com',
    'https://127.0.0.1',
    'nonsense',
  ])('refuses the URL %s', (siteUrl) => {
    expect(() => infisicalSource({ ...credentials, siteUrl })).toThrow(
      expect.objectContaining({ code: 'UNSAFE_URL' }),
    );
  });
});
