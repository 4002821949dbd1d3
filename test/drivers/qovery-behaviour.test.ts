import { afterEach, describe, expect, it } from 'vitest';
import type { WriteChange } from '../../src/contracts/destination.js';
import {
  listQoveryEnvironments,
  listQoveryOrganizations,
  listQoveryProjects,
  qovery,
  type QoveryVariableType,
} from '../../src/drivers/qovery/index.js';
import { createCanaries } from '../../src/testing/leaks/canaries.js';
import type { Fault, RequestLogEntry } from '../../src/testing/emulators/server/types.js';
import {
  startQoveryEmulator,
  type QoveryEmulator,
  type QoveryEmulatorOptions,
} from '../../src/testing/emulators/qovery/index.js';
import { errorOf, memoryFacts, open, rejection, secret, type OpenOptions } from './support.js';

let running: QoveryEmulator | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

interface SetupOptions extends QoveryEmulatorOptions, OpenOptions {
  readonly variableType?: QoveryVariableType;
}

/** An emulator with one environment, and a connection to it. */
async function setUp({ variableType = 'secret', ...options }: SetupOptions = {}) {
  const emulator = await startQoveryEmulator(options);
  running = emulator;
  const organization = emulator.addOrganization({ name: 'acme' });
  const project = emulator.addProject({ name: 'shop', organizationId: organization.id });
  const environment = emulator.addEnvironment({ name: 'production', projectId: project.id });
  const credentials = { accessToken: emulator.accessToken, instanceUrl: `${emulator.url}/` };
  const config = {
    organizationId: organization.id,
    projectId: project.id,
    environmentId: environment.id,
    variableType,
  };
  const facts = options.facts ?? memoryFacts();
  const place = open(qovery(), credentials, config, { ...options, facts });

  /** The change of one key as the engine would hand it over. */
  async function change(
    action: WriteChange['action'],
    key: string,
    text?: string,
    kind: QoveryVariableType = variableType,
  ): Promise<WriteChange> {
    const entry = (await place.read()).find((one) => one.key === key && one.fixed !== 'inherited');
    return {
      key,
      action,
      kind,
      ...(text !== undefined && { value: secret(text) }),
      ...(entry !== undefined && action !== 'create' && { entry }),
    };
  }
  const add = (key: string, more: object = {}) =>
    emulator.addVariable({ key, value: 'old', is_secret: true, parent_id: environment.id, ...more });

  /** Reads, forgets the requests so far, and writes. */
  async function write(changes: readonly WriteChange[]) {
    emulator.clearRequests();
    return place.write(changes[0]?.action === 'delete' ? 'delete' : 'upsert', changes);
  }
  const operations = () => emulator.requests.map(({ method }) => method);
  return {
    emulator,
    organization,
    project,
    environment,
    credentials,
    config,
    facts,
    place,
    change,
    add,
    write,
    operations,
  };
}

/** Lets a fault happen at the first request of a method. */
const atFirst = (method: string, fault: Fault) => {
  let isOver = false;
  return (request: RequestLogEntry) => {
    if (isOver || request.method !== method) return undefined;
    isOver = true;
    return fault;
  };
};

const applied = { status: 'applied' };
const failed = { status: 'failed' };

