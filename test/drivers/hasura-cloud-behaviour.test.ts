import { afterEach, describe, expect, it } from 'vitest';
import { hasuraCloud, listHasuraCloudProjects } from '../../src/drivers/hasura-cloud/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { createCanaries } from '../../src/testing/leaks/canaries.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
  type HasuraCloudEmulatorOptions,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import type { HasuraCloudProjectSetup } from '../../src/testing/emulators/hasura-cloud/state.js';
import type { Fault, RequestLogEntry } from '../../src/testing/emulators/server/types.js';
import { createEngine } from '../support/engine.js';
import { errorOf, memoryFacts, open, rejection, secret, type OpenOptions } from './support.js';

let running: HasuraCloudEmulator | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

interface SetupOptions extends HasuraCloudEmulatorOptions, OpenOptions {
  readonly project?: Partial<HasuraCloudProjectSetup>;
}

/** An emulator with one project, and a connection to it. */
async function setUp({ project, ...options }: SetupOptions = {}) {
  const emulator = await startHasuraCloudEmulator(options);
  running = emulator;
  const { id } = emulator.addProject({ name: 'api', environment: { A: '1', B: '2' }, ...project });
  const credentials = { accessToken: emulator.accessToken, apiUrl: emulator.url };
  const facts = options.facts ?? memoryFacts();
  const place = open(hasuraCloud(), credentials, { projectId: id }, { ...options, facts });
  return {
    emulator,
    id,
    credentials,
    facts,
    place,
    operations: () => emulator.requests.map((one) => one.operation),
  };
}

/** Lets one fault happen at the first request that is a mutation. */
const atFirstMutation = (fault: Fault) => {
  let isOver = false;
  return (request: RequestLogEntry) => {
    if (isOver || !request.operation.startsWith('mutation')) return undefined;
    isOver = true;
    return fault;
  };
};

const invalid = (message: string) => ({
  status: 200,
  body: { errors: [{ extensions: { path: '$', code: 'validation-failed' }, message }] },
});

/** What a token that is not accepted gets: a schema without the field (graphql-engine #6676), or without any mutation. */
const BAD_TOKEN = {
  'in double quotes': invalid(`field "updateTenantEnv" not found in type: 'mutation_root'`),
  'in single quotes': invalid("field 'updateTenantEnv' not found in type: 'mutation_root'"),
  'without mutations': invalid('no mutations exist'),
  'with a code of its own': {
    status: 200,
    body: { errors: [{ extensions: { code: 'access-denied' }, message: 'x' }] },
  },
  'with status 401': { status: 401 },
};

const create = (key: string, text: string) => ({ key, action: 'create', value: secret(text) }) as const;
const remove = (key: string) => ({ key, action: 'delete' }) as const;

/** What the engine does where outcomes are unknown: it reads, and hands what is not there over once more. */
async function settled(
  place: Awaited<ReturnType<typeof setUp>>['place'],
  ...[phase, changes]: Parameters<typeof place.write>
) {
  const outcomes = await place.write(phase, changes);
  if ([...outcomes.values()].every(({ status }) => status !== 'unknown')) return outcomes;
  await place.read();
  return place.write(phase, changes);
}

