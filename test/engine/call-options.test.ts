import { describe, expect, it, vi } from 'vitest';
import type { SyncEvent } from '../../src/contracts/events.js';
import { planSync } from '../../src/core/plan-sync.js';
import { SecretSyncService } from '../../src/service/secret-sync-service.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { createEngine, failure, memoryDefinition, subjectsOf } from '../support/engine.js';

/** An engine and a service at which every way to the outside is watched. */
async function watched() {
  const source = memorySource({ A: '1' });
  const store = memoryStore();
  const destination = memoryDestination();
  const { engine } = createEngine({ source, drivers: [destination], store });
  const service = new SecretSyncService({ engine, store });
  await service.createSync(memoryDefinition());
  await service.whenIdle();
  const plan = await engine.plan(memoryDefinition());
  const spies = [
    vi.spyOn(source, 'read'),
    vi.spyOn(store, 'get'),
    vi.spyOn(store, 'put'),
    vi.spyOn(store, 'list'),
  ];
  const outside = () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0) + destination.calls.length;
  destination.clearCalls();
  return { engine, service, plan, outside };
}

type World = Awaited<ReturnType<typeof watched>>;

/** Calls as JavaScript would, where no compiler looks at the options. */
const METHODS: readonly (readonly [string, (world: World, options: never) => unknown, readonly string[]])[] =
  [
    [
      'engine.plan',
      ({ engine }, options) => engine.plan(memoryDefinition(), options),
      ['operation', 'importBehavior', 'force', 'confirmDeletions', 'signal', 'onEvent'],
    ],
    [
      'engine.apply',
      ({ engine, plan }, options) => engine.apply(plan, options),
      ['confirmDeletions', 'signal', 'onEvent'],
    ],
    [
      'engine.sync',
      ({ engine }, options) => engine.sync(memoryDefinition(), options),
      ['force', 'confirmDeletions', 'unlessDigest', 'signal', 'onEvent'],
    ],
    [
      'engine.importSecrets',
      ({ engine }, options) => engine.importSecrets(memoryDefinition(), options),
      ['importBehavior', 'signal', 'onEvent'],
    ],
    [
      'engine.removeSecrets',
      ({ engine }, options) => engine.removeSecrets(memoryDefinition(), options),
      ['confirmDeletions', 'signal', 'onEvent'],
    ],
    [
      'engine.release',
      ({ engine }, options) => engine.release(memoryDefinition(), options),
      ['signal', 'onEvent'],
    ],
    [
      'service.plan',
      ({ service }, options) => service.plan('nightly', options),
      ['operation', 'importBehavior', 'force', 'confirmDeletions', 'signal', 'onEvent'],
    ],
    [
      'service.sync',
      ({ service }, options) => service.sync('nightly', options),
      ['force', 'confirmDeletions', 'signal', 'onEvent'],
    ],
    [
      'service.importSecrets',
      ({ service }, options) => service.importSecrets('nightly', options),
      ['importBehavior', 'signal'],
    ],
    [
      'service.removeSecrets',
      ({ service }, options) => service.removeSecrets('nightly', options),
      ['confirmDeletions', 'signal'],
    ],
    [
      'service.deleteSync',
      ({ service }, options) => service.deleteSync('nightly', options),
      ['removeSecrets', 'confirmDeletions', 'signal', 'onEvent'],
    ],
    ['service.updateSync', ({ service }, options) => service.updateSync('nightly', {}, options), ['version']],
    [
      'service.listSyncs',
      ({ service }, options) => service.listSyncs(options),
      ['projectId', 'destination', 'connectionId'],
    ],
    [
      'service.requestSync',
      ({ service }, options) => service.requestSync('nightly', options),
      ['force', 'confirmDeletions'],
    ],
    [
      'service.requestImport',
      ({ service }, options) => service.requestImport('nightly', options),
      ['importBehavior'],
    ],
    [
      'service.requestRemoval',
      ({ service }, options) => service.requestRemoval('nightly', options),
      ['confirmDeletions'],
    ],
    ['service.findDue', ({ service }, options) => service.findDue(options), ['location', 'signal']],
    [
      'service.destinations.discover',
      ({ service }, options) =>
        service.destinations.discover({ destination: 'unheard-of', path: 'places' }, options),
      ['signal', 'onEvent'],
    ],
    ['service.stop', ({ service }, options) => service.stop(options), ['timeout']],
  ];

/** Of no type that any option has. */
const WRONG = Symbol('wrong');

