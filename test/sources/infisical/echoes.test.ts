import { describe, expect, it } from 'vitest';
import type { SyncEvent } from '../../../src/contracts/events.js';
import { SecretSyncEngine } from '../../../src/engine/secret-sync-engine.js';
import { SecretSyncService } from '../../../src/service/index.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { LIST, place, setUp } from './support.js';

const VALUE = 'a-value-that-nobody-may-see';
const definition = {
  name: 'nightly',
  destination: 'memory',
  destinationConfig: {},
  ...place,
  secretPath: '/app',
} as const;

/** A source of an emulator, an engine, and all that came out of it. */
async function prepare() {
  const { emulator, source } = await setUp();
  emulator.addFolder({ ...place, secretPath: '/app' });
  const store = memoryStore();
  const events: SyncEvent[] = [];
  const engine = new SecretSyncEngine({
    source,
    drivers: [memoryDestination()],
    store,
    fingerprintKey: 'a fingerprint key that only the tests know',
    onEvent: (event) => events.push(event),
  });
  const outcome = (work: Promise<unknown>) =>
    work.then(
      (returned) => ({ returned }),
      (error: unknown) => ({ error }),
    );
  const everything = async (...given: readonly unknown[]) =>
    JSON.stringify([
      events,
      given.map((one) => (one instanceof Error ? [one.message, { ...one }] : one)),
      await Promise.all((await store.list('')).map((key) => store.get(key))),
    ]);
  return { emulator, engine, store, outcome, everything };
}

/** A response to a list: one own secret, and one of an import. */
const listed = (secretPath: string, secretKey = 'A') => ({
  body: {
    secrets: [{ secretKey, secretValue: VALUE }],
    imports: [{ environment: 'prod', secretPath, secrets: [{ secretKey: 'B', secretValue: '2' }] }],
  },
});

describe('an echo of Infisical, at the level of engine.sync', () => {
  it.each([
    ['as it is', VALUE],
    ['in base64', btoa(VALUE)],
  ])('a value in the path of an import, %s, is neither shown nor stored', async (_how, text) => {
    const { emulator, engine, everything, outcome } = await prepare();
    let response = listed(`/${text}`);
    emulator.setIntercept(({ operation }) => (operation === LIST ? response : undefined));
    await engine.sync(definition);
    response = { body: { ...response.body, imports: [] } };
    const refused = await outcome(engine.sync(definition));
    expect(refused).toMatchObject({ error: { code: 'DELETION_REFUSED' } });
    expect(await everything(refused)).not.toContain(text);
  });

  it.each(['token', 'client secret'])(
    'its own %s in a name or a key is refused, and not shown',
    async (what) => {
      const { emulator, engine, everything, outcome } = await prepare();
      await engine.plan(definition);
      const echo = what === 'token' ? (emulator.tokens()[0] ?? '') : emulator.clientSecret;
      for (const response of [
        listed(`/of/${echo}`),
        listed('/shared', echo),
        listed('/shared', btoa(echo)),
      ]) {
        emulator.setIntercept(({ operation }) => (operation === LIST ? response : undefined));
        const ended = await outcome(engine.sync(definition));
        expect(ended).toMatchObject({ error: { code: 'SOURCE_READ_FAILED' } });
        const all = await everything(ended);
        expect(all).not.toContain(echo);
        expect(all).not.toContain(btoa(echo));
      }
    },
  );

  it('its token as the name of an environment or the id of a folder is in no record', async () => {
    const { emulator, engine, store, everything } = await prepare();
    await engine.plan(definition);
    const echo = emulator.tokens()[0] ?? '';
    emulator.setIntercept(({ path }) => {
      if (path.includes('/environments/'))
        return { body: { environment: { id: '1', name: echo, slug: 'prod' } } };
      return path.endsWith('/folders') ? { body: { folders: [{ id: echo, name: 'app' }] } } : undefined;
    });
    const service = new SecretSyncService({ engine, store });
    const record = await service.createSync(definition);
    await service.whenIdle();
    expect(record.environment).toEqual({ slug: 'prod', name: null, id: null });
    expect(await everything(record)).not.toContain(echo);
  });
});
