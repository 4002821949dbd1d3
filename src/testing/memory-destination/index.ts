import { checkArguments } from '../../shared/arguments/check.js';
import { anObject } from '../../shared/arguments/rules.js';
import { concealed } from '../../shared/concealed.js';
import * as z from 'zod';
import { SecretSyncError } from '../../contracts/errors.js';
import { SecretValue } from '../../contracts/secret.js';
import { isReadable, memoryCapabilities } from './capabilities.js';
import { connectMemory } from './connection.js';
import { createMemoryFailures } from './failures.js';
import type { MemoryCall, MemoryIntercept } from './faults.js';
import { createMemoryPlace, type MemoryPlace } from './place.js';
import type {
  MemoryConfig,
  MemoryConfigInput,
  MemoryCredentials,
  MemoryDestination,
  MemoryDestinationOptions,
} from './types.js';

const credentialsSchema: z.ZodType<MemoryCredentials> = z.strictObject({
  accessToken: z.string('it must be text').min(1, 'it is empty'),
});
const configSchema: z.ZodType<MemoryConfig, MemoryConfigInput> = z.strictObject({
  place: z.string('it must be text').min(1, 'it is empty').default('default'),
  kind: z.string('it must be text').min(1, 'it is empty').optional(),
});

/**
 * Makes a destination in memory: for unit tests of your own syncs, without a network. It keeps the promises of a
 * driver, has any number of places, and several engines may share it.
 *
 * @example
 * const destination = memoryDestination();
 * destination.set('OLD', 'x');
 * const engine = new SecretSyncEngine({ source: memorySource({ A: '1' }), drivers: [destination] });
 * await engine.sync({ name: 'test', destination: 'memory', destinationConfig: {} }, { confirmDeletions: 1 });
 * destination.values(); // Map { 'A' => '1' }
 */
export function memoryDestination(options?: MemoryDestinationOptions<'memory'>): MemoryDestination<'memory'>;
export function memoryDestination<const Name extends string>(
  options: MemoryDestinationOptions<Name> & { readonly name: Name },
): MemoryDestination<Name>;
export function memoryDestination(options: MemoryDestinationOptions = {}): MemoryDestination {
  checkArguments('memoryDestination', { options }, { options: anObject });
  const { name = 'memory', accessToken = 'memory-destination-token', writes = 'each' } = options;
  const places = new Map<string, MemoryPlace>();
  const calls: MemoryCall[] = [];
  const failures = createMemoryFailures();
  let intercept: MemoryIntercept | undefined;

  function placeOf(place = 'default'): MemoryPlace {
    const known = places.get(place) ?? createMemoryPlace(options.canonicalKey ?? ((key) => key));
    places.set(place, known);
    return known;
  }

  const checkToken = (credentials: MemoryCredentials) => {
    if (credentials.accessToken === accessToken) return;
    const message =
      'The memory destination does not accept this access token; use the one that it was made with.';
    throw new SecretSyncError('UNAUTHORIZED', message);
  };
  const kindOf = (where: { readonly kind?: string | undefined } = {}) => where.kind ?? options.kind;

  return {
    specVersion: 1,
    name,
    displayName: 'Memory',
    credentials: concealed({ accessToken }),
    credentialsSchema,
    configSchema,
    capabilities: (config) => memoryCapabilities(options, kindOf(config)),
    endpoint: () => 'https://memory.invalid',
    authorization: (credentials) => ({ authorization: `Bearer ${credentials.accessToken}` }),
    identity: (_credentials, { place }) => `${name}:${encodeURIComponent(place)}`,
    connect: ({ credentials, config, http }) =>
      connectMemory({
        place: placeOf(config.place),
        isBatch: writes === 'batch',
        concurrency: Math.min(options.concurrency ?? 1, http.concurrency),
        kind: kindOf(config),
        isFollowed: options.followUp !== 'none',
        show: (entry) => ({
          value: isReadable(options, entry.kind),
          id: options.ids ?? true,
          revision: options.revisions ?? true,
        }),
        async enter(call) {
          const full: MemoryCall = { ...call, place: config.place };
          calls.push(full);
          checkToken(credentials);
          return failures.take(full) ?? intercept?.(full);
        },
      }),
    validateConnection: async (credentials, { signal } = {}) => {
      signal?.throwIfAborted();
      checkToken(credentials);
    },

    get: (key, where) => placeOf(where?.place).find(key, kindOf(where))?.value.reveal(),
    set(key, value, { place, ...setup } = {}) {
      placeOf(place).set(key, new SecretValue(value), { ...setup, kind: kindOf(setup) });
    },
    delete: (key, where) => placeOf(where?.place).remove(key, kindOf(where)),
    values(where) {
      const here = placeOf(where?.place)
        .entries()
        .filter(({ kind }) => kind === kindOf(where));
      return new Map(here.map((entry) => [entry.key, entry.value.reveal()]));
    },
    entries: (place) => placeOf(place).entries(),
    calls,
    clearCalls: () => void calls.splice(0),
    failNext: (fault, filter = {}) => failures.add(fault, filter),
    setIntercept: (next) => void (intercept = next),
  };
}
