import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
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
