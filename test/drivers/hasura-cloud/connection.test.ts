import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { connect } from '../../../src/drivers/hasura-cloud/connection.js';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import { failure } from '../../support/engine.js';
import { scriptedClient, type Scripted } from '../scripted-client.js';
import { memoryFacts } from '../support.js';

const PROJECT = '3f2a1b4c-0000-4000-8000-000000000001';
const TENANT = '7d9e8f6a-0000-4000-8000-000000000002';
const OTHER = '7d9e8f6a-0000-4000-8000-000000000003';
const { signal } = new AbortController();

const project = (tenant: unknown): Scripted => ({ data: { data: { projects_by_pk: tenant } } });
const environment = (hash = 'h1', variables: Readonly<Record<string, unknown>> = {}): Scripted => ({
  data: { data: { getTenantEnv: { hash, envVars: { environment: variables } } } },
});
const nothing: Scripted = { data: { data: { getTenantEnv: null } } };
const refused = (code: string, status = 200): Scripted => ({
  error: new SecretSyncError(code as 'FORBIDDEN', 'no', { status }),
});

function connected(script: readonly Scripted[], remembered?: string) {
  const { client, requests } = scriptedClient(script);
  const facts = memoryFacts(remembered === undefined ? {} : { tenantId: remembered });
  const connection = connect({
    config: { projectId: PROJECT },
    credentials: { accessToken: 't' },
    http: client,
    facts,
  });
  return { connection, requests, facts, read: () => connection.read({ signal }) };
}

describe('the tenant of a project', () => {
  it.each([
    [
      'no project',
      [project(null)],
      `no project ${PROJECT} to this access token; check projectId and the account of the token.`,
    ],
    [
      'no tenant',
      [project({ tenant: null })],
      `no tenant of project ${PROJECT} to this access token; wait until the project is set up, or open it in the console.`,
    ],
    [
      'no environment',
      [project({ tenant: { id: TENANT } }), nothing],
      `no environment of project ${PROJECT} to this access token; check the rights of the account.`,
    ],
  ])('is missing where the API shows %s', async (_, script, message) => {
    const { read, facts } = connected(script);
    const error = await failure(read(), 'NOT_FOUND');
    expect(error).toMatchObject({ message: `Hasura Cloud shows ${message}`, status: 200 });
    expect(facts.map.size).toBe(0);
  });

  it('is looked up again where the remembered one is refused', async () => {
    const { read, facts, requests } = connected(
      [refused('FORBIDDEN'), project({ tenant: { id: OTHER } }), environment()],
      TENANT,
    );
    await read();
    expect(requests).toHaveLength(3);
    expect(facts.get('tenantId')).toBe(OTHER);
  });

  it('is refused as before where it is still the same', async () => {
    const { read } = connected([refused('FORBIDDEN'), project({ tenant: { id: TENANT } })], TENANT);
    await failure(read(), 'FORBIDDEN');
  });

  it.each([
    ['UNAUTHORIZED', 200],
    ['INVALID_RESPONSE', 200],
    ['FORBIDDEN', 403],
    ['DESTINATION_UNAVAILABLE', 503],
  ] as const)('is not looked up again after %s with HTTP %d', async (code, status) => {
    const { read, requests } = connected([refused(code, status)], TENANT);
    await failure(read(), code);
    expect(requests).toHaveLength(1);
  });

  it('is not looked up again after a mistake in the code', async () => {
    const mistake = Object.assign(new TypeError('not a function'), { status: 200 });
    const { read } = connected([{ error: mistake }], TENANT);
    await expect(read()).rejects.toBe(mistake);
  });
});