describe('the Hasura Cloud driver at work', () => {
  it('needs one request to read, one to write and one to delete, once it knows the tenant', async () => {
    const { place, emulator, id, operations } = await setUp();
    await place.read();
    emulator.clearRequests();
    await place.read();
    await place.write('upsert', [create('C', '3'), { ...create('A', 'x'), action: 'update' }]);
    await place.write('delete', [remove('B')]);
    expect(operations()).toEqual([
      'query getTenantEnv',
      'mutation updateTenantEnv',
      'mutation deleteTenantEnv',
    ]);
    expect([...emulator.environment(id)]).toEqual([
      ['A', 'x'],
      ['C', '3'],
    ]);
    expect(emulator.restarts(id)).toBe(2);
  });

  it.each([
    ['true', true],
    [' 8080\n', 8080],
    ['{"type": "HS256", "key": "k"}', { key: 'k', type: 'HS256' }],
    ['["a", "b"]', ['a', 'b']],
  ])('does not send %j where the service shows it as JSON', async (text, shown) => {
    const { place, emulator } = await setUp({ project: { environment: { A: shown } } });
    await place.read();
    emulator.clearRequests();
    expect((await place.write('upsert', [create('A', text)])).get('A')).toMatchObject({ status: 'applied' });
    expect(emulator.requests).toEqual([]);
  });

  it('restarts a project once for settings that the service retypes', async () => {
    const emulator = await startHasuraCloudEmulator({ hasuraKeys: 'top-level' });
    running = emulator;
    const { id } = emulator.addProject({ name: 'api' });
    const source = memorySource({
      HASURA_GRAPHQL_ENABLE_CONSOLE: 'true',
      HASURA_GRAPHQL_JWT_SECRET: '{"type": "HS256", "key": "k"}',
      HASURA_GRAPHQL_PG_CONNECTIONS: '50',
    });
    const driver = hasuraCloud({ accessToken: emulator.accessToken, apiUrl: emulator.url });
    const { engine } = createEngine({ source, drivers: [driver] });
    const definition = {
      name: 'settings',
      destination: 'hasura-cloud',
      destinationConfig: { projectId: id },
    } as const;
    await engine.sync(definition);
    expect((await engine.plan(definition)).changes.map(({ reason }) => reason)).toEqual([
      'value-equal',
      'value-equal',
      'value-equal',
    ]);
    await engine.sync(definition);
    expect(emulator.restarts(id)).toBe(1);
  });

  it('writes and deletes keys such as __proto__ as any other', async () => {
    const { place, emulator, id } = await setUp();
    await place.read();
    const keys = ['__proto__', 'constructor', 'toString'];
    await place.write(
      'upsert',
      keys.map((key) => create(key, `of ${key}`)),
    );
    expect((await place.read()).slice(-3)).toEqual(keys.map((key) => ({ key, value: `of ${key}` })));
    await place.write('delete', keys.map(remove));
    expect([...emulator.environment(id).keys()]).toEqual(['A', 'B']);
  });

  it.each(['top-level', 'environment'] as const)(
    'reads a reserved key back when it is shown at %s',
    async (hasuraKeys) => {
      const { place } = await setUp({ hasuraKeys });
      await place.read();
      await place.write('upsert', [create('HASURA_GRAPHQL_X', 'x')]);
      expect(await place.read()).toContainEqual({ key: 'HASURA_GRAPHQL_X', value: 'x', reserved: true });
    },
  );

  it.each(['absent', 'empty', 'null'] as const)(
    'reads an environment that is %s as no variables',
    async (emptyEnvironment) => {
      const { place } = await setUp({ emptyEnvironment, project: { environment: {} } });
      expect(await place.read()).toEqual([]);
    },
  );

  it('lists the projects and accepts the token', async () => {
    const { emulator, id, credentials } = await setUp();
    const other = emulator.addProject({ name: 'A first one', tenantId: null });
    const options = { allowPrivateNetwork: true };
    expect(await listHasuraCloudProjects(credentials, options)).toEqual([
      { id: other.id, name: 'A first one' },
      { id, name: 'api' },
    ]);
    await expect(hasuraCloud().validateConnection(credentials, options)).resolves.toBeUndefined();
  });

  it.each(['errors', 401] as const)(
    'says UNAUTHORIZED for a bad token that is answered by %s',
    async (authFailure) => {
      const { emulator, credentials, id } = await setUp({ authFailure });
      const bad = { ...credentials, accessToken: 'bad-token' };
      const options = { allowPrivateNetwork: true };
      const errors = [
        await rejection(hasuraCloud().validateConnection(bad, options)),
        await rejection(listHasuraCloudProjects(bad, options)),
        await rejection(open(hasuraCloud(), bad, { projectId: id }).read()),
      ];
      for (const error of errors) expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
      expect(emulator.requests).toHaveLength(3);
    },
  );
});

describe('the tenant of a project', () => {
  it.each(['null', 'error'] as const)(
    'is looked up again when the remembered one answers %s',
    async (unknownTenant) => {
      const { place, emulator, id, facts, operations } = await setUp({ unknownTenant });
      await place.read();
      const { tenantId } = emulator.addProject({ name: 'other' });
      emulator.setTenant(emulator.projects()[1]?.id ?? '', null);
      emulator.setTenant(id, tenantId);
      emulator.clearRequests();
      expect(await place.read()).toHaveLength(2);
      expect(operations()).toEqual(['query getTenantEnv', 'query projects_by_pk', 'query getTenantEnv']);
      expect(facts.get('tenantId')).toBe(tenantId);
    },
  );

  it('is missing in an error that names the project when the project is gone', async () => {
    const { place, emulator, id } = await setUp();
    await place.read();
    emulator.removeProject(id);
    const error = await rejection(place.read());
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
    expect(String(error)).toContain(id);
  });

  it('may not exist yet, which is said', async () => {
    const { place, id } = await setUp({ project: { tenantId: null } });
    const error = await rejection(place.read());
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
    expect(String(error)).toContain(`no tenant of project ${id}`);
  });
});

