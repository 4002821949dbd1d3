import { expect, onTestFinished } from 'vitest';
import type { SyncDefinitionInput } from '../../src/contracts/definition.js';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import type { SyncEvent } from '../../src/contracts/events.js';
import type { JsonValue } from '../../src/contracts/json.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import type { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import type { EngineOptions } from '../../src/engine/options.js';
import { memoryStore } from '../../src/stores/memory.js';
import type {
  Emulator,
  EmulatorOptions,
  Fault,
  RequestLogEntry,
} from '../../src/testing/emulators/server/types.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../src/testing/emulators/hasura-cloud/index.js';
import type { HasuraCloudSwitches } from '../../src/testing/emulators/hasura-cloud/switches.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import type { QoverySwitches } from '../../src/testing/emulators/qovery/switches.js';
import {
  createEngine,
  hasuraTarget,
  qoveryTarget,
  type DefinitionFields,
  type QoveryTarget,
} from '../support/engine.js';
import { createVirtualClock, type VirtualClock } from '../support/virtual-clock.js';
import type { SyncResult } from '../../src/contracts/result.js';
import type { AnyDestinationDriver } from '../../src/contracts/typed-definition.js';

export type AnyDefinition = SyncDefinitionInput<string, unknown>;
export type AnyEngine = SecretSyncEngine<readonly AnyDestinationDriver[]>;
type Engines = Partial<EngineOptions<readonly AnyDestinationDriver[]>>;

/** What a request is for. */
export type Phase = 'read' | 'upsert' | 'delete';

/** An emulator with one place on it, and engines for it whose time is virtual. */
export interface Site extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly driver: AnyDestinationDriver;
  readonly clock: VirtualClock;
  /** Shared by all engines that are given no other. */
  readonly store: StateStore;
  definition(fields?: DefinitionFields): AnyDefinition;
  /** What stands at the place. */
  values(): ReadonlyMap<string, string>;
  /** An edit by somebody else. */
  edit(key: string, value: string): void;
  /** A deletion by somebody else. */
  drop(key: string): void;
  phaseOf(request: RequestLogEntry): Phase;
  engine(options?: Engines): { engine: AnyEngine; events: SyncEvent[] };
}

export interface HasuraSite extends Site {
  readonly emulator: HasuraCloudEmulator;
  readonly projectId: string;
}

export interface QoverySite extends Site {
  readonly emulator: QoveryEmulator;
  readonly target: QoveryTarget;
}

/** The defaults of the engine, for the tests of waits. */
export const DEFAULT_RETRY = { retries: 4, minTimeout: 500, maxTimeout: 30_000, maxWait: 60_000 };

function engines(site: Pick<Site, 'driver' | 'clock' | 'store'>, emulator: Emulator): Site['engine'] {
  return (options = {}) =>
    createEngine<readonly AnyDestinationDriver[]>({
      store: site.store,
      drivers: [site.driver],
      clock: site.clock,
      fetch: site.clock.track(emulator.fetch),
      random: () => 0.5,
      retry: DEFAULT_RETRY,
      ...options,
    });
}

