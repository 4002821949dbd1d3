import { describe, expect, it } from 'vitest';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import type { Facts } from '../../../src/contracts/destination.js';
import type { AnyDestinationDriver } from '../../../src/contracts/typed-definition.js';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createEngine } from '../../support/engine.js';

const canaries = createCanaries(3);
const [VALUE = '', OTHER = ''] = canaries.values
  .filter(({ text }) => /^[\w-]+$/.test(text))
  .map(({ text }) => text);
const TOKEN = canaries.tokens[0]?.text ?? '';
const UUID_VALUE = 'b7f3a2c4-5d6e-4f70-8a91-b2c3d4e5f607';
const IDS = ['3c90c3cc-0d44-4b50-8888-8dd25736052a', '4d01d4dd-1e55-4c61-9999-9ee36847163b'] as const;

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
}
type Handle = (request: Request) => { readonly status?: number; readonly body?: unknown };

/** Runs a sync and a plan, twice, against a server of one function, and gives back all that came out of it. */
async function everythingOf(
  driver: AnyDestinationDriver,
  destinationConfig: object,
  handle: Handle,
  secrets: Record<string, string> = { A: VALUE, B: OTHER === '' ? 'another' : OTHER },
) {
  const urls: string[] = [];
  const out: unknown[] = [];
  const codes: string[] = [];
  const store = memoryStore();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof globalThis.Request ? input.url : String(input));
    urls.push(url.href);
    const text = typeof init?.body === 'string' ? init.body : await new Response(init?.body ?? null).text();
    const { status = 200, body } = handle({
      method: init?.method ?? 'GET',
      path: url.pathname,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    });
    return new Response(status === 204 ? null : JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json' },
    });
  };
  const { engine, events } = createEngine<readonly AnyDestinationDriver[]>({
    source: memorySource(secrets),
    drivers: [driver],
    store,
    fetch,
    retry: { retries: 0 },
  });
  const syncOptions = { deletionScope: 'matching', maxDeletions: { ratio: 1 } } as const;
  const definition = { name: 'nightly', destination: driver.name, destinationConfig, syncOptions };
  for (let round = 0; round < 2; round += 1) {
    for (const call of [() => engine.sync(definition), () => engine.plan(definition)]) {
      try {
        out.push(await call());
        codes.push('returned');
      } catch (error) {
        out.push(error);
        const inner = isSecretSyncError(error, 'SYNC_FAILED')
          ? error.result.outcomes.map(({ error: one }) => one?.code ?? '')
          : [];
        codes.push(isSecretSyncError(error) ? [error.code, ...inner].join(' ') : String(error));
      }
    }
  }
  const documents = await Promise.all((await store.list('')).map((key) => store.get(key)));
  return { shown: { urls, out, events, documents }, codes };
}

const isClean = (shown: unknown) => canaries.assertAbsent('what comes out', shown);

describe('an echo of Qovery, at the level of engine.sync', () => {
  const driver = qovery({ accessToken: TOKEN });
  const config = { organizationId: 'o', projectId: 'p', environmentId: IDS[0] };
  const row = (more: object) => ({
    id: IDS[1],
    scope: 'ENVIRONMENT',
    variable_type: 'VALUE',
    is_secret: true,
    updated_at: '2026-01-01T00:00:00Z',
    ...more,
  });

  it.each<[string, (body: Record<string, unknown>) => object]>([
    ['the id of a create is the value', ({ key, value }) => row({ key, id: value })],
    ['the owner of a create is the value', ({ key, value }) => row({ key, owned_by: value })],
    [
      'the owner of a create holds the value',
      ({ key, value }) => row({ key, owned_by: `by ${String(value)}` }),
    ],
    [
      'the owner of a create is the value in base64',
      ({ key, value }) => row({ key, owned_by: btoa(String(value)) }),
    ],
    [
      'the owner of a create is the request',
      (body) => row({ key: body['key'], owned_by: JSON.stringify(body) }),
    ],
    ['the owner of a create is the token', ({ key }) => row({ key, owned_by: TOKEN })],
    [
      'revision, scope and key of a create are the value',
      ({ value }) => row({ key: value, updated_at: value, scope: value }),
    ],
  ])('%s: INVALID_RESPONSE, and stored, shown and sent nowhere', async (_what, answer) => {
    const { shown, codes } = await everythingOf(driver, config, ({ method, body }) =>
      method === 'GET' ? { body: { results: [] } } : { status: 201, body: answer(body) },
    );
    isClean(shown);
    expect(codes[0]).toContain('INVALID_RESPONSE');
  });

  it.each<[string, object]>([
    ['id', { key: 'A', id: TOKEN }],
    ['key', { key: TOKEN }],
    ['key in hexadecimal', { key: Buffer.from(TOKEN).toString('hex') }],
    ['key with a value', { key: `X_${VALUE}` }],
  ])('a listed %s: INVALID_RESPONSE before anything is written', async (_what, more) => {
    let writes = 0;
    const { shown, codes } = await everythingOf(driver, config, ({ method }) => {
      if (method !== 'GET') writes += 1;
      return { body: { results: [row(more)] } };
    });
    isClean(shown);
    expect(codes).toEqual(Array(4).fill('INVALID_RESPONSE'));
    expect(writes).toBe(0);
  });

  it('an id that is a UUID and the value is put into no URL and not stored', async () => {
    const { shown, codes } = await everythingOf(
      driver,
      config,
      ({ method, body }) =>
        method === 'GET'
          ? { body: { results: [] } }
          : { status: 201, body: row({ key: body['key'], id: UUID_VALUE }) },
      { A: UUID_VALUE, B: 'another value of the run' },
    );
    expect(JSON.stringify(shown)).not.toContain(UUID_VALUE);
    expect(codes[0]).toContain('INVALID_RESPONSE');
  });
});

