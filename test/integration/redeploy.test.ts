import { describe, expect, it, onTestFinished } from 'vitest';
import type { Redeploy } from '../../src/contracts/definition.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { startHasuraCloudEmulator } from '../../src/testing/emulators/hasura-cloud/index.js';
import { startQoveryEmulator, type QoveryEmulatorOptions } from '../../src/testing/emulators/qovery/index.js';
import { createEngine, failure, hasuraTarget, qoveryTarget } from '../support/engine.js';
import { createVirtualClock } from '../support/virtual-clock.js';

/** A Qovery with one environment, and engines that come and go over one store. */
async function setUp(redeploy: Redeploy, options: QoveryEmulatorOptions = {}) {
  const clock = createVirtualClock({ auto: true });
  const emulator = await startQoveryEmulator({ now: () => clock.now(), ...options });
  onTestFinished(() => emulator.close());
  const target = qoveryTarget(emulator);
  const source = memorySource({ A: '1' });
  const store = memoryStore();
  const fetch = clock.track(emulator.fetch);
  const create = () => createEngine({ drivers: [target.driver], source, store, clock, fetch });
  const syncOptions = { redeploy, deletionScope: 'owned' } as const;
  const deploys = () =>
    emulator.requests.filter(({ operation }) => operation === 'POST /environment/{id}/deploy');
  return {
    ...target,
    emulator,
    source,
    clock,
    create,
    definition: target.definition({ syncOptions }),
    deploys,
  };
}

describe('a sync of a Qovery environment', () => {
  it('deploys it once after a run that wrote something, and not after one that did not', async () => {
    const { create, definition, deploys, source } = await setUp('start');
    const { engine, events } = create();
    const plan = await engine.plan(definition);
    expect(plan).toMatchObject({ after: { action: 'redeploy', wait: false } });
    expect(plan.warnings.map(({ code }) => code)).not.toContain('TAKES_EFFECT_ON_DEPLOY');
    const { after } = await engine.apply(plan);
    expect(after).toMatchObject({ status: 'started' });
    expect(deploys()).toHaveLength(1);
    const kinds = events.map(({ type }) => type).filter((type) => /^(?:redeploy|run-finished)/.test(type));
    expect(kinds).toEqual(['redeploy-started', 'redeploy-finished', 'run-finished']);

    expect((await engine.sync(definition)).after).toBeUndefined();
    expect(deploys()).toHaveLength(1);
    source.set('A', '2');
    await engine.sync(definition);
    expect(deploys()).toHaveLength(2);
    await engine.removeSecrets(definition);
    expect(deploys()).toHaveLength(3);
  });

  it('waits for the end of its deployment where that is asked for', async () => {
    const { create, definition, clock } = await setUp('wait', { deploymentMs: 90_000 });
    const begun = clock.now();
    expect((await create().engine.sync(definition)).after).toMatchObject({ status: 'succeeded' });
    expect(clock.now() - begun).toBeGreaterThanOrEqual(90_000);
  });

  it('waits for a deployment that is in progress, and then deploys once more', async () => {
    const { create, definition, emulator, source, deploys } = await setUp('start', { deploymentMs: 60_000 });
    await create().engine.sync(definition);
    source.set('A', '2');
    expect((await create().engine.sync(definition)).after).toMatchObject({ status: 'started' });
    expect(
      deploys()
        .map(({ status }) => status)
        .at(-1),
    ).toBe(202);
    expect(deploys().some(({ status }) => status === 409)).toBe(true);
    expect(emulator.deployments()).toHaveLength(2);
  });

  it.each(['reset-before', 'reset-after'] as const)(
    'whose response to the deployment is lost (%s) throws with the result, and the next run makes up for it',
    async (fault) => {
      const { create, definition, emulator, deploys } = await setUp('start');
      emulator.setIntercept(({ operation }) =>
        operation === 'POST /environment/{id}/deploy' ? fault : undefined,
      );
      const { engine } = create();
      const outcome = await engine.sync(definition).then(
        ({ after }) => after?.status,
        (error: { readonly code: string }) => error.code,
      );
      expect(outcome).toBe('REDEPLOY_FAILED');
      emulator.setIntercept(undefined);
      const before = deploys().length;
      const second = await create().engine.sync(definition);
      expect(second.outcomes).toEqual([]);
      expect(second.after).toMatchObject({ status: 'started' });
      expect(deploys().length).toBe(before + 1);
      expect((await create().engine.sync(definition)).after).toBeUndefined();
    },
  );

  it('whose deployment fails throws, keeps the writes, and is due again', async () => {
    const { create, definition, emulator, values } = await setUp('wait', { deploymentState: 'BUILD_ERROR' });
    const { result, message } = await failure(create().engine.sync(definition), 'REDEPLOY_FAILED');
    expect(result).toMatchObject({
      after: { status: 'failed' },
      outcomes: [{ key: 'A', status: 'applied' }],
    });
    expect(message).toContain('BUILD_ERROR');
    expect(values().get('A')).toBe('1');
    emulator.configure({ deploymentState: 'DEPLOYED' });
    expect((await create().engine.sync(definition)).after).toMatchObject({ status: 'succeeded' });
  });

  it('whose deployment never ends gives up after an hour', async () => {
    const { create, definition } = await setUp('wait', { deploymentsEnd: 'by-hand' });
    const { result } = await failure(create().engine.sync(definition), 'REDEPLOY_FAILED');
    expect(result?.after).toMatchObject({ status: 'timed-out' });
  });

  it('is refused at the level of a project, before any I/O', async () => {
    const { create, emulator, config } = await setUp('start');
    const { environmentId: _, ...destinationConfig } = config;
    const definition = {
      name: 'all',
      destination: 'qovery',
      destinationConfig,
      syncOptions: { redeploy: 'start' },
    } as const;
    const { problems } = await failure(create().engine.plan(definition), 'INVALID_DEFINITION');
    expect(problems?.map(({ path }) => path)).toEqual(['syncOptions.redeploy']);
    expect(emulator.requests).toHaveLength(0);
  });
});

describe('a sync of a Hasura Cloud project', () => {
  async function setUpProject(restartMs: number) {
    const clock = createVirtualClock({ auto: true });
    const emulator = await startHasuraCloudEmulator({ now: () => clock.now(), restartMs });
    onTestFinished(() => emulator.close());
    const { driver, definition } = hasuraTarget(emulator);
    const fetch = clock.track(emulator.fetch);
    const { engine } = createEngine({ drivers: [driver], source: memorySource({ A: '1' }), clock, fetch });
    return { clock, emulator, engine, definition: definition({ syncOptions: { redeploy: 'wait' } }) };
  }

  it('waits until the project is healthy again, and sends it no token', async () => {
    const { clock, emulator, engine, definition } = await setUpProject(45_000);
    const begun = clock.now();
    const { after, plan } = await engine.sync(definition);
    expect(plan.after).toEqual({ action: 'restart', wait: true });
    expect(after).toMatchObject({ status: 'succeeded' });
    expect(clock.now() - begun).toBeGreaterThanOrEqual(45_000);
    const looks = emulator.requests.filter(({ path }) => path.endsWith('/healthz'));
    expect(looks.length).toBeGreaterThan(1);
    expect(JSON.stringify(looks)).not.toContain(emulator.accessToken);
  });

  it('gives up where the project never comes back, and says so', async () => {
    const { engine, definition } = await setUpProject(Number.MAX_SAFE_INTEGER);
    const { result } = await failure(engine.sync(definition), 'REDEPLOY_FAILED');
    expect(result?.after).toMatchObject({ status: 'timed-out' });
  });
});
