import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/contracts/error-codes.js';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { planSync } from '../../../src/core/plan-sync.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { parseDefinition } from '../../../src/engine/resolve/driver-registry.js';
import { withContext } from '../../../src/shared/problems.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition } from '../../support/engine.js';

describe('an error of a run', () => {
  it('says which run, definition, place, destination and connection it is about', async () => {
    const destination = memoryDestination({ accessToken: 'own' });
    const { engine, events } = createEngine({
      source: memorySource({ A: '1' }),
      drivers: [destination],
      connections: { eu: { app: 'memory', credentials: { accessToken: 'own' } } },
    });
    destination.failNext('forbidden', { method: 'read' });
    const error = await failure(engine.plan(memoryDefinition({ connectionId: 'eu' })), 'FORBIDDEN');
    const [started] = events;
    expect(error).toMatchObject({
      definitionId: 'nightly',
      destination: 'memory',
      connectionId: 'eu',
      runId: started !== undefined && 'runId' in started ? started.runId : '',
      place: started !== undefined && 'place' in started ? started.place : '',
    });
  });

  it('is the reason of the caller as it was, where that ended the run', async () => {
    const abort = new AbortController();
    const reason = new SecretSyncError('SYNC_BUSY', 'It is enough.');
    const source = {
      name: 'slow',
      read() {
        abort.abort(reason);
        return new Promise<never>(() => undefined);
      },
    };
    const { engine } = createEngine({ source, drivers: [memoryDestination()] });
    const error: unknown = await engine
      .plan(memoryDefinition(), { signal: abort.signal })
      .catch((thrown: unknown) => thrown);
    expect(error).toBe(reason);
    expect(reason.runId).toBeUndefined();
  });

  it('names the host of the request that failed', async () => {
    const { engine } = createEngine({
      drivers: [qovery({ accessToken: 'token' })],
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });
    const destinationConfig = {
      organizationId: '6b3a1a52-2a0e-4c1f-8d7e-9f1b2c3d4e5f',
      projectId: '0b7f4f0e-6b1a-4c52-9b0e-5d2f3c1a7e90',
    };
    const call = engine.plan({ name: 'a', destination: 'qovery', destinationConfig });
    const error = await failure(call, 'DESTINATION_UNAVAILABLE');
    expect(error.message).toContain('(GET api.qovery.com/');
  });

  it('that several runs share is each run’s own', () => {
    const shared = new SecretSyncError('UNAUTHORIZED', 'It is refused.', { status: 401 });
    const first = withContext(shared, { runId: 'first', definitionId: 'a' });
    const second = withContext(shared, { runId: 'second', definitionId: 'b' });
    expect(first).toBe(shared);
    expect(first).toMatchObject({ runId: 'first', definitionId: 'a' });
    expect(second).toMatchObject({ runId: 'second', definitionId: 'b', status: 401, stack: shared.stack });
  });
});

describe('credentials that are not valid', () => {
  it.each<[string, object | undefined, string]>([
    ['an empty token', { accessToken: '' }, '"credentials.accessToken": it is empty; set it'],
    [
      'a line break',
      { accessToken: 'canary\n' },
      '"credentials.accessToken": it contains a line break; remove it',
    ],
    ['no token', {}, '"credentials.accessToken": it is missing; set it'],
    [
      'a blank within',
      { accessToken: 'can ary' },
      '"credentials.accessToken": it is not a token; use visible ASCII characters only, without spaces and line breaks',
    ],
    [
      'no scheme',
      { accessToken: 'canary', instanceUrl: 'api.canary.com' },
      '"credentials.instanceUrl": it has no scheme; write it as https://host/path',
    ],
    [
      'a misspelled field',
      { accessToken: 'canary', instanceURL: 'https://canary.com' },
      '"credentials.instanceURL": it is unknown; remove it, or correct its name',
    ],
  ])('name the driver, the field and what is wrong: %s', async (_title, credentials, told) => {
    const definition = {
      name: 'a',
      destination: 'qovery',
      destinationConfig: {
        organizationId: '6b3a1a52-2a0e-4c1f-8d7e-9f1b2c3d4e5f',
        projectId: '0b7f4f0e-6b1a-4c52-9b0e-5d2f3c1a7e90',
      },
    };
    const own = createEngine({ drivers: [qovery(credentials as never)] });
    const error = await failure(own.engine.plan(definition), 'INVALID_OPTION');
    expect(error.message).toBe(`The credentials for the driver "qovery" are not valid: ${told}`);
    const connected = createEngine({
      drivers: [qovery()],
      connections: { eu: { app: 'qovery', credentials } },
    });
    const other = await failure(
      connected.engine.plan({ ...definition, connectionId: 'eu' }),
      'INVALID_OPTION',
    );
    expect(other.message).toBe(
      `The credentials of the connection "eu" for the driver "qovery" are not valid: ${told}`,
    );
    const discovered = await failure(qovery().validateConnection(credentials as never), 'INVALID_OPTION');
    expect(discovered.message).toBe(`The credentials for Qovery are not valid: ${told}`);
    expect(error.message + other.message + discovered.message).not.toContain('canary');
  });
});