/** A project at a Hasura Cloud emulator of its own. */
export async function hasuraSite(
  options: EmulatorOptions & Partial<HasuraCloudSwitches> = {},
): Promise<HasuraSite> {
  const clock = createVirtualClock({ auto: true });
  const emulator = await startHasuraCloudEmulator({ now: () => clock.now(), ...options });
  const { projectId, driver, definition } = hasuraTarget(emulator);
  const made = { driver, clock, store: memoryStore() };
  return {
    ...made,
    emulator,
    projectId,
    definition,
    engine: engines(made, emulator),
    values: () => new Map([...emulator.environment(projectId)].map(([key, value]) => [key, textOf(value)])),
    edit: (key, value) => emulator.setVariable(projectId, key, value),
    drop: (key) => void emulator.deleteVariable(projectId, key),
    phaseOf: ({ operation }) =>
      operation === 'mutation updateTenantEnv'
        ? 'upsert'
        : operation === 'mutation deleteTenantEnv'
          ? 'delete'
          : 'read',
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

/** An environment at a Qovery emulator of its own. */
export async function qoverySite(
  options: EmulatorOptions & Partial<QoverySwitches> = {},
): Promise<QoverySite> {
  const clock = createVirtualClock({ auto: true });
  const emulator = await startQoveryEmulator({ now: () => clock.now(), ...options });
  const target = qoveryTarget(emulator);
  const made = { driver: target.driver, clock, store: memoryStore() };
  return {
    ...made,
    emulator,
    target,
    definition: (fields) => target.definition(fields),
    engine: engines(made, emulator),
    values: target.values,
    edit(key, value) {
      const found = target.find(key);
      if (found) emulator.editVariable(found.id, { value });
      else target.add({ key, value });
    },
    drop: (key) => void emulator.deleteVariable(target.find(key)?.id ?? ''),
    phaseOf: ({ method }) => (method === 'GET' ? 'read' : method === 'DELETE' ? 'delete' : 'upsert'),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

/** A store on a file system, whose time is real: that of the clock stands still meanwhile. */
export function holdingTime(clock: VirtualClock, store: StateStore): StateStore {
  const hold = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    let answer: Promise<Answer> | undefined;
    const hold = clock.track(async () => {
      answer = work();
      await answer.catch(() => undefined);
      return new Response();
    });
    await hold('');
    return answer ?? work();
  };
  return {
    get: (key) => hold(() => store.get(key)),
    put: (key, document, options) => hold(() => store.put(key, document, options)),
    delete: (key, options) => hold(() => store.delete(key, options)),
    list: (prefix) => store.list(prefix),
  };
}

const textOf = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The body of a request as the engine hands it to `fetch`. */
export const bodyOf = (init: RequestInit | undefined): string =>
  typeof init?.body === 'string' ? init.body : '';

/** Both destinations, for `describe.each`. */
export const SITES: readonly (readonly [name: string, open: (options?: EmulatorOptions) => Promise<Site>])[] =
  [
    ['Hasura Cloud', hasuraSite],
    ['Qovery', qoverySite],
  ];

/** A site that lives as long as the test. */
export async function during<Opened extends Site>(opening: Promise<Opened>): Promise<Opened> {
  const site = await opening;
  onTestFinished(() => site[Symbol.asyncDispose]());
  return site;
}

/** The requests of the kind get these faults, one after the other; then all is well. */
export function failRequests(site: Site, phase: Phase | 'any', ...faults: readonly Fault[]): void {
  const left = [...faults];
  site.emulator.setIntercept((request) =>
    phase === 'any' || site.phaseOf(request) === phase ? left.shift() : undefined,
  );
}

/** Every request of the kind gets this fault, for ever. */
export function failAll(site: Site, phase: Phase, fault: Fault): void {
  site.emulator.setIntercept((request) => (site.phaseOf(request) === phase ? fault : undefined));
}

/** The requests of a kind that reached the emulator. */
export const requestsOf = (site: Site, ...phases: readonly Phase[]): RequestLogEntry[] =>
  site.emulator.requests.filter((request) => phases.includes(site.phaseOf(request)));

/** `KEY status` for each key of a result. */
export const endsOf = (result: SyncResult | undefined): string[] =>
  (result?.outcomes ?? []).map(({ key, status }) => `${key} ${status}`);

/** The result that a call answers, or that its error carries. */
export async function resultOf(call: Promise<SyncResult>): Promise<SyncResult> {
  try {
    return await call;
  } catch (error) {
    if (isSecretSyncError(error) && error.result !== undefined) return error.result;
    throw error;
  }
}

/** A second sync, with everything in order again, ends well and as wanted. */
export async function expectConvergence(
  site: Site,
  engine: AnyEngine,
  definition: AnyDefinition,
  end: object,
) {
  site.emulator.setIntercept(undefined);
  expect((await engine.sync(definition)).status).toBe('succeeded');
  expect(Object.fromEntries(site.values())).toEqual(end);
}

/** All is as wanted, and a second sync has nothing to write. */
export async function expectSettled(site: Site, engine: AnyEngine, definition: AnyDefinition, end: object) {
  site.emulator.clearRequests();
  await expectConvergence(site, engine, definition, end);
  expect(requestsOf(site, 'upsert', 'delete')).toEqual([]);
}

/** Keys `K0`, `K1`, … with the values `value-0`, … */
export const someSecrets = (count: number, prefix = 'K'): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}${index}`, `value-${index}`]));
