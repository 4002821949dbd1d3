import type { SyncOptionsInput } from '../../../src/contracts/definition.js';
import type { HasuraCloudSwitches } from '../../../src/testing/emulators/hasura-cloud/switches.js';
import type { QoverySwitches } from '../../../src/testing/emulators/qovery/switches.js';
import { createRandom, type Random } from '../../support/properties/random.js';

/** Where syncs write: a Hasura Cloud project, a Qovery environment, and the Qovery project above it. */
export type SiteName = 'hasura' | 'environment' | 'project';

/** One definition of the world. */
export interface SyncSetting {
  readonly name: string;
  readonly site: SiteName;
  /** At Qovery. */
  readonly kind?: 'secret' | 'variable';
  /** Which of the sources it reads. */
  readonly location: string;
  readonly options: SyncOptionsInput;
}

/** What does not change in the course of a scenario: how the services behave, and what is synced. */
export interface Setting {
  readonly hasura: Partial<HasuraCloudSwitches>;
  readonly qovery: Partial<QoverySwitches>;
  readonly syncs: readonly [SyncSetting, ...SyncSetting[]];
  /** By how many ms the clock of the second process is ahead of the first one's. */
  readonly clocksApart: number;
  /** Whether the store tells the age of documents, by a clock of its own. */
  readonly storeHasClock: boolean;
  /** Whether the sources say which of their parts each key came from. */
  readonly hasParts: boolean;
}

export const LOCATIONS = ['left', 'right'] as const;

/** In every value, and nowhere else: what holds it leaks. */
export const MARK = '⸎';
export const VALUES = [
  '',
  ...['one', 'two', 'three', 'four'].map((word) => `${MARK}${word}${MARK}`),
  `${MARK}{{K1}}\n"\\${MARK}`,
] as const;
/** Can't be written anywhere. */
export const BAD_VALUE = `${MARK}\0${MARK}`;
/** Few, so that the definitions often mean the same key at the destination. */
export const SOURCE_KEYS = ['K1', 'K2', 'K3', 'K4', 'K5', 'B_K1', 'B_K2', 'low'] as const;
/** Reserved somewhere, or no names anywhere. */
export const BAD_KEYS = ['HASURA_X', 'QOVERY_X', '9bad'] as const;
/** What people edit by hand: what some definition may write, and what none does. */
export const HAND_KEYS = [
  ...['K1', 'K2', 'A_K1', 'A_K2', 'A_K3', 'A_B_K1', 'A_B_K2', 'A_low', 'A_Z', 'OTHER'],
  ...['A_K1_S', 'K3_S'],
] as const;

/** The parts of a source that has some: where a key comes from never changes. */
export const PARTS = ['rest', 'B'] as const;
export const partOf = (sourceKey: string): (typeof PARTS)[number] =>
  sourceKey.startsWith('B_') ? 'B' : 'rest';

export const SCHEMAS = ['A_{{secretKey}}', 'A_B_{{secretKey}}', '{{secretKey}}_S', undefined] as const;

function drawOptions(random: Random, site: SiteName): SyncOptionsInput {
  const keySchema = random.pick(SCHEMAS);
  return {
    ...(keySchema === undefined ? {} : { keySchema }),
    deletionScope: random.pick(['ask', 'matching', 'matching', 'owned'] as const),
    maxDeletions: random.pick<{ count?: number; ratio?: number }>([
      { count: 100, ratio: 1 },
      { count: 2 },
      { ratio: 0.5 },
    ]),
    ...(random.chance(0.15) ? { disableSecretDeletion: true } : {}),
    ...(random.chance(0.3) ? { allowEmptySource: true } : {}),
    ...(random.chance(0.2) ? { allowReplace: true } : {}),
    ...(random.chance(0.4) ? { invalidKeys: 'skip' as const } : {}),
    ...(site === 'hasura' && random.chance(0.5)
      ? {
          initialSyncBehavior: random.pick([
            'import-prioritize-source',
            'import-prioritize-destination',
          ] as const),
        }
      : {}),
  };
}

function drawSyncs(random: Random): Setting['syncs'] {
  const draw = (name: string, site: SiteName): SyncSetting => ({
    name,
    site,
    ...(site === 'hasura' ? {} : { kind: random.pick(['secret', 'secret', 'variable'] as const) }),
    location: random.pick(LOCATIONS),
    options: drawOptions(random, site),
  });
  return [
    draw('h-one', 'hasura'),
    draw('h-two', 'hasura'),
    draw('e-one', 'environment'),
    draw('e-two', 'environment'),
    ...(random.chance(0.5) ? [draw('h-three', 'hasura'), draw('e-three', 'environment')] : []),
    ...(random.chance(0.3) ? [draw('p-one', 'project')] : []),
  ];
}

/** The setting of a seed. */
export function drawSetting(seed: number): Setting {
  const random = createRandom(seed ^ 0x5e771);
  const more = createRandom(seed ^ 0xfa517);
  return {
    clocksApart: more.pick([0, 0, 0, 40_000, -40_000, 3_600_000, -3_600_000]),
    storeHasClock: more.chance(0.3),
    hasParts: more.chance(0.5),
    hasura: {
      staleHash: random.pick(['generic', 'nested-json', 'code', 'null']),
      unchangedMutation: random.pick(['error', 'accept']),
      absentKeyDeletion: random.pick(['ignore', 'error']),
      emptyEnvironment: random.pick(['absent', 'empty', 'null']),
      unknownTenant: random.pick(['null', 'error']),
      hasuraKeys: random.pick(['top-level', 'environment']),
      hash: random.pick(['revision', 'content']),
      hashRotation: random.weighted([
        [4, 'never'],
        [1, 'after-mutations'],
      ]),
      echo: random.chance(0.5),
    },
    qovery: {
      updatedAt: random.weighted([
        [4, 'present'],
        [1, 'absent'],
        [1, 'after-edit'],
      ]),
      listPrecision: random.pick(['us', 'us', 'ms', 's']),
      answerPrecision: random.pick(['us', 'us', 'ms', 's']),
      timeZone: random.pick(['Z', '+00:00']),
      bothKinds: random.pick(['conflict', 'allowed']),
      conflictReach: random.weighted([
        [4, 'own-scope'],
        [1, 'all-scopes'],
      ]),
      conflictBody: random.pick(['existing-variable', 'plain']),
      ownedBy: random.pick([null, 'QOVERY', 'api-token']),
      missing: random.pick(['404', '403', '400-exist']),
      missingOnPut: random.pick(['as-missing', '404', '403']),
      secretValue: random.pick(['null', 'absent']),
      emptyFields: random.pick(['null', 'absent']),
      projectListShowsDependents: random.chance(0.5),
      errorBody: random.pick(['detail', 'message', 'text', 'empty']),
      echo: random.chance(0.5),
    },
    syncs: drawSyncs(random),
  };
}
