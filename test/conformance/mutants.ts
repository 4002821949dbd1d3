import * as z from 'zod';
import type {
  Capabilities,
  ConnectOptions,
  DestinationConnection,
  WriteChange,
  WriteOutcome,
} from '../../src/contracts/destination.js';
import { SecretSyncError } from '../../src/contracts/errors.js';
import type {
  MemoryConfig,
  MemoryCredentials,
  MemoryDestination,
  MemoryDestinationOptions,
} from '../../src/testing/memory-destination/types.js';
import type { AnyDestinationDriver } from '../../src/contracts/typed-definition.js';

type Destination = MemoryDestination<'memory'>;

/** A driver with one mistake, and the promise that it breaks. */
export interface Mutant {
  readonly mistake: string;
  /** Stands in the title of the tests that must find it. */
  readonly found: RegExp;
  readonly options?: MemoryDestinationOptions<'memory'>;
  readonly make: (destination: Destination) => AnyDestinationDriver;
}

type Around = (
  connection: DestinationConnection,
  destination: Destination,
  options: ConnectOptions<unknown, unknown>,
) => Partial<DestinationConnection>;

const placeOf = (config: unknown): string => z.object({ place: z.string() }).parse(config).place;

/** Puts something around the connections of a driver. */
const connected =
  (around: Around) =>
  (destination: Destination): AnyDestinationDriver => {
    const driver: AnyDestinationDriver = destination;
    return {
      ...driver,
      connect(options) {
        const connection = driver.connect(options);
        return { ...connection, ...around(connection, destination, options) };
      },
    };
  };

/** Does something with each change before it is written. */
const onChange = (
  look: (change: WriteChange, options: ConnectOptions<unknown, unknown>) => void | Promise<void>,
) =>
  connected((connection, _destination, options) => ({
    async write(batch, writeOptions) {
      for (const change of batch.changes) await look(change, options);
      return connection.write(batch, writeOptions);
    },
  }));

/** Writes altered changes, and says of all that they were written. */
const onChanges = (alter: (changes: readonly WriteChange[]) => readonly WriteChange[]) =>
  connected((connection) => ({
    async write({ phase, changes }, options) {
      const altered = alter(changes);
      if (altered.length > 0)
        await connection.write({ phase, changes: altered }, { ...options, onOutcome: () => undefined });
      const outcomes = changes.map(({ key }): WriteOutcome => ({ key, status: 'applied' }));
      outcomes.forEach((outcome) => options.onOutcome(outcome));
      return outcomes;
    },
  }));

const capable =
  (alter: (capabilities: Capabilities) => Partial<Capabilities>) =>
  (destination: Destination): AnyDestinationDriver => {
    const capabilities = (config: MemoryConfig) => {
      const own = destination.capabilities(config);
      return { ...own, ...alter(own) };
    };
    return { ...destination, capabilities };
  };

const LEAK = /shows no value and no token anywhere when all goes well/;

