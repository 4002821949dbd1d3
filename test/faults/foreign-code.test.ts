import { describe, expect, it } from 'vitest';
import type { Capabilities, DestinationConnection } from '../../src/contracts/destination.js';
import { isSecretSyncError, SecretSyncError } from '../../src/contracts/errors.js';
import type { SecretSource } from '../../src/contracts/source.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition } from '../support/engine.js';
import { collectUnhandledRejections } from '../support/unhandled-rejections.js';
import { createVirtualClock } from '../support/virtual-clock.js';
import { assertClean, noteEnd, TOKEN, VALUES, type Channels } from './leaks/leak-channels.js';
import type { SyncResult } from '../../src/contracts/result.js';
import type { AnyDestinationDriver } from '../../src/contracts/typed-definition.js';

const [VALUE = ''] = VALUES;

const capabilitiesOf = (driver: AnyDestinationDriver): Capabilities =>
  typeof driver.capabilities === 'function' ? driver.capabilities({ place: 'default' }) : driver.capabilities;

/** A memory destination whose driver does one thing otherwise. */
const altered = (change: (driver: AnyDestinationDriver) => Partial<AnyDestinationDriver>) => {
  const driver: AnyDestinationDriver = memoryDestination({ accessToken: TOKEN });
  return { ...driver, ...change(driver) };
};

const alteredCapabilities = (change: Partial<Capabilities>) =>
  altered((driver) => ({ capabilities: { ...capabilitiesOf(driver), ...change } }));

const alteredConnection = (change: (connection: DestinationConnection) => object) =>
  altered((driver) => ({
    connect: (options) => {
      const connection = driver.connect(options);
      return { ...connection, ...change(connection) };
    },
  }));

/** Throws what it was given, like code that means well with whoever reads its errors. */
const quoting = (...given: unknown[]): never => {
  throw new TypeError(`can't work with ${JSON.stringify(given)} ${VALUE} ${TOKEN}`, { cause: given });
};

/** Throws an error whose every property throws another one. */
const throwing = (): never => {
  const error = new Proxy<Error>(new Error(VALUE), { get: quoting, has: quoting, getPrototypeOf: quoting });
  throw error;
};

class Refusal extends SecretSyncError {
  toJSON() {
    return { response: VALUE };
  }
}

/** Answers something that is no answer at all, whatever the types say. */
const answering = (answer: unknown) => () => answer as never;

