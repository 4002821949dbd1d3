import { createRandom, type Random } from '../../support/properties/random.js';
import { BAD_KEYS, BAD_VALUE, HAND_KEYS, LOCATIONS, PARTS, SCHEMAS, SOURCE_KEYS, VALUES } from './setting.js';
import {
  FORGERIES,
  REQUEST_TROUBLES,
  type Call,
  type Change,
  type HandEdit,
  type Mishap,
  type Moment,
  type Step,
  type Trouble,
} from '../steps.js';

const SITES = ['hasura', 'environment', 'environment', 'project'] as const;

/** Numbers of oddities; those that matter most stand here more than once. */
const ODDITIES = [0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 6, 7] as const;

function drawHandEdit(random: Random): HandEdit {
  const key = random.chance(0.6) ? `#${random.below(99)}` : random.pick(HAND_KEYS);
  if (random.chance(0.35))
    return { edit: 'odd', key, oddity: random.pick(ODDITIES), replaces: random.chance(0.5) };
  return {
    edit: random.chance(0.6) ? 'set' : 'delete',
    key,
    value: random.pick(VALUES),
    kind: random.pick(['secret', 'variable', 'same', 'same', 'same']),
  };
}

function drawSet(random: Random, location: string): Change {
  return {
    do: 'set',
    location,
    key: random.chance(0.02) ? random.pick(BAD_KEYS) : random.pick(SOURCE_KEYS),
    value: random.chance(0.02) ? BAD_VALUE : random.pick(VALUES),
  };
}

const drawUnset = (random: Random, location: string): Change => ({
  do: 'unset',
  location,
  key: random.pick([...SOURCE_KEYS, ...BAD_KEYS]),
});

function drawChange(random: Random): Change {
  const location = random.pick(LOCATIONS);
  return random.weighted<() => Change>([
    [6, () => drawSet(random, location)],
    [3, () => drawUnset(random, location)],
    [
      4,
      () => ({
        do: 'many',
        changes: [
          ...drawMany(random, [1, 2, 3], () => drawSet(random, location)),
          ...drawMany(random, [1, 2, 3], () => drawUnset(random, location)),
        ],
      }),
    ],
    [0.8, () => ({ do: 'empty', location })],
    [0.8, () => ({ do: 'empty-part', location, part: random.pick(PARTS) })],
    [7, () => ({ do: 'hand', site: random.pick(SITES), edit: drawHandEdit(random) })],
  ])();
}

const PROCESS_MISHAPS = [
  ...(['crash-before', 'crash-before', 'crash-after', 'crash-after', 'abort', 'abort'] as const),
  ...(['pause', 'pause', 'jump-on', 'jump-back'] as const),
] as const;

function drawMishap(random: Random, at: Moment): Mishap {
  const process = random.chance(0.35);
  switch (at) {
    case 'request':
    case 'mutation':
      if (random.chance(0.1)) return 'hand';
      return process ? random.pick(PROCESS_MISHAPS) : random.pick(REQUEST_TROUBLES);
    case 'source-read':
      return process
        ? random.pick(PROCESS_MISHAPS)
        : random.pick(['fail-before', 'incomplete', 'incomplete', 'unreadable', 'never']);
    case 'state-get':
      return process ? random.pick(PROCESS_MISHAPS) : random.pick(['fail-before', 'never']);
    default:
      return process ? random.pick(PROCESS_MISHAPS) : random.pick(['fail-before', 'fail-after']);
  }
}

/** How late in a call each moment is drawn at most. */
const LATEST: Readonly<Record<Moment, number>> = {
  request: 5,
  mutation: 5,
  'source-read': 1,
  'source-write': 1,
  'state-get': 1,
  'state-put': 2,
  'lease-put': 2,
};

function drawTrouble(random: Random): Trouble {
  const at = random.weighted<Moment>([
    [4, 'request'],
    [8, 'mutation'],
    [2.5, 'source-read'],
    [1, 'source-write'],
    [1, 'state-get'],
    [3, 'state-put'],
    [1, 'lease-put'],
  ]);
  const mishap = drawMishap(random, at);
  const nth = 1 + Math.min(random.below(LATEST[at]), random.below(LATEST[at]));
  const times = random.weighted([
    [4, 1],
    [2, 2],
    [1, 3],
    [1, 50],
  ]);
  return { at, nth, times, mishap, ...(mishap === 'hand' ? { edit: drawHandEdit(random) } : {}) };
}

function drawMany<Item>(random: Random, counts: readonly [number, ...number[]], draw: () => Item): Item[] {
  return Array.from({ length: random.pick(counts) }, draw);
}

function drawCall(random: Random, worker: 0 | 1 = random.chance(0.7) ? 0 : 1): Call {
  const operation = random.weighted<Call['operation']>([
    [12, 'sync'],
    [2, 'plan'],
    [4, 'apply'],
    [1, 'import'],
    [0.7, 'remove'],
    [0.4, 'release'],
  ]);
  return {
    do: 'call',
    worker,
    sync: random.below(60),
    operation,
    force: random.chance(0.05),
    confirm: random.chance(0.15),
    importBehavior: random.pick(['prioritize-source', 'prioritize-destination']),
    troubles: random.chance(0.5) ? drawMany(random, [1, 1, 1, 2, 3], () => drawTrouble(random)) : [],
    between: operation === 'apply' ? drawMany(random, [0, 0, 1, 2], () => drawChange(random)) : [],
  };
}

/** The steps of a seed. More steps of one seed begin with the same ones. */
export function drawSteps(seed: number, count: number): Step[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () =>
    random.weighted<() => Step>([
      [9, () => drawChange(random)],
      [11, () => drawCall(random)],
      [
        1.5,
        () => ({
          do: 'race',
          first: drawCall(random, 0),
          second: drawCall(random, 1),
          lag: random.pick([0, 0, 50, 400, 2_000]),
          seed: random.below(1e6),
        }),
      ],
      [0.7, () => ({ do: 'wait', ms: random.pick([1_500, 31_000, 3_600_000]) })],
      [0.3, () => ({ do: 'jump', ms: random.pick([-3_600_000, -2_000, 2_000, 3_600_000]) })],
      [0.4, () => ({ do: 'restart', worker: random.pick([0, 1]) })],
      [0.25, () => ({ do: 'rotate-key', keep: random.chance(0.75) })],
      [0.08, () => ({ do: 'lose-state', site: random.pick(SITES) })],
      [0.6, () => ({ do: 'settle' })],
      [
        1.2,
        () => ({
          do: 'define',
          sync: random.below(60),
          keySchema: random.pick(SCHEMAS),
          deleteLeftBehind: random.chance(0.5),
        }),
      ],
      [
        0.5,
        () => ({
          do: 'forge',
          document: random.pick(['state', 'state', 'state', 'intent']),
          forgery: random.pick(FORGERIES),
          call: drawCall(random),
        }),
      ],
    ])(),
  );
}