export const LEAKING: readonly Mutant[] = [
  {
    mistake: 'prints a value',
    found: LEAK,
    make: onChange(({ value }) => console.log('writing', value?.reveal())),
  },
  {
    mistake: 'writes a value to stderr, in base64',
    found: LEAK,
    make: onChange(
      ({ value }) =>
        void process.stderr.write(
          btoa(encodeURIComponent(value?.reveal() ?? '')) +
            Buffer.from(value?.reveal() ?? '').toString('base64'),
        ),
    ),
  },
  {
    mistake: 'quotes a value in an error',
    found: LEAK,
    make: onChange(({ key, value }) => {
      if (!key.endsWith('KEY_0')) return;
      throw new SecretSyncError('DESTINATION_REJECTED', `It does not take ${value?.reveal()}.`);
    }),
  },
  {
    mistake: 'has a value in the cause of an error',
    found: LEAK,
    make: onChange(({ key, value }) => {
      if (!key.endsWith('KEY_0')) return;
      throw new SecretSyncError('DESTINATION_REJECTED', 'It does not take it.', {
        cause: { body: { value: value?.reveal() } },
      });
    }),
  },
  {
    mistake: 'keeps a value as a fact',
    found: LEAK,
    make: onChange(({ value }, { facts }) => facts.set('last', value?.reveal() ?? '')),
  },
  {
    mistake: 'tells a value as the revision',
    found: /^tells no value in ids/,
    make: connected((connection) => ({
      async write(batch, options) {
        await connection.write(batch, { ...options, onOutcome: () => undefined });
        const outcomes = batch.changes.map(({ key, value }): WriteOutcome => ({
          key,
          status: 'applied',
          revision: value?.reveal() ?? '',
        }));
        outcomes.forEach((outcome) => options.onOutcome(outcome));
        return outcomes;
      },
    })),
  },
  {
    mistake: 'quotes a value in a warning',
    found: LEAK,
    make: capable(() => ({ warn: ({ value }) => [{ code: 'LOUD', message: `It is ${value?.reveal()}.` }] })),
  },
  {
    mistake: 'sends a value in a path',
    found: LEAK,
    make: onChange(async ({ value }, { http }) => {
      if (value !== undefined && !value.isEmpty)
        await http.request({ operation: 'look', method: 'GET', path: [value.reveal()] });
    }),
  },
  {
    mistake: 'sends a value in a header',
    found: LEAK,
    make: onChange(async ({ value }, { http }) => {
      await http.request({
        operation: 'look',
        method: 'GET',
        headers: { 'x-value': encodeURIComponent(value?.reveal() ?? '') },
      });
    }),
  },
  {
    mistake: 'quotes the token when it is refused',
    found: LEAK,
    make: connected((connection, _destination, { credentials }) => ({
      async read(options) {
        return connection.read(options).catch(() => {
          throw new SecretSyncError(
            'UNAUTHORIZED',
            `The token of ${JSON.stringify(credentials)} is not accepted.`,
          );
        });
      },
    })),
  },
  {
    mistake: 'has the token in the identity',
    found: /shows no token in identity and endpoint/,
    make: (destination) => ({
      ...destination,
      identity: (credentials: MemoryCredentials, config: MemoryConfig) =>
        `${destination.identity(credentials, config)}#${credentials.accessToken}`,
    }),
  },
  {
    mistake: 'quotes a value in checkValue',
    found: /quotes no value in what it says/,
    make: capable(() => ({
      checkValue: (value) => (value.includes('\0') ? `${value} holds NUL` : undefined),
    })),
  },
];

export const HARMING: readonly Mutant[] = [
  {
    mistake: 'deletes all that stands at the place',
    found:
      /loses nothing that stands outside|creates, updates and deletes what it is told|creates, updates, deletes/,
    make: connected((connection, destination, { config }) => ({
      async write(batch, options) {
        if (batch.phase === 'delete') {
          const place = placeOf(config);
          for (const { key } of destination.entries(place)) destination.delete(key, { place });
        }
        return connection.write(batch, options);
      },
    })),
  },
  {
    mistake: 'deletes what it was not told to write, as a call that sets the whole environment does',
    found:
      /loses nothing that stands outside|is written only what changed|creates, updates and deletes what it is told/,
    make: connected((connection, destination, { config }) => ({
      async write(batch, options) {
        const place = placeOf(config);
        const keys = new Set(batch.changes.map(({ key }) => key));
        for (const { key } of destination.entries(place))
          if (!keys.has(key)) destination.delete(key, { place });
        return connection.write(batch, options);
      },
    })),
  },
  {
    mistake: 'deletes reserved keys',
    found: /loses none of its reserved keys/,
    make: connected((connection, destination, { config }) => ({
      async write(batch, options) {
        destination.delete('PLATFORM_KEY', { place: placeOf(config) });
        return connection.write(batch, options);
      },
    })),
  },
  {
    mistake: 'does not know its reserved keys',
    found: /loses none of its reserved keys|knows its reserved key/,
    make: capable(() => ({ isReserved: () => false })),
  },
  {
    mistake: 'deletes at every place',
    found: /keeps its places apart/,
    make: connected((connection, destination) => ({
      async write(batch, options) {
        if (batch.phase === 'delete')
          for (const { key } of batch.changes) destination.delete(key, { place: 'there' });
        return connection.write(batch, options);
      },
    })),
  },
  {
    mistake: 'writes while it reads',
    found: /is not written by a plan/,
    make: connected((connection, destination, { config }) => ({
      async read(options) {
        destination.set('LOOKED', 'here', { place: placeOf(config) });
        return connection.read(options);
      },
    })),
  },
  {
    mistake: 'writes a batch over what somebody else changed',
    found: /throws CONFLICT for a batch/,
    options: { writes: 'batch' },
    make: connected((connection) => ({
      async write(batch, options) {
        await connection.read(options);
        return connection.write(batch, options);
      },
    })),
  },
];

