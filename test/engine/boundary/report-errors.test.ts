import { describe, expect, it } from 'vitest';
import type { StateStore } from '../../../src/contracts/state-store.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition } from '../../support/engine.js';
import { collectUnhandledRejections } from '../../support/unhandled-rejections.js';

const RAW = new Error('hunter2 was refused');
const fail = (): never => {
  throw RAW;
};
const reject = () => Promise.reject(RAW);

/** What is told of a sync in which something fails, and what the call throws. */
async function toldOf(setup: object, definition: object = memoryDefinition()) {
  const told: (readonly [unknown, string])[] = [];
  const { engine } = createEngine({
    source: memorySource({ A: '1' }),
    drivers: [memoryDestination()],
    onForeignError: (error, where) => void told.push([error, where]),
    ...setup,
  });
  const error: unknown = await engine.sync(definition as never).catch((thrown: unknown) => thrown);
  return { told, error };
}

describe('onForeignError', () => {
  const store = (methods: Partial<StateStore>): StateStore => ({ ...memoryStore(), ...methods });
  const driver = memoryDestination();
  it.each<[string, object, string, object?]>([
    ['a source that throws', { source: { name: 'odd', read: fail } }, 'source.read'],
    ['a source that rejects', { source: Object.freeze({ name: 'odd', read: reject }) }, 'source.read'],
    ['a store', { store: store({ get: reject }) }, 'store.get'],
    ['a driver', { drivers: [Object.freeze({ ...driver, identity: fail })] }, 'driver.identity'],
    [
      'a connection',
      { drivers: [{ ...driver, connect: () => ({ read: reject, write: reject }) }] },
      'driver.read',
    ],
    ['connections', { connections: reject }, 'connections', memoryDefinition({ connectionId: 'eu' })],
    [
      'fetch',
      { fetch: reject, drivers: [qovery({ accessToken: 'token' })], retry: { retries: 0 } },
      'fetch',
      {
        name: 'a',
        destination: 'qovery',
        destinationConfig: {
          organizationId: '6b3a1a52-2a0e-4c1f-8d7e-9f1b2c3d4e5f',
          projectId: '0b7f4f0e-6b1a-4c52-9b0e-5d2f3c1a7e90',
        },
      },
    ],
  ])(
    'gets the raw error of %s, and where it was thrown; nothing else does',
    async (_title, setup, where, definition) => {
      const { told, error } = await toldOf(setup, definition);
      expect(told.length).toBeGreaterThan(0);
      expect(new Set(told.map(([raw]) => raw))).toEqual(new Set([RAW]));
      expect(new Set(told.map(([, place]) => place))).toEqual(new Set([where]));
      expect(String(error)).not.toContain('hunter2');
    },
  );

  it('changes nothing by what it throws', async () => {
    const { error } = await toldOf({ source: { name: 'odd', read: fail }, onForeignError: fail });
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED' });
  });

  it.each([
    ['throws', fail],
    ['rejects', reject],
  ])('leaves no rejection of its own unhandled, for a source that %s', async (_what, read) => {
    const unhandled = collectUnhandledRejections();
    const { error } = await toldOf({ source: { name: 'odd', read }, onForeignError: reject });
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED' });
    expect(await unhandled()).toEqual([]);
  });

  it('changes nothing of a run in which nothing fails, and is not told of errors of this library', async () => {
    class Vault {
      readonly name = 'vault';
      readonly #secrets = { A: '1' };
      read() {
        return this.#secrets;
      }
    }
    const good = await toldOf({ source: new Vault() });
    expect(good).toMatchObject({ told: [], error: { status: 'succeeded' } });
    const destination = memoryDestination();
    destination.failNext('forbidden', { method: 'read' });
    expect(await toldOf({ drivers: [destination] })).toMatchObject({
      told: [],
      error: { code: 'FORBIDDEN' },
    });
  });

  it('must be a function', async () => {
    const options = { drivers: [memoryDestination()], onForeignError: 'log' as never };
    await failure(() => createEngine(options), 'INVALID_OPTION');
  });
});
