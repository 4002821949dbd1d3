import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SecretSource } from '../../src/contracts/source.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { composeSources } from '../../src/sources/compose/index.js';
import { dotenvSource } from '../../src/sources/dotenv/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { transformSource } from '../../src/sources/transform.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { errorOf, place, setUp } from './infisical/support.js';

/** A source of two parts, the second of which can be emptied; it holds B and C. */
interface Fixture {
  readonly source: SecretSource;
  readonly empty: () => unknown;
}

const compose = () => {
  const [shared, app] = [memorySource({ A: '1' }), memorySource({ B: '2', C: '3' })];
  const source = composeSources([
    { name: 'shared', source: shared },
    { name: 'app', source: app },
  ]);
  return { source, empty: () => ['B', 'C'].forEach((key) => app.delete(key)) };
};

const FIXTURES: readonly (readonly [name: string, create: () => Fixture | Promise<Fixture>])[] = [
  [
    'one of several dotenv files',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'empty-parts-'));
      onTestFinished(() => rm(directory, { recursive: true, force: true }));
      const [shared, app] = [join(directory, '.env'), join(directory, '.env.production')] as const;
      await writeFile(shared, 'A=1\n');
      await writeFile(app, 'B=2\nC=3\n');
      const source = dotenvSource([shared, app], { settleTime: 0 });
      return { source, empty: () => writeFile(app, '') };
    },
  ],
  ['one of several composed sources', compose],
  [
    'a part of a transformed source',
    () => {
      const { source, empty } = compose();
      return { source: transformSource(source, { rename: { B: 'RENAMED' } }), empty };
    },
  ],
  [
    'a part of a part',
    () => {
      const { source, empty } = compose();
      return { source: composeSources([{ name: 'outer', source }]), empty };
    },
  ],
  [
    'an import of Infisical',
    async () => {
      const { emulator, source } = await setUp();
      const from = { ...place, secretPath: '/app' };
      emulator.addFolder(from);
      for (const key of ['B', 'C']) emulator.addSecret(from, { key, value: key });
      emulator.addImport(place, from);
      emulator.addSecret(place, { key: 'A', value: '1' });
      return { source, empty: () => ['B', 'C'].forEach((key) => emulator.deleteSecret(from, key)) };
    },
  ],
];

describe('a sync whose source has a part that turned empty', () => {
  it.each(FIXTURES)('deletes nothing for it without consent: %s', async (_name, create) => {
    const { source, empty } = await create();
    const destination = memoryDestination();
    const engine = new SecretSyncEngine({ source, drivers: [destination], store: memoryStore() });
    const sync = {
      name: 'parts',
      destination: 'memory',
      destinationConfig: {},
      syncOptions: { keySchema: 'APP_{{secretKey}}' },
    } as const;
    await engine.sync(sync);
    const before = [...destination.values().keys()].sort();
    expect(before).toHaveLength(3);
    await empty();
    expect(await errorOf(engine.sync(sync))).toMatchObject({ code: 'DELETION_REFUSED' });
    expect([...destination.values().keys()].sort()).toEqual(before);
    const plan = await engine.plan(sync);
    expect(plan.applicable).toBe(false);
    await engine.sync({ ...sync, syncOptions: { ...sync.syncOptions, allowEmptySource: true } });
    expect([...destination.values().keys()]).toEqual(['APP_A']);
  });
});
