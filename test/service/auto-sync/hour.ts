import { createRandom } from '../../support/properties/random.js';

/** A change of one key in a folder, at a moment. */
export interface SourceChange {
  /** In ms since the beginning of the hour. */
  readonly at: number;
  readonly folder: number;
  readonly key: string;
  /** Absent: it is deleted. */
  readonly value?: string;
}

export interface HourOptions {
  readonly seed: number;
  readonly folders: number;
  readonly changes: number;
  /** In ms. */
  readonly length: number;
}

/** The keys that each folder begins with, and never loses. */
export const FIRST_KEYS = ['API_KEY', 'DATABASE_URL', 'REGION', 'TOKEN'];
const OTHER_KEYS = ['ALPHA', 'BETA', 'GAMMA', 'DELTA'];
const KEYS: readonly [string, ...string[]] = ['API_KEY', ...FIRST_KEYS.slice(1), ...OTHER_KEYS];

/**
 * The changes of an hour, as people and scripts make them: some edit one key, most several of one folder, one after
 * the other, with up to 4 seconds between. Sorted by time; the same for the same seed.
 */
export function changesOfHour({ seed, folders, changes, length }: HourOptions): readonly SourceChange[] {
  const random = createRandom(seed);
  const made: SourceChange[] = [];
  while (made.length < changes) {
    const folder = random.below(folders);
    const count = Math.min(changes - made.length, random.chance(0.2) ? 1 : 3 + random.below(10));
    let at = random.below(length - 60_000);
    for (let index = 0; index < count; index += 1) {
      const key = random.pick(KEYS);
      const isDeletion = OTHER_KEYS.includes(key) && random.chance(0.3);
      made.push({ at, folder, key, ...(!isDeletion && { value: `value-${made.length}` }) });
      at += 200 + random.below(3_800);
    }
  }
  return made.sort((first, second) => first.at - second.at);
}