describe('an error of a call that no run was begun for', () => {
  const config = {
    organizationId: '6b3a1a52-2a0e-4c1f-8d7e-9f1b2c3d4e5f',
    projectId: '0b7f4f0e-6b1a-4c52-9b0e-5d2f3c1a7e90',
  };
  const definition = { name: 'nightly', destination: 'qovery', destinationConfig: config };
  const connected = { ...definition, connectionId: 'eu' };
  const known = { definitionId: 'nightly', destination: 'qovery' };
  const inEu = { ...known, connectionId: 'eu' };

  const setUp = (eu: unknown) =>
    createEngine({
      drivers: [qovery(), memoryDestination()],
      connections: { eu } as never,
    }).engine;

  const contextOf = (error: SecretSyncError) => ({
    definitionId: error.definitionId,
    destination: error.destination,
    connectionId: error.connectionId,
    place: error.place,
    runId: error.runId,
  });
  const only = (context: object) => ({
    definitionId: undefined,
    destination: undefined,
    connectionId: undefined,
    place: undefined,
    runId: undefined,
    ...context,
  });
  const good = { app: 'qovery', credentials: { accessToken: 'canary-token' } };

  it.each<[string, unknown, unknown, ErrorCode, object]>([
    ['a field is wrong', { ...connected, isEnabled: 1 }, good, 'INVALID_DEFINITION', inEu],
    [
      'it has an id',
      { ...connected, id: 'the-id', isEnabled: 1 },
      good,
      'INVALID_DEFINITION',
      { ...inEu, definitionId: 'the-id' },
    ],
    [
      'its config is wrong',
      { ...definition, destinationConfig: {}, connectionId: 'eu' },
      good,
      'INVALID_DEFINITION',
      inEu,
    ],
    [
      'its key schema is wrong',
      { ...connected, syncOptions: { keySchema: 'A' } },
      good,
      'INVALID_KEY_SCHEMA',
      inEu,
    ],
    [
      'its id is wrong',
      { ...connected, id: 'can ary' },
      good,
      'INVALID_DEFINITION',
      { destination: 'qovery', connectionId: 'eu' },
    ],
    [
      'its name is wrong',
      { ...connected, name: 'Canary!' },
      good,
      'INVALID_DEFINITION',
      { destination: 'qovery', connectionId: 'eu' },
    ],
    ['its connectionId is wrong', { ...definition, connectionId: 7 }, good, 'INVALID_DEFINITION', known],
    [
      'no driver has the name',
      { ...connected, destination: 'canary' },
      good,
      'UNKNOWN_DESTINATION',
      { definitionId: 'nightly', connectionId: 'eu' },
    ],
    [
      'no connection has the id',
      { ...definition, connectionId: 'us' },
      good,
      'UNKNOWN_CONNECTION',
      { ...known, connectionId: 'us' },
    ],
    ['there are no credentials', definition, good, 'UNKNOWN_CONNECTION', known],
    [
      'the connection is for another driver',
      connected,
      { ...good, app: 'memory' },
      'CONNECTION_MISMATCH',
      inEu,
    ],
    [
      'the credentials are wrong',
      connected,
      { app: 'qovery', credentials: { accessToken: 'can\nary' } },
      'INVALID_OPTION',
      inEu,
    ],
    [
      'the address is refused',
      connected,
      { app: 'qovery', credentials: { accessToken: 'canary', instanceUrl: 'https://169.254.169.254' } },
      'UNSAFE_URL',
      inEu,
    ],
    ['it is no object', 'canary', good, 'INVALID_DEFINITION', {}],
  ])('names the sync as far as its definition does: %s', async (_title, input, eu, code, context) => {
    const engine = setUp(eu);
    for (const call of [
      engine.plan(input as never),
      engine.sync(input as never),
      engine.release(input as never),
    ]) {
      const error = await failure(call, code);
      expect(contextOf(error)).toEqual(only(context));
      expect(JSON.stringify(error)).not.toMatch(/can.?ary/i);
    }
  });

  it('names the sync that is disabled, and its place', async () => {
    const { engine } = createEngine({ drivers: [memoryDestination()] });
    const error = await failure(engine.sync(memoryDefinition({ isEnabled: false })), 'SYNC_DISABLED');
    const { place } = await engine.plan(memoryDefinition());
    expect(contextOf(error)).toEqual(only({ definitionId: 'nightly', destination: 'memory', place }));
  });

  it('names the sync of a plan that cannot be applied', async () => {
    const destination = memoryDestination();
    const { engine } = createEngine({ drivers: [destination], source: memorySource({ A: '1' }) });
    const plan = await engine.plan(memoryDefinition());
    const edited = await failure(engine.apply({ ...plan, place: 'elsewhere' }), 'PLAN_INVALID');
    expect(contextOf(edited)).toEqual(only({ definitionId: 'nightly', destination: 'memory' }));
    const { engine: other } = createEngine({ drivers: [qovery()] });
    const unfit = await failure(other.apply(plan), 'PLAN_INVALID');
    expect(contextOf(unfit)).toEqual(only({ definitionId: 'nightly' }));
  });

  it('names the sync of a definition that is parsed or planned by itself', () => {
    const broken = { ...connected, isEnabled: 1 };
    const thrown = (call: () => unknown) => {
      try {
        return call();
      } catch (error) {
        return error;
      }
    };
    expect(thrown(() => parseDefinition(broken, [qovery()]))).toMatchObject(inEu);
    const input = { definition: broken, source: {}, destination: {} } as never;
    expect(thrown(() => planSync(input))).toMatchObject({ definitionId: 'nightly', connectionId: 'eu' });
  });

  it('is the reason of the caller as it was', async () => {
    const reason = new SecretSyncError('SYNC_BUSY', 'It is enough.');
    const abort = new AbortController();
    const { engine } = createEngine({
      drivers: [qovery()],
      connections() {
        abort.abort(reason);
        return new Promise<never>(() => undefined);
      },
    });
    const error: unknown = await engine
      .plan(connected, { signal: abort.signal })
      .catch((thrown: unknown) => thrown);
    expect(error).toBe(reason);
    expect(Object.keys(reason)).not.toContain('definitionId');
  });
});
