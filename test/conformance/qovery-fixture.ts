import { qovery, type QoveryVariableType } from '../../src/drivers/qovery/index.js';
import type {
  DriverFixture,
  DriverPlace,
  FixtureTokens,
} from '../../src/testing/conformance/driver/fixture.js';
import type { RequestLogEntry } from '../../src/testing/emulators/server/types.js';
import type { QoverySwitches } from '../../src/testing/emulators/qovery/switches.js';
import { startQoveryEmulator, type QoveryEmulatorOptions } from '../../src/testing/emulators/qovery/index.js';
import { EMULATOR_FAILURES, isOfSocket, loseNextAnswer, startFailure } from './emulator-failures.js';
import { notingFetch, type Exchange } from './exchanges.js';

export interface QoveryFixtureOptions extends QoveryEmulatorOptions {
  /** Default: `secret`. */
  readonly variableType?: QoveryVariableType;
  /** Whether the places are projects or environments. Default: `environment`. */
  readonly scope?: 'project' | 'environment';
  /** Where to note what goes over the wire; a response that a failure replaced is left out. */
  readonly exchanges?: Exchange[];
  /** Whether requests go over a socket, until a failure has come that shows no difference. Default: true. */
  readonly sockets?: boolean;
}

const isWrite = ({ method }: RequestLogEntry) => method !== 'GET';

const OWN_FAILURES = new Map<string, Partial<QoverySwitches>>([
  ['errors in message', { errorBody: 'message' }],
  ['errors as text', { errorBody: 'text' }],
  ['a rate limit', { rateLimit: { limit: 1, windowMs: 3_600_000 } }],
]);

/** The ways in which its destination can fail. */
export const QOVERY_FAILURES = [...EMULATOR_FAILURES, ...OWN_FAILURES.keys()];

/** Qovery as the conformance suite needs it. */
export async function qoveryFixture(
  { accepted, refused }: FixtureTokens,
  {
    variableType = 'secret',
    scope = 'environment',
    exchanges = [],
    sockets = true,
    ...options
  }: QoveryFixtureOptions = {},
): Promise<DriverFixture> {
  const emulator = await startQoveryEmulator({ ...options, accessToken: accepted });
  const { id: organizationId } = emulator.addOrganization({ name: 'organization' });
  const placeNamed = (name: string): DriverPlace => {
    const { id: projectId } = emulator.addProject({ name, organizationId });
    const environment = scope === 'project' ? undefined : emulator.addEnvironment({ name, projectId });
    const parent_id = environment?.id ?? projectId;
    const isHere = { parent_id, is_secret: variableType === 'secret' };
    return {
      config: {
        organizationId,
        projectId,
        ...(environment === undefined ? {} : { environmentId: environment.id }),
        variableType,
      },
      peek: () =>
        new Map(
          emulator
            .variables()
            .filter((variable) => variable.parent_id === parent_id)
            .map(({ key, value }) => [key, value]),
        ),
      set(key, value) {
        const known = emulator.find(key, isHere);
        if (known === undefined) emulator.addVariable({ ...isHere, key, value });
        else emulator.editVariable(known.id, { value });
      },
      delete(key) {
        const known = emulator.find(key, isHere);
        if (known !== undefined) emulator.deleteVariable(known.id);
      },
    };
  };
  const place = placeNamed('here');
  let hasFailed = false;
  let fetch = sockets ? globalThis.fetch : emulator.fetch;
  const otherKind = variableType === 'secret' ? 'variable' : 'secret';
  return {
    driver: qovery(),
    credentials: { accessToken: accepted, instanceUrl: emulator.url },
    refusedCredentials: { accessToken: refused, instanceUrl: emulator.url },
    place,
    otherPlace: placeNamed('there'),
    otherKindConfig: Object.assign({}, place.config, { variableType: otherKind }),
    reservedKey: 'QOVERY_SOMETHING',
    engineOptions: {
      allowPrivateNetwork: true,
      fetch: notingFetch(
        exchanges,
        () => !hasFailed,
        (input, init) => fetch(input, init),
      ),
    },
    requests: () => emulator.requests,
    peakInFlight: () => emulator.peakInFlight,
    echo: (echo) => emulator.configure({ echo }),
    fail(failure) {
      if (!isOfSocket(failure)) fetch = emulator.fetch;
      hasFailed = true;
      const switches = OWN_FAILURES.get(failure);
      if (switches === undefined) return startFailure(emulator, isWrite, failure);
      emulator.configure(switches);
      if (switches.rateLimit === undefined) startFailure(emulator, isWrite, 'writes: status 400');
    },
    loseNextAnswer: () => loseNextAnswer(emulator, isWrite),
    dispose: () => emulator.close(),
  };
}
