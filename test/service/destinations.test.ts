import { describe, expect, it } from 'vitest';
import { defineDriver, type NamedResource } from '../../src/contracts/destination.js';
import { SecretSyncService } from '../../src/service/secret-sync-service.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createEngine, failure } from '../support/engine.js';

const TOKEN = 'a-token-of-the-destination';

/** A service whose driver lists this. */
function prepare(
  list: (credentials: unknown, ids: Readonly<Record<string, string>>) => Promise<readonly NamedResource[]>,
) {
  const listing = defineDriver({
    ...memoryDestination(),
    discovery: [{ path: 'teams/{teamId}/rooms', list }],
  });
  const { engine } = createEngine({
    drivers: [listing],
    connections: { c: { app: 'memory', credentials: { accessToken: TOKEN } } },
  });
  return new SecretSyncService({ engine, store: memoryStore() });
}

const asked = { destination: 'memory', path: 'teams/{teamId}/rooms', ids: { teamId: '7' } };

describe('the destinations of a service', () => {
  it('list what a driver lists, for the ids of the path', async () => {
    const { destinations } = prepare((_credentials, { teamId }) =>
      Promise.resolve([{ id: `${teamId}-1`, name: 'Kitchen' }]),
    );
    expect(destinations.list()).toEqual([
      { destination: 'memory', displayName: 'Memory', canImport: false, discovery: [asked.path] },
    ]);
    expect(await destinations.discover(asked)).toEqual([{ id: '7-1', name: 'Kitchen' }]);
  });

  it.each<
    readonly [
      what: string,
      request: object,
      code: 'UNKNOWN_DESTINATION' | 'INVALID_OPTION' | 'UNKNOWN_CONNECTION',
    ]
  >([
    ['a destination that is unknown', { ...asked, destination: 'nowhere' }, 'UNKNOWN_DESTINATION'],
    ['a path that the driver does not list', { ...asked, path: 'rooms' }, 'INVALID_OPTION'],
    ['a connection that is unknown', { ...asked, connectionId: 'none' }, 'UNKNOWN_CONNECTION'],
    ['a field that is unknown', { ...asked, team: 1 }, 'INVALID_OPTION'],
  ])('refuse %s', async (_what, request, code) => {
    const { destinations } = prepare(() => Promise.resolve([]));
    await failure(destinations.discover(request as typeof asked), code);
  });

  it('show nothing of what a driver throws or returns wrongly', async () => {
    const { destinations: throwing } = prepare(() => Promise.reject(new Error(TOKEN)));
    const error = await failure(throwing.discover(asked), 'DESTINATION_UNAVAILABLE');
    expect(error.message).not.toContain(TOKEN);
    const wrong = [{ id: 7 }] as unknown as { id: string; name: string }[];
    const { destinations: confused } = prepare(() => Promise.resolve(wrong));
    await failure(confused.discover(asked), 'INVALID_RESPONSE');
  });

  it('hand out no list in which a server echoes the token of the connection', async () => {
    for (const echo of [TOKEN, btoa(TOKEN), encodeURIComponent(`${TOKEN}/`)]) {
      const { destinations } = prepare(() => Promise.resolve([{ id: '1', name: `for ${echo}` }]));
      const error = await failure(destinations.discover({ ...asked, connectionId: 'c' }), 'INVALID_RESPONSE');
      expect(error.message).not.toContain(TOKEN);
    }
  });

  it('end with the reason of a signal, whatever the driver does', async () => {
    const { destinations } = prepare(() => new Promise(() => undefined));
    const abort = new AbortController();
    const listed = destinations.discover(asked, { signal: abort.signal });
    abort.abort('enough');
    await expect(listed).rejects.toBe('enough');
  });
});