describe('what foreign code throws or answers shows no value and no token', () => {
  const cause = { request: { body: VALUE, token: TOKEN } };
  const rejected = new SecretSyncError('DESTINATION_REJECTED', 'A value was refused.', { cause });
  it.each<[string, AnyDestinationDriver]>([
    ['endpoint() that throws', altered(() => ({ endpoint: quoting }))],
    ['endpoint() that answers no text', altered(() => ({ endpoint: answering({ url: TOKEN }) }))],
    ['authorization() that throws', altered(() => ({ authorization: quoting }))],
    ['authorization() that answers no headers', altered(() => ({ authorization: answering([[TOKEN]]) }))],
    ['identity() that throws', altered(() => ({ identity: quoting }))],
    ['identity() that answers no text', altered(() => ({ identity: answering(undefined) }))],
    ['capabilities() that throws', altered(() => ({ capabilities: quoting }))],
    ['connect() that throws', altered(() => ({ connect: quoting }))],
    ['checkKey() that throws', alteredCapabilities({ checkKey: quoting })],
    ['checkValue() that throws', alteredCapabilities({ checkValue: quoting })],
    ['isReserved() that throws', alteredCapabilities({ isReserved: quoting })],
    ['canonicalKey() that throws', alteredCapabilities({ canonicalKey: quoting })],
    ['warn() that throws', alteredCapabilities({ warn: quoting })],
    ['read() that throws', alteredConnection(() => ({ read: quoting }))],
    ['read() that answers nothing', alteredConnection(() => ({ read: async () => undefined }))],
    ['read() that answers no entries', alteredConnection(() => ({ read: async () => ({ entries: VALUE }) }))],
    [
      'read() that answers entries without keys',
      alteredConnection(() => ({ read: async () => ({ entries: [{ name: 'A', value: VALUE }] }) })),
    ],
    ['write() that throws', alteredConnection(() => ({ write: quoting }))],
    [
      'write() that throws one of our errors with a cause',
      alteredConnection(() => ({
        write: async () => {
          throw rejected;
        },
      })),
    ],
    [
      'read() that throws one of our errors with more in it',
      alteredConnection(() => ({
        read: async () => {
          throw Object.assign(new SecretSyncError('DESTINATION_REJECTED', 'It was refused.'), {
            response: cause,
          });
        },
      })),
    ],
    [
      'read() that throws an error of a class of its own made of ours',
      alteredConnection(() => ({
        read: async () => {
          throw new Refusal('DESTINATION_REJECTED', 'It was refused.');
        },
      })),
    ],
    ['read() that throws what throws when it is looked at', alteredConnection(() => ({ read: throwing }))],
    ['write() that throws what throws when it is looked at', alteredConnection(() => ({ write: throwing }))],
    ['identity() that throws what throws when it is looked at', altered(() => ({ identity: throwing }))],
    ['write() that answers nothing', alteredConnection(() => ({ write: async () => undefined }))],
    ['write() that answers no outcomes', alteredConnection(() => ({ write: async () => [VALUE] }))],
    [
      'write() that answers errors of its own',
      alteredConnection(() => ({
        write: async () => [{ key: 'A', status: 'failed', error: new Error(`bad ${VALUE}`, { cause }) }],
      })),
    ],
    [
      'write() that tells errors of its own',
      alteredConnection(() => ({
        write: async (_batch: unknown, options: { onOutcome: (told: object) => void }) => {
          options.onOutcome({ key: 'A', status: 'failed', error: `bad ${VALUE}` });
          return [];
        },
      })),
    ],
    [
      'a schema for credentials that throws',
      altered(() => ({
        credentialsSchema: { '~standard': { version: 1, vendor: 'test', validate: quoting } },
      })),
    ],
    [
      'a schema for credentials that rejects',
      altered(() => ({
        credentialsSchema: {
          '~standard': { version: 1, vendor: 'test', validate: async (input) => quoting(input) },
        },
      })),
    ],
  ])('a driver with %s', async (_title, driver) => {
    const channels: Channels = new Map();
    const { engine, events } = createEngine({ source: memorySource({ A: VALUE }), drivers: [driver] });
    await noteEnd(channels, () => engine.sync(memoryDefinition()));
    await noteEnd(channels, () => engine.removeSecrets(memoryDefinition()));
    const errors = channels.get('an error') ?? [];
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.filter((error) => !isSecretSyncError(error))).toEqual([]);
    channels.set('the events', events);
    assertClean(channels);
  });

  it('credentials with a field too many, whose name is a token', async () => {
    const channels: Channels = new Map();
    const connections = { mine: { app: 'memory', credentials: { accessToken: 'x', [TOKEN]: 1 } } };
    const { engine } = createEngine({ drivers: [memoryDestination()], connections });
    await noteEnd(channels, () => engine.sync(memoryDefinition({ connectionId: 'mine' })));
    expect(channels.get('an error')).toMatchObject([{ code: 'INVALID_OPTION' }]);
    assertClean(channels);
  });
});

describe('a write whose answer is no answer', () => {
  it('is settled by reading back', async () => {
    const destination = memoryDestination();
    const inner: AnyDestinationDriver = destination;
    const driver: AnyDestinationDriver = {
      ...inner,
      connect(options) {
        const connection = inner.connect(options);
        return {
          ...connection,
          async write(batch, { signal }) {
            await connection.write(batch, { signal, onOutcome: () => undefined });
            return answering(undefined)();
          },
        };
      },
    };
    const { engine } = createEngine({ source: memorySource({ A: '1' }), drivers: [driver] });
    const result = await engine.sync(memoryDefinition());
    expect(result.outcomes).toMatchObject([{ key: 'A', status: 'applied' }]);
    expect(Object.fromEntries(destination.values())).toEqual({ A: '1' });
  });
});