describe('the Qovery driver at work', () => {
  it('writes each key with one request, in parallel within the bound of the client', async () => {
    const { write, emulator, operations, place } = await setUp({ concurrency: 3 });
    await place.read();
    emulator.clearRequests();
    const changes = Array.from({ length: 12 }, (_, index): WriteChange => {
      return { key: `KEY_${index}`, action: 'create', value: secret(`value ${index}`) };
    });
    const outcomes = await write(changes);
    expect([...outcomes.values()].every(({ status }) => status === 'applied')).toBe(true);
    expect(operations()).toEqual(Array(12).fill('POST'));
    expect(emulator.peakInFlight).toBeLessThanOrEqual(3);
    for (let index = 0; index < 12; index += 1) {
      const made = emulator.find(`KEY_${index}`);
      expect(made).toMatchObject({ value: `value ${index}`, is_secret: true, scope: 'ENVIRONMENT' });
      expect(outcomes.get(`KEY_${index}`)).toMatchObject({ id: made?.id });
    }
  });

  it.each([{}, { emptyFields: 'absent', secretValue: 'absent', updatedAt: 'absent' }] as const)(
    'reads what the list shows, with %j',
    async (switches) => {
      const { place, add, project, emulator } = await setUp(switches);
      const a = add('A');
      add('B', { is_secret: false, value: 'b' });
      add('C', { aliased_variable_id: a.id });
      add('FILE', { mount_path: '/etc/f' });
      emulator.addVariable({ key: 'A', value: 'p', parent_id: project.id });
      const entries = await place.read();
      expect(
        entries.map(({ key, kind, value, fixed, hasDependents }) => [key, kind, value, fixed, hasDependents]),
      ).toEqual([
        ['QOVERY_PROJECT_ID', 'variable', project.id, 'built-in', undefined],
        ['QOVERY_ENVIRONMENT_ID', 'variable', expect.any(String), 'built-in', undefined],
        ['A', 'secret', undefined, undefined, true],
        ['B', 'variable', 'b', undefined, undefined],
        ['C', 'secret', undefined, 'alias', undefined],
        ['FILE', 'secret', undefined, 'file', undefined],
        ['A', 'variable', 'p', 'inherited', undefined],
      ]);
    },
  );

  it('keeps the description and the interpolation flag of what it updates', async () => {
    const { write, change, add, emulator } = await setUp();
    const { id } = add('A', { description: 'mine', enable_interpolation_in_file: true });
    await write([await change('update', 'A', 'new')]);
    expect(emulator.find('A')).toMatchObject({
      id,
      value: 'new',
      description: 'mine',
      enable_interpolation_in_file: true,
    });
  });

  it('finds organizations, projects and environments, and accepts the token', async () => {
    const { credentials, organization, project, environment } = await setUp();
    const options = { allowPrivateNetwork: true };
    expect(await listQoveryOrganizations(credentials, options)).toEqual([organization]);
    expect(await listQoveryProjects(credentials, organization.id, options)).toEqual([project]);
    expect(await listQoveryEnvironments(credentials, project.id, options)).toEqual([environment]);
    await expect(qovery().validateConnection(credentials, options)).resolves.toBeUndefined();
    const bad = { ...credentials, accessToken: 'bad' };
    expect(await rejection(qovery().validateConnection(bad, options))).toMatchObject({
      code: 'UNAUTHORIZED',
    });
  });
});

