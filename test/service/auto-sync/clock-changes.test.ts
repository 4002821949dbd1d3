import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { createWorld, definitionOf, expectEqualSides, folderSource, HOUR, MINUTE } from '../support.js';

/** Clocks that tell a steady time, and such as do not: there the time since the last look at the clock counts twice. */
const CLOCKS = [
  ['with a steady time', { steady: true }, 1],
  ['without a steady time', { steady: false }, 2],
] as const;

async function startWith(steady: boolean, watchable: boolean) {
  const clock = createVirtualClock({ steady });
  const folders = folderSource({ watchable });
  const world = createWorld({ clock, folders, autoSync: { debounce: 2_000, pollJitter: 0 } });
  folders.set('/shop', 'API_KEY', 'one');
  await world.service.createSync(definitionOf('shop'));
  await world.service.start();
  await clock.advance(10 * MINUTE + 30_000);
  world.destination.clearCalls();
  world.events.splice(0);
  return { ...world, clock };
}

describe.each(CLOCKS)('auto-sync by a clock %s', (_title, { steady }, factor) => {
  it.each([-HOUR, -24 * HOUR, HOUR])(
    'finds changes within the interval of its polls after the clock was set by %d ms',
    async (by) => {
      const world = await startWith(steady, false);
      const { service, clock, folders, runs } = world;
      clock.set(by);
      folders.set('/shop', 'API_KEY', 'two');
      await clock.advance(factor * MINUTE + 5_000);
      expectEqualSides(world, 'shop');
      expect(runs()).toBe(1);
      const before = folders.reads;
      await clock.advance(10 * MINUTE);
      expect(folders.reads - before).toBe(10);
      await service.stop();
    },
  );

  it.each([-HOUR, HOUR])(
    'waits for the end of changes that are told no longer after the clock was set by %d ms',
    async (by) => {
      const world = await startWith(steady, true);
      const { service, clock, folders, runs } = world;
      folders.set('/shop', 'API_KEY', 'two');
      clock.set(by);
      await clock.advance(factor * 2_000 + 1_000);
      expectEqualSides(world, 'shop');
      expect(runs()).toBe(1);
      await service.stop();
    },
  );

  it('takes up within its interval what other processes changed after the clock was set back', async () => {
    const world = await startWith(steady, true);
    const { service, clock, store, folders, destination } = world;
    const other = createWorld({ clock, store, folders, destination });
    folders.set('/web', 'API_KEY', 'one');
    await other.service.createSync(definitionOf('web', { isEnabled: false }));
    await other.service.updateSync('web', { isEnabled: true });
    clock.set(-HOUR);
    await clock.advance(factor * 30_000 + 5_000);
    expectEqualSides(world, 'web');
    await service.stop();
  });

  it('looks again at a source that could not be read, after its pause, when the clock was set back', async () => {
    const world = await startWith(steady, true);
    const { service, clock, folders } = world;
    folders.failWith(new Error('away'));
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(3_000);
    folders.failWith(undefined);
    clock.set(-HOUR);
    await clock.advance(factor * 10_000);
    expectEqualSides(world, 'shop');
    await service.stop();
  });

  it('asks again for a job whose record was busy, after a few seconds, when the clock was set back', async () => {
    const world = await startWith(steady, true);
    const { service, clock, folders, destination } = world;
    const other = createWorld({ clock, store: world.store, folders, destination });
    let isFirst = true;
    destination.setIntercept(async () => {
      if (isFirst) await clock.sleep(4_000);
      isFirst = false;
      return undefined;
    });
    const running = other.service.sync('shop');
    await clock.advance(0);
    folders.set('/shop', 'API_KEY', 'two');
    await clock.advance(5_000);
    await running;
    clock.set(-HOUR);
    await clock.advance(factor * 5_000);
    expectEqualSides(world, 'shop');
    await service.stop();
  });
});
