import { isSecretSyncError } from '../../../src/contracts/errors.js';
import type { SyncDefinitionInput } from '../../../src/contracts/definition.js';
import type { AnyDestinationDriver } from '../../../src/contracts/typed-definition.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { hurriedClock } from '../../../src/testing/conformance/hurried-clock.js';
import { startHasuraCloudEmulator } from '../../../src/testing/emulators/hasura-cloud/index.js';
import type { RequestLogEntry } from '../../../src/testing/emulators/server/types.js';
import { startQoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { createEngine } from '../../support/engine.js';
import type { Fate, ReferenceCase } from './cases.js';
import type { HasuraCloudWorld } from './hasura-cloud.js';
import type { QoveryWorld } from './qovery.js';

/** What a case runs at. */
interface Stage {
  readonly driver: AnyDestinationDriver;
  readonly destinationConfig: object;
  readonly allowPrivateNetwork: boolean;
  /** The requests that were sent. */
  readonly requests: readonly RequestLogEntry[];
  has(key: string): boolean;
  /** Whether a request writes a key that exists. */
  writes(request: RequestLogEntry, key: string): boolean;
  /** Starts what is to go wrong. */
  break(): void;
}

/** Runs a case, and looks what became of its key. */
async function fateOf(
  { key, source, earlier, operation = 'sync', syncOptions }: ReferenceCase<unknown>,
  stage: Stage,
): Promise<Fate> {
  const { driver, destinationConfig, allowPrivateNetwork, requests } = stage;
  const store = memoryStore();
  const definition: SyncDefinitionInput = {
    name: 'reference-case',
    destination: driver.name,
    destinationConfig,
    ...(syncOptions && { syncOptions }),
  };
  const engineOver = (secrets: ReturnType<typeof memorySource>) =>
    createEngine({
      source: secrets,
      drivers: [driver],
      store,
      allowPrivateNetwork,
      clock: hurriedClock(),
    }).engine;
  if (earlier !== undefined) await engineOver(memorySource(earlier)).sync(definition);
  stage.break();
  const secrets = memorySource(source);
  const engine = engineOver(secrets);
  const existed = stage.has(key);
  const sent = requests.length;
  try {
    if (operation === 'sync') await engine.sync(definition);
    else if (operation === 'remove') await engine.removeSecrets(definition);
    else await engine.importSecrets(definition, { importBehavior: 'prioritize-source' });
  } catch (error) {
    if (isSecretSyncError(error)) return `refused, ${error.code}`;
    throw error;
  }
  if (operation === 'import' && secrets.entries().some(([name]) => name === key)) return 'imported';
  if (!stage.has(key)) return existed ? 'deleted' : 'left alone';
  if (!existed) return 'created';
  return requests.slice(sent).some((request) => stage.writes(request, key)) ? 'updated' : 'left alone';
}

/** What becomes of the key of a case at the emulator of Qovery. */
export async function fateAtQovery(given: ReferenceCase<QoveryWorld>): Promise<Fate> {
  const { scope = 'environment', kind, entries = [], elsewhere = [], tooMany = 0, instanceUrl } = given.world;
  await using emulator = await startQoveryEmulator();
  const organizationId = emulator.addOrganization({ name: 'acme' }).id;
  const projectId = emulator.addProject({ name: 'shop', organizationId }).id;
  const environmentId = emulator.addEnvironment({ name: 'production', projectId }).id;
  const place = scope === 'project' ? projectId : environmentId;
  const is_secret = kind === 'secret';
  for (const entry of entries) emulator.addVariable({ is_secret, ...entry, parent_id: place });
  for (const entry of elsewhere) emulator.addVariable({ is_secret, ...entry, parent_id: projectId });
  const { accessToken, url } = emulator;
  const [entry] = emulator.findAll(given.key);
  return await fateOf(given, {
    driver: qovery({ accessToken, instanceUrl: instanceUrl?.startsWith('with') ? `${url}/` : url }),
    destinationConfig: {
      organizationId,
      projectId,
      ...(scope === 'environment' && { environmentId }),
      variableType: kind,
    },
    allowPrivateNetwork: !instanceUrl?.startsWith('not'),
    requests: emulator.requests,
    has: (key) => emulator.findAll(key).length > 0,
    writes: ({ method, path }, key) =>
      method === 'PUT' && path === `/variable/${(entry ?? emulator.findAll(key)[0])?.id}`,
    break() {
      let left = tooMany;
      emulator.setIntercept(() => (left-- > 0 ? { status: 429 } : undefined));
    },
  });
}

const names = (body: unknown, key: string): boolean => JSON.stringify(body).includes(JSON.stringify(key));

/** What becomes of the key of a case at the emulator of Hasura Cloud. */
export async function fateAtHasuraCloud(given: ReferenceCase<HasuraCloudWorld>): Promise<Fate> {
  const { token, isChangedMeanwhile, ...setup } = given.world;
  await using emulator = await startHasuraCloudEmulator();
  const { id: projectId } = emulator.addProject({ name: 'shop', ...setup });
  const { accessToken, url: apiUrl } = emulator;
  return await fateOf(given, {
    driver: hasuraCloud({ accessToken: token === undefined ? accessToken : 'another-token', apiUrl }),
    destinationConfig: { projectId },
    allowPrivateNetwork: true,
    requests: emulator.requests,
    has: (key) => emulator.environment(projectId).has(key),
    writes: ({ operation, body }, key) => operation.startsWith('mutation') && names(body, key),
    break() {
      if (!isChangedMeanwhile) return;
      emulator.setIntercept(({ operation }) => {
        if (!operation.startsWith('mutation')) return undefined;
        emulator.setIntercept(undefined);
        emulator.setVariable(projectId, 'BY_SOMEONE_ELSE', 'x');
        return undefined;
      });
    },
  });
}