describe.each(METHODS)('the options of %s', (_name, call, names) => {
  it('are refused with every wrong type and unknown name together, before anything is read or sent', async () => {
    const world = await watched();
    const wrong = Object.fromEntries([...names, 'unheardOf'].map((name) => [name, WRONG]));
    const error = await failure(async () => call(world, wrong as never), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual([...names, 'unheardOf'].sort());
    expect(world.outside()).toBe(0);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a string', 'text'],
    ['a number', 7],
    ['a list', [1]],
    ['a signal in place of { signal }', new AbortController().signal],
    ['a promise that nobody awaited', Promise.resolve({ force: true })],
    ['the parameters of a query', new URLSearchParams('force=yes')],
    ['a Map', new Map([['force', true]])],
  ])('are refused where they are %s', async (_what, options) => {
    const world = await watched();
    await failure(async () => call(world, options as never), 'INVALID_OPTION');
    expect(world.outside()).toBe(0);
  });

  it('can be undefined, each of them and all', async () => {
    const undefinedOptions = Object.fromEntries(names.map((name) => [name, undefined]));
    for (const options of [undefinedOptions, undefined]) {
      const refused = await Promise.resolve()
        .then(async () => call(await watched(), options as never))
        .catch((error: unknown) => error);
      expect(refused).not.toMatchObject({ code: 'INVALID_OPTION' });
    }
  });
});

describe('an option of a call is refused, with the remedy,', () => {
  it.each<[string, object, RegExp]>([
    ['operation', { operation: 'prune' }, /use one of "sync", "import", "remove"/],
    ['force', { force: 'yes' }, /true or false/],
    ['confirmDeletions', { confirmDeletions: '3' }, /whole number/],
    ['confirmDeletions', { confirmDeletions: 1.5 }, /whole number/],
    ['confirmDeletions', { confirmDeletions: -1 }, /at least 0/],
    ['confirmDeletion', { confirmDeletion: 3 }, /unknown; remove it, or correct its name/],
    ['importBehavior', { operation: 'import', importBehavior: 'newest' }, /"prioritize-source"/],
    ['signal', { signal: {} }, /AbortSignal/],
    ['signal', { signal: { aborted: false, addEventListener: () => undefined } }, /AbortSignal/],
    ['onSourceDigest', { onSourceDigest: () => undefined }, /unknown/],
  ])('%s: %j', async (path, options, message) => {
    const { engine } = await watched();
    const planned = await failure(async () => engine.plan(memoryDefinition(), options), 'INVALID_OPTION');
    expect(planned.problems).toMatchObject([{ path }]);
    expect(planned.message).toMatch(message);
    const given = { definition: memoryDefinition(), source: {}, destination: {}, ...options };
    const pure = await failure(() => planSync(given), 'INVALID_OPTION');
    expect(subjectsOf(pure)).toEqual([path]);
  });

  it('beside what is wrong with the definition of planSync', async () => {
    const given = {
      definition: { name: 'No Slug', syncOptions: { force: true } },
      source: 'A=1',
      destination: [{ value: '1' }],
      operation: 'prune',
      fingerprintKey: 'short',
    };
    const error = await failure(() => planSync(given as never), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['fingerprintKey', 'name', 'operation', 'source', 'syncOptions.force']);
  });
});

describe('a service', () => {
  it('refuses unlessDigest, which it would not follow', async () => {
    const { service, outside } = await watched();
    const error = await failure(
      service.sync('nightly', { unlessDigest: 'digest' } as never),
      'INVALID_OPTION',
    );
    expect(subjectsOf(error)).toEqual(['unlessDigest']);
    expect(outside()).toBe(0);
  });

  it.each<[string, (service: SecretSyncService) => Promise<unknown>, string[]]>([
    ['plan', (service) => service.plan('', { force: 1 } as never), ['force', 'idOrName']],
    ['sync', (service) => service.sync('', { force: 1 } as never), ['force', 'idOrName']],
    [
      'importSecrets',
      (service) => service.importSecrets('', { force: true } as never),
      ['force', 'idOrName'],
    ],
    [
      'removeSecrets',
      (service) => service.removeSecrets('', { force: true } as never),
      ['force', 'idOrName'],
    ],
    [
      'deleteSync',
      (service) => service.deleteSync('', { removeSecrets: 1 } as never),
      ['idOrName', 'removeSecrets'],
    ],
    [
      'updateSync',
      (service) => service.updateSync('', [] as never, { version: 0 }),
      ['changes', 'idOrName', 'version'],
    ],
    ['requestSync', (service) => service.requestSync('', { force: 1 } as never), ['force', 'idOrName']],
    ['requestImport', (service) => service.requestImport('', { force: 1 } as never), ['force', 'idOrName']],
    ['requestRemoval', (service) => service.requestRemoval('', { force: 1 } as never), ['force', 'idOrName']],
    [
      'destinations.discover',
      (service) => service.destinations.discover({ path: 'places' } as never, { signal: 1 } as never),
      ['destination', 'signal'],
    ],
  ])('names all that is wrong with the arguments of %s() together', async (method, call, subjects) => {
    const { service, outside } = await watched();
    const error = await failure(async () => call(service), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(subjects);
    expect(error.message).toContain(`The arguments of ${method.replace(/^.*\./, '')}() are not valid`);
    expect(outside()).toBe(0);
  });

  it('names all that is wrong with a job and the options of its run together', async () => {
    const { service, outside } = await watched();
    const performed = await service.perform({ syncId: 1 } as never, { runsPerConnection: 0 });
    expect(performed).toMatchObject({ status: 'failed', code: 'INVALID_OPTION', retryAt: null });
    const { message } = performed as { message: string };
    for (const path of ['job.syncId', 'job.operation', 'job.cause', 'runsPerConnection']) {
      expect(message).toContain(path);
    }
    expect(outside()).toBe(0);
  });

  it.each([[null], [undefined], [['name']], ['name'], [Promise.resolve({})]])(
    'refuses changes of a sync that are no object, before anything is read: %j',
    async (changes) => {
      const { service, outside } = await watched();
      const error = await failure(
        async () => service.updateSync('nightly', changes as never),
        'INVALID_OPTION',
      );
      expect(subjectsOf(error)).toEqual(['changes']);
      expect(outside()).toBe(0);
    },
  );
});

describe('the onEvent of a call', () => {
  it('gets the events of that call, besides that of the engine, and what it throws changes nothing', async () => {
    const { engine, events } = createEngine({
      source: memorySource({ A: '1' }),
      drivers: [memoryDestination()],
    });
    const own: SyncEvent[] = [];
    const onEvent = (event: SyncEvent) => {
      own.push(event);
      throw new Error('the log is full');
    };
    await engine.plan(memoryDefinition(), { onEvent });
    expect(own.map(({ type }) => type)).toEqual(events.map(({ type }) => type));
    await engine.plan(memoryDefinition());
    expect(events.length).toBe(own.length * 2);
  });
});