describe('a mutation that meets a change by someone else', () => {
  it.each(['generic', 'nested-json', 'code', 'null'] as const)(
    'is a conflict with nothing written, when a stale hash is answered by %s',
    async (staleHash) => {
      const { place, emulator, id, operations } = await setUp({ staleHash });
      await place.read();
      emulator.setVariable(id, 'B', 'by hand');
      expect(await rejection(settled(place, 'upsert', [create('C', '3')]))).toMatchObject({
        code: 'CONFLICT',
        retryable: true,
      });
      expect(emulator.environment(id).has('C')).toBe(false);
      expect(operations().slice(-2)).toEqual(['mutation updateTenantEnv', 'query getTenantEnv']);
    },
  );

  it('is a conflict for ever where the hash never rests, and can be tried again after a read', async () => {
    const { place, emulator, id } = await setUp({ hashRotation: 'before-mutations' });
    for (let round = 0; round < 2; round += 1) {
      await place.read();
      expect(await rejection(settled(place, 'upsert', [create('C', '3')]))).toMatchObject({
        code: 'CONFLICT',
      });
    }
    emulator.configure({ hashRotation: 'never' });
    await place.read();
    expect((await place.write('upsert', [create('C', '3')])).get('C')?.status).toBe('applied');
    expect(emulator.environment(id).get('C')).toBe('3');
  });

  it('is not sent after a conflict until the environment was read again', async () => {
    const { place, emulator, id } = await setUp();
    await place.read();
    emulator.rotateHash(id);
    await rejection(settled(place, 'upsert', [create('C', '3')]));
    emulator.clearRequests();
    expect(await rejection(place.write('upsert', [create('C', '3')]))).toMatchObject({ code: 'CONFLICT' });
    expect(emulator.requests).toHaveLength(0);
  });
});

describe('a mutation whose answer is lost', () => {
  it.each(['reset-after', 'html-after', 'truncate', 'cut'] as const)(
    'was applied, as reading back shows, after %s',
    async (fault) => {
      const { place, emulator, id, operations } = await setUp();
      emulator.setIntercept(atFirstMutation(fault));
      await place.read();
      emulator.clearRequests();
      const outcomes = await settled(place, 'upsert', [create('C', '3'), create('D', '4')]);
      expect([...outcomes.values()].map(({ status }) => status)).toEqual(['applied', 'applied']);
      // The hash that was read back is the one for the next mutation.
      expect((await place.write('delete', [remove('B')])).get('B')?.status).toBe('applied');
      expect(operations()).toEqual([
        'mutation updateTenantEnv',
        'query getTenantEnv',
        'mutation deleteTenantEnv',
      ]);
      expect(emulator.restarts(id)).toBe(2);
    },
  );

  it('was not applied, as reading back shows, after html-before', async () => {
    const { place, emulator, id } = await setUp();
    emulator.setIntercept(atFirstMutation('html-before'));
    await place.read();
    const outcome = (await settled(place, 'delete', [remove('B')])).get('B');
    expect(outcome).toMatchObject({ status: 'failed' });
    expect(errorOf(outcome).maybeWritten).toBe(false);
    expect(emulator.restarts(id)).toBe(0);
  });

  it('is sent once more when it never arrived, and once only', async () => {
    const { place, emulator, id, operations } = await setUp();
    emulator.setIntercept(atFirstMutation('reset-before'));
    await place.read();
    emulator.clearRequests();
    expect((await settled(place, 'delete', [remove('B')])).get('B')?.status).toBe('applied');
    expect(operations()).toEqual([
      'mutation deleteTenantEnv',
      'query getTenantEnv',
      'mutation deleteTenantEnv',
    ]);
    emulator.clearRequests();
    emulator.setIntercept(({ operation }) => (operation.startsWith('mutation') ? 'reset-before' : undefined));
    expect((await settled(place, 'upsert', [create('C', '3')])).get('C')).toMatchObject({
      status: 'unknown',
    });
    expect(operations().filter((operation) => operation.startsWith('mutation'))).toHaveLength(2);
    expect(emulator.restarts(id)).toBe(1);
  });

  it('may have been applied when reading back fails too', async () => {
    const { place, emulator } = await setUp();
    await place.read();
    let isBroken = false;
    emulator.setIntercept((request) => {
      isBroken ||= request.operation.startsWith('mutation');
      return isBroken ? 'reset-after' : undefined;
    });
    expect((await place.write('upsert', [create('C', '3')])).get('C')).toMatchObject({
      status: 'unknown',
    });
    emulator.setIntercept(undefined);
    expect(await rejection(place.write('delete', [remove('B')]))).toMatchObject({ code: 'CONFLICT' });
  });

  it('lets no deletion follow where someone else wrote meanwhile', async () => {
    const { place, emulator, id } = await setUp();
    await place.read();
    emulator.setIntercept((request) => {
      if (request.operation === 'query getTenantEnv') emulator.setVariable(id, 'B', 'by hand');
      return request.operation.startsWith('mutation') ? 'reset-after' : undefined;
    });
    expect((await place.write('upsert', [create('C', '3')])).get('C')?.status).toBe('unknown');
    expect(await place.read()).toContainEqual({ key: 'C', value: '3' });
    expect(await rejection(place.write('delete', [remove('B')]))).toMatchObject({ code: 'CONFLICT' });
    expect(emulator.environment(id).get('B')).toBe('by hand');
  });

  it('is not settled, and not forgotten, after an abort', async () => {
    const controller = new AbortController();
    const { place, emulator } = await setUp({ signal: controller.signal });
    await place.read();
    emulator.clearRequests();
    emulator.setIntercept(() => {
      controller.abort(new Error('enough'));
      return 'hang-after';
    });
    const reported: unknown[] = [];
    const error = await rejection(
      place.connection.write(
        { phase: 'upsert', changes: [create('C', '3')] },
        { signal: controller.signal, onOutcome: (outcome) => reported.push(outcome) },
      ),
    );
    expect(error).toBe(controller.signal.reason);
    expect(reported).toMatchObject([{ key: 'C', status: 'unknown' }]);
    expect(emulator.requests).toHaveLength(1);
  });
});

