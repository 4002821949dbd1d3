import { hasuraCloud } from '../../src/drivers/hasura-cloud/index.js';
import type {
  DriverFixture,
  DriverPlace,
  FixtureTokens,
} from '../../src/testing/conformance/driver/fixture.js';
import type { RequestLogEntry } from '../../src/testing/emulators/server/types.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
  type HasuraCloudEmulatorOptions,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import { EMULATOR_FAILURES, isOfSocket, loseNextAnswer, startFailure } from './emulator-failures.js';
import { notingFetch, type Exchange } from './exchanges.js';

const isWrite = ({ operation }: RequestLogEntry) => operation.startsWith('mutation');

const OWN_FAILURES = new Map<string, (emulator: HasuraCloudEmulator) => void>([
  ['maintenance', (emulator) => emulator.configure({ maintenance: true })],
  ['nested errors', (emulator) => emulator.configure({ maintenance: true, errorMessages: 'nested-json' })],
  ['stale hashes', (emulator) => emulator.configure({ hashRotation: 'before-mutations' })],
  [
    'a project that is gone',
    (emulator) => emulator.projects().forEach(({ id }) => emulator.setTenant(id, null)),
  ],
]);

/** The ways in which its destination can fail. */
export const HASURA_CLOUD_FAILURES = [...EMULATOR_FAILURES, ...OWN_FAILURES.keys()];

interface HasuraCloudFixtureOptions extends HasuraCloudEmulatorOptions {
  /** Where to note what goes over the wire. */
  readonly exchanges?: Exchange[];
  /** Whether requests go over a socket, until a failure has come that shows no difference. Default: true. */
  readonly sockets?: boolean;
}

/** Hasura Cloud as the conformance suite needs it. */
export async function hasuraCloudFixture(
  { accepted, refused }: FixtureTokens,
  { exchanges = [], sockets = true, ...options }: HasuraCloudFixtureOptions = {},
): Promise<DriverFixture> {
  const emulator = await startHasuraCloudEmulator({ ...options, accessToken: accepted });
  const projectNamed = (name: string): DriverPlace => {
    const { id } = emulator.addProject({
      name,
      topLevel: { allow_list: true, HASURA_GRAPHQL_ADMIN_SECRET: 'x' },
    });
    return {
      config: { projectId: id },
      peek: () =>
        new Map(
          [...emulator.environment(id), ...emulator.topLevel(id)].map(([key, value]) => [
            key,
            typeof value === 'string' ? value : JSON.stringify(value),
          ]),
        ),
      set: (key, value) => emulator.setVariable(id, key, value),
      delete: (key) => void emulator.deleteVariable(id, key),
    };
  };
  let fetch = sockets ? globalThis.fetch : emulator.fetch;
  return {
    driver: hasuraCloud(),
    credentials: { accessToken: accepted, apiUrl: emulator.url },
    refusedCredentials: { accessToken: refused, apiUrl: emulator.url },
    place: projectNamed('here'),
    otherPlace: projectNamed('there'),
    reservedKey: 'HASURA_GRAPHQL_LOG_LEVEL',
    engineOptions: {
      allowPrivateNetwork: true,
      fetch: notingFetch(exchanges, undefined, (input, init) => fetch(input, init)),
    },
    requests: () => emulator.requests,
    peakInFlight: () => emulator.peakInFlight,
    echo: (echo) => emulator.configure({ echo }),
    fail(failure) {
      if (!isOfSocket(failure)) fetch = emulator.fetch;
      const start = OWN_FAILURES.get(failure);
      if (start === undefined) startFailure(emulator, isWrite, failure);
      else start(emulator);
    },
    loseNextAnswer: () => loseNextAnswer(emulator, isWrite),
    dispose: () => emulator.close(),
  };
}
