import { expect } from 'vitest';
import type { SecretRecord, SecretSource, SourceLocation } from '../../src/contracts/source.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import type { Connections } from '../../src/engine/options.js';
import type { SyncQueue } from '../../src/service/runs/sync-job.js';
import { SecretSyncService } from '../../src/service/secret-sync-service.js';
import type { ServiceEvent } from '../../src/service/events.js';
import type { AutoSyncOptions, CrossSyncCheck } from '../../src/service/options.js';
import { memoryStore } from '../../src/stores/memory.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import type { MemoryDestination } from '../../src/testing/memory-destination/types.js';
import { FINGERPRINT_KEY } from '../support/engine.js';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A source with a folder for each `secretPath`, which tells of its changes, and counts what is asked of it. */
export function folderSource(options: { readonly watchable?: boolean } = {}) {
  const { watchable = true } = options;
  const folders = new Map<string, Map<string, string>>();
  const watchers = new Set<{ readonly path: string; readonly tell: () => void }>();
  let reads = 0;
  let failure: Error | undefined;
  let before: (() => Promise<unknown>) | undefined;
  const folder = (path = '/') => {
    const known = folders.get(path) ?? new Map<string, string>();
    folders.set(path, known);
    return known;
  };
  const tell = (path: string) =>
    [...watchers].forEach((watcher) => {
      if (watcher.path === path) watcher.tell();
    });
  const source: SecretSource = {
    name: 'folders',
    read({ secretPath }: SourceLocation): SecretRecord | Promise<SecretRecord> {
      reads += 1;
      if (failure !== undefined) throw failure;
      const held = () => new Map(folder(secretPath));
      const first = before;
      before = undefined;
      return first === undefined ? held() : first().then(held);
    },
    write({ secretPath = '/' }, changes) {
      for (const { key, value } of changes) folder(secretPath).set(key, value.reveal());
      tell(secretPath);
    },
    ...(watchable && {
      watch({ secretPath: path = '/' }: SourceLocation, onChange: () => void, { signal }) {
        const watcher = { path, tell: onChange };
        watchers.add(watcher);
        signal.addEventListener('abort', () => watchers.delete(watcher));
      },
    }),
    describe: ({ secretPath = '/', environment = 'none' }) => ({
      environment: { slug: environment, name: environment.toUpperCase(), id: `environment-${environment}` },
      folder: { id: `folder-of-${secretPath}`, path: secretPath },
    }),
  };
  return {
    source,
    folder,
    set(path: string, key: string, value: string) {
      folder(path).set(key, value);
      tell(path);
    },
    delete(path: string, key: string) {
      folder(path).delete(key);
      tell(path);
    },
    tell,
    /** Work that the next read waits for. */
    beforeNextRead: (work: () => Promise<unknown>) => void (before = work),
    failWith: (error: Error | undefined) => void (failure = error),
    get reads() {
      return reads;
    },
    get watchers() {
      return watchers.size;
    },
  };
}

export type FolderSource = ReturnType<typeof folderSource>;

export interface WorldSetup {
  readonly store?: StateStore;
  readonly clock?: VirtualClock;
  readonly folders?: FolderSource;
  readonly destination?: MemoryDestination<'memory'>;
  readonly autoSync?: AutoSyncOptions;
  readonly crossSyncCheck?: CrossSyncCheck;
  readonly connections?: Connections;
  readonly queue?: SyncQueue;
  readonly engineOptions?: {
    readonly runTimeout?: number;
    readonly leaseWait?: number;
    readonly acceptUnverifiedState?: boolean;
  };
}

/** A service with all around it: what a process would have. Given the same parts, a restart of it. */
export function createWorld(setup: WorldSetup = {}) {
  const clock = setup.clock ?? createVirtualClock({ auto: true });
  const store = setup.store ?? memoryStore();
  const folders = setup.folders ?? folderSource();
  const destination = setup.destination ?? memoryDestination();
  const random = () => 0.5;
  const events: ServiceEvent[] = [];
  const engine = new SecretSyncEngine({
    source: folders.source,
    drivers: [destination],
    store,
    fingerprintKey: FINGERPRINT_KEY,
    clock,
    random,
    ...(setup.connections !== undefined && { connections: setup.connections }),
    ...setup.engineOptions,
  });
  const service = new SecretSyncService({
    engine,
    store,
    clock,
    random,
    onEvent: (event) => void events.push(event),
    ...(setup.autoSync !== undefined && { autoSync: setup.autoSync }),
    ...(setup.crossSyncCheck !== undefined && { crossSyncCheck: setup.crossSyncCheck }),
    ...(setup.queue !== undefined && { queue: setup.queue }),
  });
  /** The events of these types, as `type name`. */
  const told = (...types: ServiceEvent['type'][]) =>
    events
      .filter(({ type }) => types.includes(type))
      .map((event) => ('name' in event ? `${event.type} ${event.name}` : event.type));
  const runs = () => events.filter(({ type }) => type === 'run-started').length;
  return { clock, store, folders, destination, engine, service, events, told, runs };
}

export type World = ReturnType<typeof createWorld>;

/** A definition of a sync from a folder to a place. */
export const definitionOf = (name: string, fields: object = {}) => ({
  name,
  secretPath: `/${name}`,
  destination: 'memory' as const,
  destinationConfig: { place: name },
  ...fields,
});

/** What stands at a place equals what a folder holds. */
export function expectEqualSides({ folders, destination }: World, name: string): void {
  expect(destination.values({ place: name })).toEqual(folders.folder(`/${name}`));
}

/** A started service with records of these names, whose first runs are done. Its clock moves when it is told to. */
export async function startWith(names: readonly string[], setup: WorldSetup = {}) {
  const clock = createVirtualClock();
  const autoSync = { debounce: 2_000, maxDebounce: 30_000, ...setup.autoSync };
  const world = createWorld({ clock, ...setup, autoSync });
  for (const name of names) {
    world.folders.set(`/${name}`, 'API_KEY', 'one');
    await world.service.createSync(definitionOf(name));
  }
  await world.service.start();
  await clock.advance(MINUTE);
  world.destination.clearCalls();
  world.events.splice(0);
  return { ...world, clock };
}

/** A store in memory that fails, or takes its time, when it is told to. */
export function unsteadyStore() {
  const inner = memoryStore();
  const control: {
    /** Whether this call fails. */
    fails: (method: 'get' | 'put', key: string) => boolean;
    /** Waited for before a document is read. */
    beforeGet: (key: string) => Promise<void>;
    /** Waited for before a document is written. */
    beforePut: (key: string) => Promise<void>;
  } = { fails: () => false, beforeGet: async () => undefined, beforePut: async () => undefined };
  const check = (method: 'get' | 'put', key: string) => {
    if (control.fails(method, key)) throw new Error('disk');
  };
  const store: StateStore = {
    async get(key) {
      await control.beforeGet(key);
      check('get', key);
      return inner.get(key);
    },
    async put(key, ...rest) {
      await control.beforePut(key);
      check('put', key);
      return inner.put(key, ...rest);
    },
    delete: (...given) => inner.delete(...given),
    list: (prefix) => inner.list(prefix),
  };
  return { store, control };
}