describe('a write whose end is not known, or that meets a place that has moved', () => {
  const unknown = (maybeWritten: boolean) => ({ status: 'unknown', error: { key: 'A', maybeWritten } });

  it.each(['reset-after', 'html-after', 'truncate', 'cut'] as const)(
    'is told as unknown, maybe written, when a response is lost by %s',
    async (fault) => {
      for (const action of ['create', 'update', 'delete', 'replace'] as const) {
        const { write, change, add, emulator } = await setUp();
        if (action !== 'create') add('A', { is_secret: action !== 'replace' });
        const planned = await change(action, 'A', action === 'delete' ? undefined : 'new');
        const method = { create: 'POST', update: 'PUT', delete: 'DELETE', replace: 'DELETE' }[action];
        emulator.setIntercept((request) => (request.method === method ? fault : undefined));
        const outcome = (await write([planned])).get('A');
        // Of a deletion the status alone counts.
        const isUnderstood = method === 'DELETE' && (fault === 'truncate' || fault === 'cut');
        if (!isUnderstood) expect(outcome, action).toMatchObject(unknown(true));
        await emulator.close();
      }
    },
  );

  it('is told as unknown, surely not written, when the key of a create is taken', async () => {
    const { write, change, add, operations, emulator } = await setUp();
    const create = await change('create', 'A', 'new');
    add('A');
    expect((await write([create])).get('A')).toMatchObject(unknown(false));
    expect(operations()).toEqual(['POST']);
    expect(emulator.find('A')?.value).toBe('old');
  });

  it.each(['404', '403', '400-exist'] as const)(
    'is told as unknown, surely not written, when its entry may be gone (%s)',
    async (missing) => {
      for (const action of ['update', 'delete', 'replace'] as const) {
        const { write, change, add, emulator } = await setUp({ missing });
        const { id } = add('A', { is_secret: action !== 'replace' });
        const planned = await change(action, 'A', action === 'delete' ? undefined : 'new');
        emulator.deleteVariable(id);
        expect((await write([planned])).get('A')).toMatchObject(unknown(false));
        await emulator.close();
      }
    },
  );

  it.each([
    ['another key', { key: 'B' }],
    ['another scope', { scope: 'PROJECT' }],
    ['another kind', { is_secret: false, value: 'x' }],
    ['what is built in', { variable_type: 'BUILT_IN' }],
    ['a file', { variable_type: 'FILE', mount_path: '/etc/a' }],
    ['what another system keeps', { variable_type: 'EXTERNAL_SECRET' }],
  ])('is told as unknown when a success speaks of %s', async (_what, more) => {
    for (const action of ['create', 'update'] as const) {
      const { write, change, add, emulator } = await setUp();
      if (action === 'update') add('A');
      const planned = await change(action, 'A', 'new');
      const status = action === 'create' ? 201 : 200;
      const body = {
        id: emulator.find('A')?.id ?? '3c90c3cc-0d44-4b50-8888-8dd25736052a',
        key: 'A',
        scope: 'ENVIRONMENT',
        variable_type: 'VALUE',
        is_secret: true,
        ...more,
      };
      emulator.setIntercept((request) => (request.method === 'GET' ? undefined : { status, body }));
      const outcome = (await write([planned])).get('A');
      expect(outcome).toMatchObject(unknown(true));
      expect(outcome).toMatchObject({ error: { code: 'INVALID_RESPONSE' } });
      await emulator.close();
    }
  });

  it('that makes an alias of it deletes the alias and fails', async () => {
    const { write, change, add, emulator } = await setUp({ valueNamingKey: 'alias' });
    add('B');
    const outcome = (await write([await change('create', 'A', 'B')])).get('A');
    expect(outcome).toMatchObject(failed);
    expect(errorOf(outcome).code).toBe('DESTINATION_REJECTED');
    expect(
      emulator
        .variables()
        .filter(({ key }) => !key.startsWith('QOVERY_'))
        .map(({ key }) => key),
    ).toEqual(['B']);
  });
});

describe('a change of kind', () => {
  it.each(['allowed', 'conflict'] as const)(
    'deletes and creates, whether both kinds are %s',
    async (bothKinds) => {
      const { write, change, add, emulator, operations } = await setUp({ bothKinds });
      const { id } = add('A', { is_secret: false, description: 'd' });
      const outcome = (await write([await change('replace', 'A', 'new')])).get('A');
      const made = emulator.find('A');
      expect(outcome).toMatchObject({ ...applied, id: made?.id });
      expect(made).toMatchObject({ value: 'new', is_secret: true, description: 'd' });
      expect(made?.id).not.toBe(id);
      expect(operations()).toEqual(['DELETE', 'POST']);
    },
  );

  const refuseCreates = (isSecret: boolean) => (request: RequestLogEntry) =>
    request.method === 'POST' && request.text.includes(`"is_secret":${isSecret}`)
      ? { status: 400 }
      : undefined;

  it('puts a variable back, as it was, when the create is refused', async () => {
    const { write, change, add, emulator } = await setUp();
    add('A', { is_secret: false, description: 'd', enable_interpolation_in_file: true });
    const replace = await change('replace', 'A', 'new');
    emulator.setIntercept(refuseCreates(true));
    const outcome = (await write([replace])).get('A');
    expect(outcome).toMatchObject(failed);
    expect(errorOf(outcome).message).toContain('was put back');
    expect(emulator.find('A')).toMatchObject({
      value: 'old',
      is_secret: false,
      description: 'd',
      enable_interpolation_in_file: true,
    });
  });

  it('says plainly that a secret is gone when the create is refused', async () => {
    const { write, change, add, emulator } = await setUp({ variableType: 'variable' });
    add('A');
    const replace = await change('replace', 'A', 'new');
    emulator.setIntercept(refuseCreates(false));
    const outcome = (await write([replace])).get('A');
    expect(outcome).toMatchObject(failed);
    expect(errorOf(outcome).message).toContain(
      "The secret that existed there was deleted and can't be put back",
    );
    expect(emulator.find('A')).toBeUndefined();
  });

  it('says so when putting back fails too', async () => {
    const { write, change, add, emulator } = await setUp();
    add('A', { is_secret: false });
    const replace = await change('replace', 'A', 'new');
    emulator.setIntercept((request) => (request.method === 'POST' ? { status: 400 } : undefined));
    expect(errorOf((await write([replace])).get('A')).message).toContain('could not be put back');
  });

  it.each(['reset-after', 'html-after'] as const)(
    'is unknown when the response to its create was lost by %s, and says that the old one is gone',
    async (fault) => {
      const { write, change, add, emulator } = await setUp();
      add('A', { is_secret: false });
      const replace = await change('replace', 'A', 'new');
      emulator.setIntercept(atFirst('POST', fault));
      const outcome = (await write([replace])).get('A');
      expect(outcome).toMatchObject({ status: 'unknown', error: { maybeWritten: true } });
      expect(outcome?.status === 'unknown' && outcome.error.message).toContain('was deleted for it');
      expect(emulator.find('A')).toMatchObject({ value: 'new', is_secret: true });
    },
  );
});