describe('an echo of Hasura Cloud, at the level of engine.sync', () => {
  const driver = hasuraCloud({ accessToken: TOKEN });
  const config = { projectId: IDS[0] };
  const answer =
    (over: Record<string, unknown>): Handle =>
    ({ body }) => {
      const query = String(body['query']);
      const data = {
        projects_by_pk: { tenant: { id: IDS[1] } },
        getTenantEnv: { hash: 'h', envVars: { environment: {} } },
        updateTenantEnv: { hash: 'h2' },
        deleteTenantEnv: { hash: 'h3' },
        ...over,
      };
      const field = Object.keys(data).find((name) => query.includes(`${name}(`)) ?? '';
      return { body: { data: { [field]: Object.entries(data).find(([name]) => name === field)?.[1] } } };
    };

  it.each<[string, Record<string, unknown>]>([
    ['the tenant id is the token', { projects_by_pk: { tenant: { id: TOKEN } } }],
    ['a key is the token', { getTenantEnv: { hash: 'h', envVars: { environment: { [TOKEN]: 'x' } } } }],
    ['a setting is named as the token', { getTenantEnv: { hash: 'h', envVars: { [`X-${TOKEN}`]: true } } }],
    ['a key holds a value', { getTenantEnv: { hash: 'h', envVars: { environment: { [`_${VALUE}`]: '' } } } }],
  ])('%s: INVALID_RESPONSE, and stored, shown and sent nowhere', async (_what, over) => {
    const { shown, codes } = await everythingOf(driver, config, answer(over));
    isClean(shown);
    expect(codes).toEqual(Array(4).fill('INVALID_RESPONSE'));
  });

  it('a tenant id that the source holds too is not remembered, and the sync works', async () => {
    const { shown, codes } = await everythingOf(driver, config, answer({}), { TENANT: IDS[1] });
    expect(JSON.stringify(shown.documents)).not.toContain(IDS[1]);
    expect(codes).toEqual(Array(4).fill('returned'));
  });

  it('a value that is the name of a key, of a source key or of a place is no secret there', async () => {
    const envVars = { environment: { DATABASE_URL_OF_PRODUCTION: 'x', production: 'y' } };
    const { codes } = await everythingOf(driver, config, answer({ getTenantEnv: { hash: 'h', envVars } }), {
      ACTIVE: 'DATABASE_URL_OF_PRODUCTION',
      ENVIRONMENT: 'production',
    });
    expect(codes).toEqual(Array(4).fill('returned'));
  });
});

describe("an echo of a third party's driver", () => {
  const echoing = (
    outcome: (value: string) => object,
    onValue: (value: string, facts: Facts) => void = () => undefined,
  ): AnyDestinationDriver => {
    const destination = memoryDestination();
    return {
      ...destination,
      connect: (options) => {
        const connection = destination.connect(options as Parameters<typeof destination.connect>[0]);
        return {
          ...connection,
          read: (given) => connection.read(given),
          write: async ({ changes }, told) => {
            changes.forEach(({ value }) => onValue(value?.reveal() ?? '', options.facts));
            const outcomes = changes.map(({ key, value }) => ({
              key,
              status: 'applied' as const,
              ...outcome(value?.reveal() ?? ''),
            }));
            outcomes.forEach((one) => told.onOutcome(one));
            return outcomes;
          },
        };
      },
    };
  };

  it.each<[string, (value: string) => object]>([
    ['id', (value) => ({ id: `secrets/${value}` })],
    ['id in base64', (value) => ({ id: `id:${btoa(value)}` })],
    ['revision', (value) => ({ revision: value })],
  ])('in an %s is refused as unknown, and never stored', async (_what, outcome) => {
    const store = memoryStore();
    const { engine, events } = createEngine<readonly AnyDestinationDriver[]>({
      source: memorySource({ A: VALUE }),
      drivers: [echoing(outcome)],
      store,
    });
    const error: unknown = await engine
      .sync({ name: 'nightly', destination: 'memory', destinationConfig: {} })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'SYNC_FAILED',
      result: { outcomes: [{ key: 'A', error: { code: 'INVALID_RESPONSE' } }] },
    });
    isClean([error, events, await Promise.all((await store.list('')).map((key) => store.get(key)))]);
  });

  it('in a fact is not remembered', async () => {
    const store = memoryStore();
    const { engine, events } = createEngine<readonly AnyDestinationDriver[]>({
      source: memorySource({ A: VALUE }),
      drivers: [
        echoing(
          () => ({}),
          (value, facts) => facts.set('last', `it was ${value}`),
        ),
      ],
      store,
    });
    const definition = { name: 'nightly', destination: 'memory', destinationConfig: {} };
    const error: unknown = await engine.sync(definition).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'SYNC_FAILED',
      result: { outcomes: [{ key: 'A', error: { code: 'INVALID_RESPONSE' } }] },
    });
    isClean([error, events, await Promise.all((await store.list('')).map((key) => store.get(key)))]);
  });
});
