import { describe, expect, it } from 'vitest';
import { failure } from '../../support/engine.js';
import { createWorld, definitionOf, HOUR, unsteadyStore } from '../support.js';

const isName = (key: string) => key.startsWith('sync-names/');
const isRecord = (key: string) => key.startsWith('syncs/');

/** A service on a store whose writes can fail. */
function openWorld() {
  const { store, control } = unsteadyStore();
  const world = createWorld({ store });
  /** Lets those of documents of this kind fail, from the `first`th on, `times` times. */
  const failPut = (isMeant: (key: string) => boolean, first: number, times = 1) => {
    let count = 0;
    control.fails = (method, key) => {
      if (method !== 'put' || !isMeant(key)) return false;
      count += 1;
      return count >= first && count < first + times;
    };
  };
  const names = async () => (await world.service.listSyncs()).map(({ name }) => name);
  /** Another process, at the same store. */
  const open = () => createWorld({ ...world, store });
  return { ...world, control, failPut, names, open };
}

/** Saves a document and fails all the same, once: as where the answer of a server is lost. */
function loseAnswer(world: ReturnType<typeof openWorld>, isMeant: (key: string) => boolean) {
  const put = world.store.put.bind(world.store);
  world.store.put = async (...given) => {
    const saved = await put(...given);
    if (!isMeant(given[0])) return saved;
    world.store.put = put;
    throw new Error('cut off');
  };
}

const off = { isEnabled: false };

describe('a record that is made while the store fails to confirm its name', () => {
  it('is not made, and can be made again under that name', async () => {
    const { service, failPut, names, control } = openWorld();
    failPut(isName, 2);
    const error = await failure(service.createSync(definitionOf('nightly')), 'STATE_NOT_SAVED');
    expect(error.retryable).toBe(true);
    expect(await names()).toEqual([]);
    control.fails = () => false;
    await service.createSync(definitionOf('nightly', off));
    expect(await names()).toEqual(['nightly']);
    expect(await service.getSync('nightly')).toMatchObject({ name: 'nightly' });
  });

  it('is found by its name, which stays its own, where it cannot be removed again', async () => {
    const world = openWorld();
    const { service, failPut, store, names } = world;
    failPut(isName, 2);
    const remove = store.delete.bind(store);
    store.delete = (key, options) =>
      isRecord(key) ? Promise.reject(new Error('disk')) : remove(key, options);
    await failure(service.createSync(definitionOf('nightly', off)), 'STATE_NOT_SAVED');
    store.delete = remove;
    expect(await service.getSync('nightly')).toMatchObject({ name: 'nightly' });
    // For good: not only for as long as a reservation holds.
    await world.clock.sleep(HOUR);
    for (const { service: each } of [world, world.open()])
      await failure(each.createSync(definitionOf('nightly', off)), 'SYNC_EXISTS');
    expect(await names()).toEqual(['nightly']);
  });

  it('stays, with its name, where another process has changed it in the meantime', async () => {
    const world = openWorld();
    const { service, control, failPut, names } = world;
    const other = world.open();
    failPut(isName, 2);
    let count = 0;
    control.beforePut = async (key) => {
      if (!isName(key)) return;
      count += 1;
      if (count !== 2) return;
      const [found] = await other.service.listSyncs();
      await other.service.updateSync(found?.id ?? '', { description: 'of another' });
    };
    await failure(service.createSync(definitionOf('nightly', off)), 'STATE_NOT_SAVED');
    expect(await service.getSync('nightly')).toMatchObject({ description: 'of another' });
    await failure(other.service.createSync(definitionOf('nightly', off)), 'SYNC_EXISTS');
    expect(await names()).toEqual(['nightly']);
  });
});

