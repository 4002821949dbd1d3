import { describe, expect, it } from 'vitest';
import { resolveOptions } from '../../../src/engine/options.js';
import { createClients, type ConnectionOfRun } from '../../../src/engine/run/clients.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';

function clientsAt(time: { now: number }) {
  const clock = { now: () => time.now, sleep: () => Promise.resolve() };
  return createClients(resolveOptions({ source: memorySource(), drivers: [memoryDestination()], clock }));
}

const connection = (token: string, connectionId?: string): ConnectionOfRun => ({
  driver: { name: 'memory' },
  definition: connectionId === undefined ? {} : { connectionId },
  endpoint: 'https://memory.invalid',
  headers: { authorization: `Bearer ${token}` },
});

const DAY = 86_400_000;

describe('the client of a connection', () => {
  it('is the same for all runs through it', () => {
    const clientOf = clientsAt({ now: 0 });
    expect(clientOf(connection('a', 'one'))).toBe(clientOf(connection('a', 'one')));
    expect(clientOf(connection('a'))).toBe(clientOf(connection('a')));
  });

  it('is another one for another connection, even with the same token', () => {
    const clientOf = clientsAt({ now: 0 });
    const clients = [connection('a', 'one'), connection('a', 'two'), connection('a')].map(clientOf);
    expect(new Set(clients).size).toBe(3);
  });

  it('is replaced when the token changes, and the one with the old token is not kept', () => {
    const clientOf = clientsAt({ now: 0 });
    const old = clientOf(connection('old', 'one'));
    expect(clientOf(connection('new', 'one'))).not.toBe(old);
    expect(clientOf(connection('old', 'one'))).not.toBe(old);
  });

  it('is let go of after a day in which no run has asked for it', () => {
    const time = { now: 0 };
    const clientOf = clientsAt(time);
    const first = clientOf(connection('a', 'one'));
    time.now = DAY;
    expect(clientOf(connection('a', 'one'))).toBe(first);
    time.now = 2 * DAY + 1;
    expect(clientOf(connection('a', 'one'))).not.toBe(first);
  });
});
