import { describe, expect, it } from 'vitest';
import type { SecretSource, SourceDescription } from '../../../src/contracts/source.js';
import { failure } from '../../support/engine.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { createWorld, definitionOf, folderSource, HOUR, MINUTE, unsteadyStore } from '../support.js';

/** Folders of which the source says this, whatever it is. */
function describedAs(describe: () => unknown) {
  const folders = folderSource();
  const source: SecretSource = { ...folders.source, describe: () => describe() as SourceDescription };
  return { ...folders, source };
}

describe('what a source says of a location', () => {
  it('is kept as far as a record shows it', async () => {
    const environment = { slug: 'dev', name: 'Dev', id: 'e1' };
    const folder = { id: 'f1', path: '/shop' };
    for (const [answer, shown] of [
      [
        { environment: { ...environment, position: 1 }, folder, tags: [] },
        { environment, folder },
      ],
      [
        { environment: { slug: 'dev' }, folder },
        { environment: null, folder },
      ],
      [
        { environment, folder: { path: 7 } },
        { environment, folder: { id: null, path: '/shop' } },
      ],
      ['a sentence', { environment: null, folder: { id: null, path: '/shop' } }],
      [null, { environment: null, folder: { id: null, path: '/shop' } }],
    ] as const) {
      const world = createWorld({ folders: describedAs(() => answer) });
      const made = await world.service.createSync(definitionOf('shop', { isEnabled: false }));
      expect(made).toMatchObject(shown);
      const other = createWorld({ store: world.store, folders: world.folders });
      expect(await other.service.listSyncs()).toEqual([made]);
      await other.service.createSync(definitionOf('web', { isEnabled: false }));
      await other.service.deleteSync('shop');
    }
  });

  it('is done without where it fails or takes too long, and holds up no other record', async () => {
    const signals: AbortSignal[] = [];
    const folders = folderSource();
    const hanging: NonNullable<SecretSource['describe']> = (location, options) => {
      if (location.secretPath !== '/shop') return folders.source.describe?.(location, options) ?? {};
      signals.push(options.signal);
      return new Promise(() => undefined);
    };
    const clock = createVirtualClock();
    const world = createWorld({
      clock,
      folders: { ...folders, source: { ...folders.source, describe: hanging } },
    });
    const { service } = world;
    const shop = service.createSync(definitionOf('shop', { isEnabled: false }));
    const web = service.createSync(definitionOf('web', { isEnabled: false }));
    await clock.advance(0);
    expect((await web).folder).toEqual({ id: 'folder-of-/web', path: '/web' });
    await clock.advance(MINUTE);
    expect((await shop).folder).toEqual({ id: null, path: '/shop' });
    const moved = service.updateSync('web', { secretPath: '/shop' });
    await clock.advance(0);
    await service.updateSync('shop', { description: 'of the shop' });
    await clock.advance(MINUTE);
    expect((await moved).folder).toEqual({ id: null, path: '/shop' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(clock.sleepers).toBe(0);

    const failing = createWorld({
      folders: describedAs(() => {
        throw new Error('a-value-to-hide');
      }),
    });
    const made = await failing.service.createSync(definitionOf('shop', { isEnabled: false }));
    expect(made.folder).toEqual({ id: null, path: '/shop' });
  });
});

describe('a record that is damaged', () => {
  it('does not keep others from being made, where the check for conflicts only warns', async () => {
    for (const crossSyncCheck of ['warn', 'refuse'] as const) {
      const { service, store } = createWorld();
      await service.createSync(definitionOf('shop', { isEnabled: false }));
      const [key = ''] = await store.list('syncs/');
      const found = await store.get(key);
      await store.put(key, 'damaged', { ifVersion: found?.version ?? null });
      const other = createWorld({ store, crossSyncCheck });
      const making = other.service.createSync(definitionOf('web', { isEnabled: false }));
      if (crossSyncCheck === 'refuse') {
        // Nobody knows what it writes.
        await failure(() => making, 'STATE_UNREADABLE');
        continue;
      }
      expect(await making).toMatchObject({ name: 'web' });
      expect(other.events).toMatchObject([{ type: 'record-unreadable', code: 'STATE_UNREADABLE', key }]);
    }
  });
});

describe('a conflict of two syncs', () => {
  it('is not told of a record that could not be made', async () => {
    const { service, events } = createWorld();
    const shared = { isEnabled: false, destinationConfig: { place: 'shared' } };
    await service.createSync(definitionOf('shop', shared));
    await failure(service.createSync(definitionOf('shop', shared)), 'SYNC_EXISTS');
    expect(events).toEqual([]);
    await service.createSync(definitionOf('web', shared));
    expect(events).toMatchObject([{ type: 'cross-sync-conflict', name: 'web', otherName: 'shop' }]);
  });
});

describe('a change whose name was taken while it was being saved', () => {
  it('is taken back as a whole, and counts', async () => {
    const clock = createVirtualClock();
    const { store, control } = unsteadyStore();
    const world = createWorld({ clock, store });
    const { service, folders, destination } = world;
    const before = await service.createSync(definitionOf('shop', { isEnabled: false }));
    let isSlow = true;
    control.beforePut = async (key) => {
      if (!isSlow || !key.startsWith('syncs/')) return;
      isSlow = false;
      await clock.sleep(40_000);
    };
    const changes = { name: 'boutique', secretPath: '/new', destinationConfig: { place: 'elsewhere' } };
    const change = failure(() => service.updateSync('shop', changes), 'SYNC_EXISTS');
    await clock.advance(1_000);
    const other = createWorld({ clock, store, folders, destination });
    // The name is free when its reservation was seen for so long.
    await failure(other.service.createSync(definitionOf('boutique')), 'SYNC_EXISTS');
    await clock.advance(34_000);
    await other.service.createSync(definitionOf('boutique', { isEnabled: false }));
    await clock.advance(HOUR);
    await change;
    const after = await service.getSync('shop');
    expect(after).toEqual({ ...before, version: 3, updatedAt: after.updatedAt });
    const found = await Promise.all((await store.list('syncs/')).map((key) => store.get(key)));
    const places = found.map((record) => JSON.stringify(record).match(/"place":"memory:\w+"/)?.[0]);
    expect(places.sort()).toEqual(['"place":"memory:boutique"', '"place":"memory:shop"']);
  });
});