describe('a write', () => {
  const change = (key: string, value: string) => ({
    key,
    action: 'create' as const,
    value: new SecretValue(value),
  });
  const writing = { signal, onOutcome: () => undefined };
  const upsert = (...changes: ReturnType<typeof change>[]) => ({ phase: 'upsert' as const, changes });
  const CONFLICT = 'The environment of the project was changed by something else in the meantime; try again.';

  it('before any read is a conflict', async () => {
    const { connection } = connected([]);
    const error = await failure(connection.write(upsert(change('A', '1')), writing), 'CONFLICT');
    expect(error).toMatchObject({ message: CONFLICT, retryable: true });
  });

  it('after one that was thrown is a conflict, until it is read again', async () => {
    const mistake = new TypeError('not a function');
    const { connection, read } = connected([environment(), { error: mistake }], TENANT);
    await read();
    const outcomes: unknown[] = [];
    const reported = { signal, onOutcome: (outcome: unknown) => outcomes.push(outcome) };
    await expect(connection.write(upsert(change('A', '1')), reported)).rejects.toBe(mistake);
    expect(outcomes).toMatchObject([{ key: 'A', status: 'unknown', error: { maybeWritten: true } }]);
    await failure(connection.write(upsert(change('A', '1')), writing), 'CONFLICT');
  });

  it('with a token that is refused has failed, and wrote nothing', async () => {
    const { connection, read } = connected([environment(), refused('UNAUTHORIZED')], TENANT);
    await read();
    const outcomes = await connection.write(upsert(change('A', '1')), writing);
    expect(outcomes).toMatchObject([
      { status: 'failed', error: { code: 'UNAUTHORIZED', maybeWritten: false } },
    ]);
  });

  it('knows what it wrote, and sends nothing of it again', async () => {
    const { connection, read, requests } = connected(
      [environment('h1', { A: '1' }), { data: { data: { updateTenantEnv: { hash: 'h2' } } } }],
      TENANT,
    );
    await read();
    await connection.write(upsert(change('B', '2')), writing);
    const again = await connection.write(upsert(change('A', '1'), change('B', '2')), writing);
    expect(again.map(({ key, status }) => [key, status])).toEqual([
      ['A', 'applied'],
      ['B', 'applied'],
    ]);
    expect(requests).toHaveLength(2);
  });

  describe('of which it is not known whether it was carried out', () => {
    const lost = { retryable: true, maybeWritten: true };
    const refusal = { status: 200, maybeWritten: true };

    async function judged(details: ConstructorParameters<typeof SecretSyncError>[2], found: Scripted) {
      const doubtful = new SecretSyncError('DESTINATION_UNAVAILABLE', 'It is down.', details);
      const next = { data: { data: { updateTenantEnv: { hash: 'h9' } } } };
      const script = [environment('h1', { OLD: '0' }), { error: doubtful }, found, next];
      const { connection, read, requests } = connected(script, TENANT);
      await read();
      const both = upsert(change('A', '1'), change('B', '2'));
      const outcomes = await connection.write(both, writing);
      expect(outcomes.map(({ key, status }) => [key, status])).toEqual([
        ['A', 'unknown'],
        ['B', 'unknown'],
      ]);
      await read();
      return { requests, again: connection.write(both, writing) };
    }

    it('was, where all of it is there: nothing is sent again', async () => {
      const { again, requests } = await judged(lost, environment('h2', { OLD: '0', A: '1', B: '2' }));
      expect((await again).map(({ status }) => status)).toEqual(['applied', 'applied']);
      expect(requests).toHaveLength(3);
    });

    it('was, and more has changed: a conflict', async () => {
      const { again } = await judged(lost, environment('h2', { OLD: '1', A: '1', B: '2' }));
      expect((await failure(again, 'CONFLICT')).message).toBe(CONFLICT);
    });

    it('was refused, where a part is missing and the hash has moved: a conflict that tells the response', async () => {
      const { again } = await judged(lost, environment('h2', { OLD: '0', A: '1' }));
      const { message } = await failure(again, 'CONFLICT');
      expect(message).toBe(`${CONFLICT} The response to the write: It is down.`);
    });

    it('was not, where the hash is as it was and no response came: it is sent again', async () => {
      const { again, requests } = await judged(lost, environment('h1', { OLD: '0' }));
      expect((await again).map(({ status }) => status)).toEqual(['applied', 'applied']);
      expect(requests).toHaveLength(4);
    });

    it.each([
      ['the API itself refused', { ...refusal, retryable: true }],
      ['it is not worth another try', { retryable: false, maybeWritten: true }],
      ['it says that nothing was written', { retryable: true, maybeWritten: false }],
    ])('was refused, where the hash is as it was and %s', async (_, details) => {
      const { again, requests } = await judged(details, environment('h1', { OLD: '0' }));
      expect(await again).toMatchObject([
        { key: 'A', status: 'failed', error: { message: 'It is down.', maybeWritten: false } },
        { key: 'B', status: 'failed', error: { message: 'It is down.', maybeWritten: false } },
      ]);
      expect(requests).toHaveLength(3);
    });
  });
});

describe('the driver', () => {
  it('has credentials only where they were given', () => {
    expect(hasuraCloud()).not.toHaveProperty('credentials');
    expect(hasuraCloud({ accessToken: 't' })).toHaveProperty('credentials');
  });

  it('lists the projects of a token', async () => {
    const fetch = async () => new Response('{"data":{"projects":[{"id":"1","name":"shop"}]}}');
    const [discovery] = hasuraCloud().discovery ?? [];
    expect(discovery?.path).toBe('projects');
    expect(await discovery?.list({ accessToken: 'token' }, {}, { fetch })).toEqual([
      { id: '1', name: 'shop' },
    ]);
  });
});