describe('a run that waits for foreign code', () => {
  const never = () => new Promise<never>(() => undefined);
  const source = memorySource({ A: '1' });
  const storeWith = (change: Partial<StateStore>): StateStore => ({ ...memoryStore(), ...change });

  interface Setup {
    readonly source?: SecretSource;
    readonly driver?: AnyDestinationDriver;
    readonly store?: StateStore;
    readonly connections?: () => Promise<never>;
  }

  const cases: readonly (readonly [string, () => Setup])[] = [
    ['a source that does not answer', () => ({ source: { name: 'stuck', read: never } })],
    ['a function for connections that does not answer', () => ({ connections: never })],
    ['a store that answers no read', () => ({ store: storeWith({ get: never }) })],
    ['a store that takes nothing', () => ({ store: storeWith({ put: never }) })],
    [
      'a store that takes no state',
      () => {
        const inner = memoryStore();
        return {
          store: {
            ...inner,
            put: (key, ...rest) => (key.startsWith('places/') ? never() : inner.put(key, ...rest)),
          },
        };
      },
    ],
    ['a store that deletes nothing', () => ({ store: storeWith({ delete: never }) })],
    ['a driver that does not read', () => ({ driver: alteredConnection(() => ({ read: never })) })],
    ['a driver that does not write', () => ({ driver: alteredConnection(() => ({ write: never })) })],
  ];

  function setUp(create: () => Setup, runTimeout?: number) {
    const clock = createVirtualClock();
    const setup = create();
    const connections = setup.connections;
    const { engine } = createEngine<readonly AnyDestinationDriver[]>({
      source: setup.source ?? source,
      drivers: [setup.driver ?? memoryDestination()],
      ...(setup.store !== undefined && { store: setup.store }),
      ...(connections !== undefined && { connections }),
      ...(runTimeout !== undefined && { runTimeout }),
      clock,
    });
    const definition = memoryDefinition(connections === undefined ? {} : { connectionId: 'mine' });
    return { clock, engine, definition };
  }

  const endOf = (run: Promise<SyncResult>): Promise<string> =>
    run.then(
      ({ status }) => status,
      (error: unknown) => (isSecretSyncError(error) ? error.code : String(error)),
    );

  it.each(cases)('ends by its signal, and leaves no timer: %s', async (_title, create) => {
    const { clock, engine, definition } = setUp(create);
    const controller = new AbortController();
    let end: string | undefined;
    void endOf(engine.sync(definition, { signal: controller.signal })).then((text) => (end = text));
    await clock.advance(1_000);
    expect(end).toBeUndefined();
    controller.abort('enough');
    await clock.advance(12_000);
    // What was done before stays done: only the lease could not be given back.
    expect(end).toMatch(/^(enough|STATE_NOT_SAVED|succeeded)$/);
    expect(clock.sleepers).toBe(0);
  });

  it.each(cases)('ends at its deadline, and leaves no timer: %s', async (_title, create) => {
    const { clock, engine, definition } = setUp(create, 2_000);
    let end: string | undefined;
    void endOf(engine.sync(definition)).then((text) => (end = text));
    await clock.advance(15_000);
    expect(end).toMatch(/^(TIMEOUT|STATE_NOT_SAVED|succeeded)$/);
    expect(clock.sleepers).toBe(0);
  });

  it('is not begun, and asks for no connection, when its signal was aborted before', async () => {
    let asked = 0;
    const connections = async () => {
      asked += 1;
      return undefined;
    };
    const { engine } = createEngine({ drivers: [memoryDestination()], connections });
    const signal = AbortSignal.abort('why');
    await expect(engine.sync(memoryDefinition({ connectionId: 'mine' }), { signal })).rejects.toBe('why');
    expect(asked).toBe(0);
  });

  it('tells the destination to stop when the source has failed', async () => {
    let told: unknown;
    const driver = alteredConnection(() => ({
      read: ({ signal }: { signal: AbortSignal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            told = signal.reason;
            reject(new Error('stopped'));
          }),
        ),
    }));
    const failing: SecretSource = { name: 'down', read: () => Promise.reject(new Error('down')) };
    const { engine } = createEngine({ source: failing, drivers: [driver] });
    const error = await failure(engine.sync(memoryDefinition()), 'SOURCE_READ_FAILED');
    expect(told).toBe(error);
  });
});

describe('foreign code that fails beside the run', () => {
  it('as a store that throws at once when the lease is given back, changes nothing of its end', async () => {
    const store: StateStore = {
      ...memoryStore(),
      delete: () => {
        throw new Error('refused');
      },
    };
    const destination = memoryDestination();
    const { engine } = createEngine({ source: memorySource({ A: '1' }), drivers: [destination], store });
    expect((await engine.sync(memoryDefinition())).status).toBe('succeeded');
  });

  it('as an observer that rejects, is not an unhandled rejection', async () => {
    const unhandled = collectUnhandledRejections();
    const engine = new SecretSyncEngine({
      source: memorySource({ A: '1' }),
      drivers: [memoryDestination()],
      onEvent: () => Promise.reject(new Error('the observer is out of order')),
    });
    await engine.sync(memoryDefinition());
    expect(await unhandled()).toEqual([]);
  });
});