describe('a batch', () => {
  it('goes on after a bad key', async () => {
    const { write, place, emulator } = await setUp();
    await place.read();
    const keys = Array.from({ length: 10 }, (_, index) => `KEY_${index}`);
    emulator.setIntercept((request) => (request.text.includes('KEY_3') ? { status: 400 } : undefined));
    const outcomes = await write(keys.map((key) => ({ key, action: 'create', value: secret('v') })));
    expect(keys.filter((key) => outcomes.get(key)?.status === 'failed')).toEqual(['KEY_3']);
    expect(errorOf(outcomes.get('KEY_3'))).toMatchObject({ code: 'DESTINATION_REJECTED', key: 'KEY_3' });
  });

  it('stops at a token that is refused, and leaves the rest untried', async () => {
    const { write, place, emulator } = await setUp({ concurrency: 1 });
    await place.read();
    const keys = Array.from({ length: 10 }, (_, index) => `KEY_${index}`);
    emulator.setIntercept((request) => (request.text.includes('KEY_3') ? { status: 401 } : undefined));
    const outcomes = await write(keys.map((key) => ({ key, action: 'create', value: secret('v') })));
    expect([...outcomes.keys()]).toEqual(keys.slice(0, 4));
    expect(errorOf(outcomes.get('KEY_3')).code).toBe('UNAUTHORIZED');
    expect(emulator.requests).toHaveLength(4);
  });

  it('reports what was under way at an abort, starts nothing more, and throws its reason', async () => {
    const controller = new AbortController();
    const { place, emulator } = await setUp({ signal: controller.signal, concurrency: 2 });
    await place.read();
    emulator.clearRequests();
    emulator.setIntercept((request) => {
      if (!request.text.includes('KEY_2')) return undefined;
      controller.abort(new Error('enough'));
      return 'hang-after';
    });
    const keys = Array.from({ length: 10 }, (_, index) => `KEY_${index}`);
    const reported = new Map<string, unknown>();
    const error = await rejection(
      place.connection.write(
        { phase: 'upsert', changes: keys.map((key) => ({ key, action: 'create', value: secret('v') })) },
        { signal: controller.signal, onOutcome: (outcome) => reported.set(outcome.key, outcome) },
      ),
    );
    expect(error).toBe(controller.signal.reason);
    expect(reported.get('KEY_2')).toMatchObject({ status: 'unknown' });
    expect(reported.size).toBeLessThanOrEqual(4);
    const asked = emulator.requests.length;
    expect(asked).toBeLessThanOrEqual(4);
  });

  it('shows nothing of what the server echoes', async () => {
    const canaries = createCanaries();
    const accessToken = canaries.tokens[0]?.text ?? '';
    for (const errorBody of ['detail', 'message', 'text'] as const) {
      const { write, place, emulator, add } = await setUp({ echo: true, accessToken, errorBody });
      await place.read();
      canaries.values.forEach((_, index) => add(`KEY_${index}`, { is_secret: false }));
      const changes = canaries.values.map(({ text }, index): WriteChange => {
        return { key: `KEY_${index}`, action: 'create', value: secret(text) };
      });
      const outcomes = await write(changes);
      expect([...outcomes.values()].every(({ status }) => status !== 'applied')).toBe(true);
      canaries.assertAbsent('the outcomes', outcomes);
      await emulator.close();
    }
  });
});
