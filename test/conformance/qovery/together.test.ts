import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/sources/memory.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import { changesOf, createEngine, qoveryTarget } from '../../support/engine.js';
import { useOlderFamily, useUnifiedFamily, type CallPlace } from './client-calls.js';
import { officialClient, type OfficialClient } from './official-client.js';
import { EXCEPTIONS, qoverySpecification } from './specification.js';

const KEYS = Array.from({ length: 20 }, (_, index) => `KEY_${index}`);
const OURS = KEYS.map((key) => `APP_${key}`).sort();

let emulator: QoveryEmulator;
let client: OfficialClient;
beforeEach(async () => {
  emulator = await startQoveryEmulator();
  client = officialClient(emulator);
});
afterEach(() => emulator.close());

const isAbout = (body: unknown, key: string): boolean =>
  typeof body === 'object' && body !== null && 'key' in body && body.key === key;

/** An environment that an engine keeps, and the official client uses too. */
function share() {
  const target = qoveryTarget(emulator);
  const source = memorySource(Object.fromEntries(KEYS.map((key) => [key, `value of ${key}`])));
  const { engine } = createEngine({ source, drivers: [target.driver] });
  const serviceId = emulator.addService(target).id;
  const { organizationId, projectId, environmentId } = target;
  const place: CallPlace = { organizationId, projectId, environmentId, serviceId };
  const sync = target.definition({
    syncOptions: { keySchema: 'APP_{{secretKey}}', deletionScope: 'matching' },
  });
  return { source, engine, place, sync, ...target };
}

describe('an environment that the driver and the official client write at the same time', () => {
  it('holds in the end what both of them wanted, and keeps each from the keys of the other', async () => {
    const { engine, place, sync, values } = share();
    await Promise.all([engine.sync(sync), useUnifiedFamily(client, place), useOlderFamily(client, place)]);
    const held = values();
    expect([...held.keys()].filter((key) => key.startsWith('APP_')).sort()).toEqual(OURS);
    expect(held.get('APP_KEY_7')).toBe('value of KEY_7');
    expect(held.get('ENVIRONMENT_SECRET')).toBe('two');
    expect(held.get('IMPORTED (variable)')).toBe('four');
    expect(changesOf(await engine.plan(sync)).filter((line) => !/ (unchanged|keep), /.test(line))).toEqual(
      [],
    );
    const { responseProblems } = qoverySpecification();
    const problems = client.exchanges.flatMap((exchange) => responseProblems(exchange));
    expect(problems.filter((problem) => !EXCEPTIONS.includes(problem))).toEqual([]);
  });

  it('shows the client what the driver wrote, as its own kind and scope', async () => {
    const { engine, place, sync } = share();
    await engine.sync(sync);
    const { data } = await client.variables.listVariables(place.environmentId, 'ENVIRONMENT', true);
    const shown = (data.results ?? []).filter(({ key }) => key.startsWith('APP_'));
    expect(shown.map(({ key }) => key).sort()).toEqual(OURS);
    for (const { value, scope, variable_type, is_secret } of shown) {
      expect({ value, scope, variable_type, is_secret }).toEqual({
        value: null,
        scope: 'ENVIRONMENT',
        variable_type: 'VALUE',
        is_secret: true,
      });
    }
  });

  it('is made right again where the client edited, deleted, or added a key that is ours', async () => {
    const { engine, place, sync, find, values } = share();
    await engine.sync(sync);
    const { environmentSecrets } = client;
    const [edited, deleted] = [find('APP_KEY_0')?.id ?? '', find('APP_KEY_1')?.id ?? ''];
    await environmentSecrets.editEnvironmentSecret(place.environmentId, edited, {
      key: 'APP_KEY_0',
      value: 'by the client',
    });
    await client.variables.deleteVariable(deleted);
    await environmentSecrets.createEnvironmentSecret(place.environmentId, { key: 'APP_MORE', value: 'x' });
    const plan = await engine.plan(sync);
    expect(changesOf(plan).filter((line) => !/ (unchanged|keep), /.test(line))).toEqual([
      'APP_KEY_0 (secret) update, changed-outside',
      'APP_KEY_1 (secret) create, missing',
      'APP_MORE (secret) delete, absent-from-source',
    ]);
    await engine.apply(plan);
    expect([...values().keys()].sort()).toEqual(OURS);
    expect(values().get('APP_KEY_0')).toBe('value of KEY_0');
  });

  it('gets a key once that the client creates between the read and the write of the driver', async () => {
    const { engine, place, sync, values } = share();
    let isTaken = false;
    emulator.setIntercept(async ({ method, path, body }) => {
      if (isTaken || method !== 'POST' || path !== '/variable' || !isAbout(body, 'APP_KEY_19'))
        return undefined;
      isTaken = true;
      const secret = { key: 'APP_KEY_19', value: 'by the client' };
      await client.environmentSecrets.createEnvironmentSecret(place.environmentId, secret);
      return undefined;
    });
    await engine.sync(sync);
    expect([...values().keys()].sort()).toEqual(OURS);
    expect(isTaken).toBe(true);
    expect(values().get('APP_KEY_19')).toBe('value of KEY_19');
  });
});
