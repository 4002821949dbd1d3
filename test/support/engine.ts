import { expect } from 'vitest';
import type { SyncDefinitionInput } from '../../src/contracts/definition.js';
import { isSecretSyncError, type SecretSyncError } from '../../src/contracts/errors.js';
import type { SyncEvent } from '../../src/contracts/events.js';
import type { SyncPlan } from '../../src/contracts/plan.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import { hasuraCloud, type HasuraCloudConfig } from '../../src/drivers/hasura-cloud/index.js';
import { qovery, type QoveryConfigInput, type QoveryVariableType } from '../../src/drivers/qovery/index.js';
import type { EngineOptions } from '../../src/engine/options.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import type { HasuraCloudEmulator } from '../../src/testing/emulators/hasura-cloud/index.js';
import type { HasuraCloudProjectSetup } from '../../src/testing/emulators/hasura-cloud/state.js';
import type { QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import type { QoveryVariable, QoveryVariableSetup } from '../../src/testing/emulators/qovery/types.js';
import type { MemoryConfigInput } from '../../src/testing/memory-destination/types.js';
import { type ErrorCode } from '../../src/contracts/error-codes.js';
import type { AnyDestinationDriver } from '../../src/contracts/typed-definition.js';

export const FINGERPRINT_KEY = 'a fingerprint key that only the tests know';
export const OTHER_KEY = 'another fingerprint key that only the tests know';

/** What is given of a definition beyond its name, destination and config. */
export type DefinitionFields = Partial<Omit<SyncDefinitionInput, 'destination' | 'destinationConfig'>>;

type EngineSetup<Drivers extends readonly AnyDestinationDriver[]> = Omit<
  Partial<EngineOptions<Drivers>>,
  'drivers' | 'fingerprintKey' | 'store'
> & {
  readonly drivers: Drivers;
  /** `null`: none is passed. */
  readonly store?: StateStore | null | undefined;
  /** `null`: none is passed. */
  readonly fingerprintKey?: EngineOptions<Drivers>['fingerprintKey'] | null;
};

/** An engine that may talk to loopback and gives up fast, with all that it told and holds. */
export function createEngine<const Drivers extends readonly AnyDestinationDriver[]>(
  setup: EngineSetup<Drivers>,
) {
  const { store = memoryStore(), fingerprintKey = FINGERPRINT_KEY, source = memorySource(), ...rest } = setup;
  const events: SyncEvent[] = [];
  const engine = new SecretSyncEngine<Drivers>({
    source,
    allowPrivateNetwork: true,
    retry: { retries: 1, minTimeout: 1, maxTimeout: 1 },
    ...rest,
    ...(store === null ? {} : { store }),
    ...(fingerprintKey === null ? {} : { fingerprintKey }),
    onEvent(event) {
      events.push(event);
      rest.onEvent?.(event);
    },
  });
  return { engine, events };
}

/** The definition of a sync into a memory destination. */
export const memoryDefinition = (
  fields: DefinitionFields = {},
  destinationConfig: MemoryConfigInput = {},
): SyncDefinitionInput<'memory', MemoryConfigInput> => ({
  name: 'nightly',
  destination: 'memory',
  destinationConfig,
  ...fields,
});

/** A new project at a Hasura Cloud emulator, with a driver and a definition for it. */
export function hasuraTarget(
  emulator: HasuraCloudEmulator,
  setup: Omit<HasuraCloudProjectSetup, 'name'> = {},
) {
  const { id } = emulator.addProject({ name: 'shop', ...setup });
  const driver = hasuraCloud({ accessToken: emulator.accessToken, apiUrl: emulator.url });
  return {
    projectId: id,
    driver,
    definition: (fields: DefinitionFields = {}): SyncDefinitionInput<'hasura-cloud', HasuraCloudConfig> => ({
      name: 'nightly',
      destination: 'hasura-cloud',
      destinationConfig: { projectId: id },
      ...fields,
    }),
    /** The custom variables, by key. */
    values: () => new Map([...emulator.environment(id)].sort()),
  };
}

/** A new environment at a Qovery emulator, in a project of its own, with a driver and a definition for it. */
export function qoveryTarget(emulator: QoveryEmulator) {
  const organization = emulator.addOrganization({ name: 'acme' });
  const project = emulator.addProject({ name: 'shop', organizationId: organization.id });
  const environment = emulator.addEnvironment({ name: 'production', projectId: project.id });
  const driver = qovery({ accessToken: emulator.accessToken, instanceUrl: emulator.url });
  const config = {
    organizationId: organization.id,
    projectId: project.id,
    environmentId: environment.id,
  } satisfies QoveryConfigInput;
  const own = () => emulator.variables().filter((variable) => variable.parent_id === environment.id);
  return {
    organizationId: organization.id,
    projectId: project.id,
    environmentId: environment.id,
    config,
    driver,
    definition: (
      fields: DefinitionFields = {},
      variableType: QoveryVariableType = 'secret',
    ): SyncDefinitionInput<'qovery', QoveryConfigInput> => ({
      name: 'nightly',
      destination: 'qovery',
      destinationConfig: { ...config, variableType },
      ...fields,
    }),
    /** An entry that somebody else made in the environment: a secret, unless it says otherwise. */
    add: (setup: Omit<QoveryVariableSetup, 'parent_id'>): QoveryVariable =>
      emulator.addVariable({ is_secret: true, parent_id: environment.id, ...setup }),
    /** The plain values of the environment, `KEY` for a secret and `KEY (variable)` for a variable. */
    values: () =>
      new Map(
        own()
          .filter(({ variable_type, scope }) => variable_type === 'VALUE' && scope === 'ENVIRONMENT')
          .map(({ key, value, is_secret }) => [is_secret ? key : `${key} (variable)`, value] as const)
          .sort(),
      ),
    find: (key: string, isSecret = true) =>
      own().find((one) => one.key === key && one.is_secret === isSecret),
  };
}

export type QoveryTarget = ReturnType<typeof qoveryTarget>;

/** The changes of a plan as lines: `KEY action, reason`, with the kind where there is one. */
export const changesOf = (plan: SyncPlan): string[] =>
  plan.changes.map(({ key, kind, action, reason }) =>
    [key, ...(kind === undefined ? [] : [`(${kind})`]), `${action}, ${reason}`].join(' '),
  );

/** The imports of a plan as lines: `SOURCE_KEY action, reason`. */
export const importsOf = (plan: SyncPlan): string[] =>
  plan.imports.map(({ sourceKey, action, reason }) => `${sourceKey} ${action}, ${reason}`);

/** The codes of a plan's warnings, without those that every plan of a definition has. */
export const warningsOf = (plan: SyncPlan): string[] =>
  plan.warnings
    .map(({ code, key }) => (key === undefined ? code : `${code} ${key}`))
    .filter((code) => !/^(NO_KEY_SCHEMA|TAKES_EFFECT_ON_DEPLOY|RESTARTS_PROJECT)$/.test(code));

/** The error with which a call fails, which must be one of ours with this code. */
export async function failure<Code extends ErrorCode>(
  call: Promise<unknown> | (() => unknown),
  code: Code,
): Promise<SecretSyncError<Code>> {
  let error: unknown;
  try {
    await (typeof call === 'function' ? call() : call);
  } catch (thrown) {
    error = thrown;
  }
  if (isSecretSyncError(error, code)) return error;
  const told = isSecretSyncError(error) ? `${error.code}: ${error.message}` : String(error);
  expect.fail(`expected ${code}, got ${error === undefined ? 'no error' : told}`);
}

/** What the problems of an error are about: `path` or `key`, sorted. */
export const subjectsOf = ({ problems = [] }: SecretSyncError): string[] =>
  problems.map(({ path, key }) => path ?? key ?? '').sort();

/** The state of a memory source as plain text. */
export const sourceValues = (source: ReturnType<typeof memorySource>) =>
  new Map(source.entries().map(([key, value]) => [key, value.reveal()] as const));