describe('a record of which nobody knows whether it was saved', () => {
  it('is not there, and can be made again under its name', async () => {
    const world = openWorld();
    const { service, names } = world;
    loseAnswer(world, isRecord);
    await failure(service.createSync(definitionOf('nightly', off)), 'STATE_NOT_SAVED');
    expect(await names()).toEqual([]);
    await service.createSync(definitionOf('nightly', off));
    expect(await names()).toEqual(['nightly']);
  });

  it('is never taken for the record of another process that has its id', async () => {
    const world = openWorld();
    const { service, failPut, names, control } = world;
    const given = { ...definitionOf('nightly', off), id: 'shop-1' };
    await world.open().service.createSync(given);
    for (const name of ['nightly', 'hourly']) {
      failPut(isRecord, 1);
      await failure(service.createSync({ ...given, name }), 'STATE_NOT_SAVED');
      control.fails = () => false;
      await failure(service.createSync({ ...given, name }), 'SYNC_EXISTS');
    }
    expect(await names()).toEqual(['nightly']);
    for (const idOrName of ['nightly', 'shop-1'])
      expect(await service.getSync(idOrName)).toMatchObject({ id: 'shop-1' });
    await failure(service.getSync('hourly'), 'SYNC_NOT_FOUND');
  });
});

describe('a record that is renamed while the store fails', () => {
  it('has its former name, which stays its own, where the new one cannot be confirmed', async () => {
    const { service, failPut, names, control, open } = openWorld();
    const before = await service.createSync(definitionOf('old', off));
    failPut(isName, 2);
    const changes = { name: 'new', secretPath: '/elsewhere' };
    await failure(service.updateSync('old', changes), 'STATE_NOT_SAVED');
    control.fails = () => false;
    const after = await service.getSync('old');
    expect(after).toEqual({ ...before, version: 3, updatedAt: after.updatedAt });
    await failure(service.getSync('new'), 'SYNC_NOT_FOUND');
    await failure(open().service.createSync(definitionOf('old', off)), 'SYNC_EXISTS');
    await service.createSync(definitionOf('new', off));
    expect(await names()).toEqual(['new', 'old']);
  });

  it('has its former name where nobody knows whether the change was saved', async () => {
    const world = openWorld();
    const { service, names } = world;
    const { id } = await service.createSync(definitionOf('old', off));
    loseAnswer(world, isRecord);
    await failure(service.updateSync('old', { name: 'new' }), 'STATE_NOT_SAVED');
    expect(await service.getSync('old')).toMatchObject({ id });
    await service.createSync(definitionOf('new', off));
    expect(await names()).toEqual(['new', 'old']);
  });

  it('keeps the new name where it cannot be taken back, and no other record can have it', async () => {
    const { service, failPut, names, control, clock } = openWorld();
    const { id } = await service.createSync(definitionOf('old', off));
    failPut(isName, 2, Infinity);
    await failure(service.updateSync('old', { name: 'new' }), 'STATE_NOT_SAVED');
    control.fails = () => false;
    expect(await service.getSync('new')).toMatchObject({ id });
    await clock.sleep(HOUR);
    await failure(service.createSync(definitionOf('new', off)), 'SYNC_EXISTS');
    await service.createSync(definitionOf('old', off));
    expect(await names()).toEqual(['new', 'old']);
  });

  it('keeps the new name where another process has changed it, or taken its former name, in the meantime', async () => {
    for (const isTaken of [true, false]) {
      const world = openWorld();
      const { service, failPut, names, control } = world;
      const { id } = await service.createSync(definitionOf('old', off));
      const other = world.open();
      failPut(isName, 2);
      let count = 0;
      control.beforePut = async (key) => {
        if (!isName(key)) return;
        count += 1;
        if (count !== 2) return;
        control.beforePut = async () => undefined;
        const { fails } = control;
        control.fails = () => false;
        if (isTaken) await other.service.createSync(definitionOf('old', off));
        else await other.service.updateSync(id, { description: 'of another' });
        control.fails = fails;
      };
      await failure(service.updateSync('old', { name: 'new' }), 'STATE_NOT_SAVED');
      expect(await service.getSync('new')).toMatchObject({
        id,
        description: isTaken ? null : 'of another',
      });
      await failure(service.createSync(definitionOf('new', off)), 'SYNC_EXISTS');
      expect(await names()).toEqual(isTaken ? ['new', 'old'] : ['new']);
    }
  });
});