describe('a mutation that is refused', () => {
  it.each([
    ['in maintenance mode', { maintenance: true }],
    ['for a key that cannot be set', { unsettable: ['HASURA_GRAPHQL_X'] }],
    ['in nested JSON', { unsettable: ['HASURA_GRAPHQL_X'], errorMessages: 'nested-json' }],
  ] as const)('%s fails for all of its keys, with nothing written', async (_what, switches) => {
    const { place, emulator, id } = await setUp(switches);
    await place.read();
    const outcomes = await settled(place, 'upsert', [create('HASURA_GRAPHQL_X', 'x'), create('C', '3')]);
    for (const outcome of outcomes.values()) {
      expect(outcome).toMatchObject({ status: 'failed' });
      const { message, code } = errorOf(outcome);
      expect(code).toBe('maintenance' in switches ? 'DESTINATION_UNAVAILABLE' : 'DESTINATION_REJECTED');
      expect(message.includes("in which its environment can't be changed")).toBe('maintenance' in switches);
      expect(message.includes('names "HASURA_GRAPHQL_X"')).toBe('unsettable' in switches);
    }
    expect(outcomes.size).toBe(2);
    expect([...emulator.environment(id).keys()]).toEqual(['A', 'B']);
  });

  it.each(Object.entries(BAD_TOKEN))('for its token (%s) is not read back', async (_how, response) => {
    const { place, emulator } = await setUp();
    await place.read();
    emulator.clearRequests();
    emulator.setIntercept(() => response);
    const outcome = (await place.write('upsert', [create('C', '3')])).get('C');
    expect(outcome).toMatchObject({ status: 'failed' });
    expect(errorOf(outcome).code).toBe('UNAUTHORIZED');
    expect(emulator.requests).toHaveLength(1);
  });

  it('for a key called maintenance is not taken for maintenance mode', async () => {
    const { place } = await setUp({ unsettable: ['maintenance'] });
    await place.read();
    const outcomes = await settled(place, 'upsert', [create('maintenance', 'x')]);
    expect(errorOf(outcomes.get('maintenance')).code).toBe('DESTINATION_REJECTED');
  });

  it('shows nothing of what the server echoes', async () => {
    const canaries = createCanaries();
    const accessToken = canaries.tokens[0]?.text ?? '';
    const { place, emulator, credentials } = await setUp({ echo: true, accessToken, maintenance: true });
    await place.read();
    const changes = canaries.values.map(({ text }, index) => create(`KEY_${index}`, text));
    for (const switches of [
      {},
      { errorMessages: 'nested-json' },
      { maintenance: false, staleHash: 'code' },
    ] as const) {
      emulator.configure(switches);
      if ('maintenance' in switches) emulator.rotateHash(emulator.projects()[0]?.id ?? '');
      const result: unknown = await place.write('upsert', changes).catch((error: unknown) => error);
      canaries.assertAbsent('the outcome', result);
    }
    const bad = canaries.tokens[1]?.text ?? '';
    const options = { allowPrivateNetwork: true };
    const error = await rejection(
      hasuraCloud().validateConnection({ ...credentials, accessToken: bad }, options),
    );
    expect(error).toMatchObject({ code: 'UNAUTHORIZED' });
    canaries.assertAbsent('the error', error);
  });
});