export const UNTRUE: readonly Mutant[] = [
  {
    mistake: 'says that it wrote what it left out',
    found: /creates, updates and deletes what it is told|ends with what the source holds/,
    make: onChanges((changes) => changes.slice(1)),
  },
  {
    mistake: 'loses __proto__',
    found: /takes __proto__/,
    make: onChanges((changes) => changes.filter(({ key }) => key !== '__proto__')),
  },
  {
    mistake: 'does not tell outcomes as they come',
    found: /tells one outcome for each key/,
    make: connected((connection) => ({
      write: (batch, options) => connection.write(batch, { ...options, onOutcome: () => undefined }),
    })),
  },
  {
    mistake: 'has two outcomes for a key',
    found: /tells one outcome for each key/,
    make: connected((connection) => ({
      async write(batch, options) {
        const outcomes = await connection.write(batch, options);
        outcomes.forEach((outcome) => options.onOutcome(outcome));
        return [...outcomes, ...outcomes];
      },
    })),
  },
  {
    mistake: 'does not heed its signal',
    found: /does not start what was aborted before/,
    make: connected((connection) => {
      const { signal } = new AbortController();
      return {
        read: () => connection.read({ signal }),
        write: (batch, options) => connection.write(batch, { ...options, signal }),
      };
    }),
  },
  {
    mistake: 'rejects an abort with an error of its own',
    found: /rejects with the reason/,
    make: connected((connection) => ({
      read: (options) =>
        connection.read(options).catch(() => {
          throw new SecretSyncError('TIMEOUT', 'It was aborted.');
        }),
    })),
  },
  {
    mistake: 'takes any token for good',
    found: /validates credentials/,
    make: (destination) => ({ ...destination, validateConnection: async () => undefined }),
  },
  {
    mistake: 'asks for more at once than it may',
    found: /is asked for no more at the same time/,
    options: { concurrency: 100 },
    make: (destination) => ({
      ...destination,
      connect: (options: ConnectOptions<MemoryCredentials, MemoryConfig>) =>
        destination.connect({ ...options, http: { ...options.http, concurrency: 100 } }),
    }),
  },
  {
    mistake: 'has the kind in the identity',
    found: /whatever the credentials and the kind/,
    options: { kind: 'secret' },
    make: (destination) => ({
      ...destination,
      identity: (credentials: MemoryCredentials, config: MemoryConfig) =>
        `${destination.identity(credentials, config)}/${config.kind ?? 'secret'}`,
    }),
  },
  {
    mistake: 'gives all places one identity',
    found: /names two places differently/,
    make: (destination) => ({ ...destination, identity: () => 'memory:one' }),
  },
  {
    mistake: 'takes unknown fields',
    found: /refuses a config and credentials with unknown fields/,
    make: (destination) => ({
      ...destination,
      configSchema: z.looseObject({ place: z.string(), kind: z.string().optional() }),
    }),
  },
  {
    mistake: 'parses its config later',
    found: /takes its config and credentials without waiting/,
    make: (destination) => ({
      ...destination,
      configSchema: {
        '~standard': {
          version: 1,
          vendor: 'later',
          validate: async (input: unknown) => destination.configSchema['~standard'].validate(input),
        },
      },
    }),
  },
  {
    mistake: 'says something else each time of what it can do',
    found: /returns endpoint, headers and capabilities the same way/,
    make: (destination) => {
      let asked = 0;
      return capable(() => ({ import: (asked += 1) % 2 === 0 }))(destination);
    },
  },
  {
    mistake: 'says that it can be imported from, and shows no value',
    found: /gives its values to an import|reads what exists there/,
    options: { readable: false, import: true },
    make: (destination) => destination,
  },
  {
    mistake: 'shows a new revision at each read',
    found: /reads the same when nothing changed/,
    make: connected((connection) => {
      return {
        async read(options) {
          const { entries } = await connection.read(options);
          return { entries: entries.map((entry) => ({ ...entry, revision: crypto.randomUUID() })) };
        },
      };
    }),
  },
];
