import type {
  DriverFixture,
  DriverPlace,
  FixtureTokens,
} from '../../src/testing/conformance/driver/fixture.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import type {
  MemoryDestination,
  MemoryDestinationOptions,
} from '../../src/testing/memory-destination/types.js';
import type { MemoryFault } from '../../src/testing/memory-destination/faults.js';

const FAULTS: readonly Exclude<MemoryFault, Error>[] = [
  'unavailable',
  'lost-before',
  'lost-after',
  'conflict',
  'unauthorized',
  'forbidden',
  'rejected',
];

/** The ways in which its destination can fail. */
export const MEMORY_FAILURES = FAULTS.flatMap((fault) => [`writes: ${fault}`, `reads: ${fault}`]);

/** A memory destination as the conformance suite needs it. */
export function memoryFixture(
  { accepted, refused }: FixtureTokens,
  options: MemoryDestinationOptions<'memory'> = {},
): DriverFixture & { readonly driver: MemoryDestination<'memory'> } {
  const destination = memoryDestination({ ...options, accessToken: accepted, reservedPrefix: 'PLATFORM_' });
  let inFlight = 0;
  let peak = 0;
  destination.setIntercept(async () => {
    peak = Math.max(peak, (inFlight += 1));
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    return undefined;
  });
  const placeNamed = (place: string): DriverPlace => ({
    config: { place },
    peek: () => new Map(destination.entries(place).map(({ key, value }) => [key, value.reveal()])),
    set: (key, value) => destination.set(key, value, { place }),
    delete: (key) => void destination.delete(key, { place }),
  });
  return {
    driver: destination,
    credentials: { accessToken: accepted },
    refusedCredentials: { accessToken: refused },
    place: placeNamed('here'),
    otherPlace: placeNamed('there'),
    ...(options.kind === undefined ? {} : { otherKindConfig: { place: 'here', kind: 'variable' } }),
    reservedKey: 'PLATFORM_KEY',
    peakInFlight: () => peak,
    fail(failure) {
      const fault = FAULTS.find((name) => failure.endsWith(name));
      const method = failure.startsWith('reads') ? 'read' : 'write';
      if (fault !== undefined) destination.failNext(fault, { method, times: Infinity });
    },
    loseNextAnswer: () => destination.failNext('lost-after'),
  };
}
