import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startQoveryEmulator, type QoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import {
  deploy,
  overrideAtProject,
  readHierarchy,
  useOlderFamily,
  useUnifiedFamily,
  type CallPlace,
} from './client-calls.js';
import { officialClient, type OfficialClient } from './official-client.js';
import { OPERATIONS, operationOf } from './operations.js';
import { EXCEPTIONS, qoverySpecification } from './specification.js';

let emulator: QoveryEmulator;
let client: OfficialClient;
let place: CallPlace;
let refusals: readonly (number | undefined)[];
beforeAll(async () => {
  emulator = await startQoveryEmulator();
  client = officialClient(emulator);
  const organizationId = emulator.addOrganization({ name: 'acme' }).id;
  const projectId = emulator.addProject({ name: 'shop', organizationId }).id;
  const environmentId = emulator.addEnvironment({ name: 'production', projectId }).id;
  const serviceId = emulator.addService({ environmentId }).id;
  place = { organizationId, projectId, environmentId, serviceId };
  await readHierarchy(client, place);
  await useUnifiedFamily(client, place);
  await useOlderFamily(client, place);
  await deploy(client, place);
  refusals = await overrideAtProject(client, place);
});
afterAll(() => emulator.close());

describe('the official client at the emulator of Qovery', () => {
  it('makes every call that leads to variables, more than 50 in all', () => {
    expect(client.exchanges.length).toBeGreaterThan(50);
    const used = new Set(client.exchanges.map(({ method, path }) => operationOf(method, path)));
    expect(OPERATIONS.filter((operation) => !used.has(operation))).toEqual([]);
  });

  it('is refused nothing but an override of what has nothing above it', () => {
    const failed = client.exchanges.filter(({ status = 0 }) => status >= 400);
    expect(failed).toHaveLength(2);
    expect(refusals).toEqual([400, 400]);
  });

  it('sends what the specification says', () => {
    const { requestProblems } = qoverySpecification();
    expect(client.exchanges.flatMap((exchange) => requestProblems(exchange))).toEqual([]);
  });

  it('gets what the specification says, but for the listed exceptions, none of which is idle', () => {
    const { responseProblems } = qoverySpecification();
    const found = new Set(client.exchanges.flatMap((exchange) => responseProblems(exchange)));
    expect([...found].sort()).toEqual([...EXCEPTIONS].sort());
  });
});
