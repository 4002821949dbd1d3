import type { DriverPlace } from './fixture.js';

/** A place whose entries are those of a Map. */
export interface MapPlace extends DriverPlace {
  /** What the place holds: for the fake service of a fixture, which reads and writes it too. */
  readonly values: Map<string, string>;
}

/**
 * Makes a place for the fixture of a driver, of a Map that the fake service works on.
 *
 * @example
 * const here = mapPlace({ vaultId: 'here' });
 * here.set('A', '1');
 * here.values.get('A'); // '1'
 */
export function mapPlace(config: unknown): MapPlace {
  const values = new Map<string, string>();
  return {
    config,
    values,
    // A copy, because what was there before is compared with what is there later.
    peek: () => new Map(values),
    set: (key, value) => void values.set(key, value),
    delete: (key) => void values.delete(key),
  };
}
