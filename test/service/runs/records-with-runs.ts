import { parseDefinitionFields } from '../../../src/core/definition/parse-definition.js';
import { NO_RUN, type RunState, type StoredSync } from '../../../src/service/records/stored-sync.js';

export const NOW = Date.parse('2026-01-01T12:00:00.000Z');
export const HOUR = 3_600_000;
/** A time, in ms from now on, as a record says it. */
export const at = (difference: number) => new Date(NOW + difference).toISOString();

/** A record with these runs, of a definition with these fields. */
export function recordWith(
  runs: Partial<StoredSync['runs']>,
  fields: object = {},
  rest: Partial<StoredSync> = {},
): StoredSync {
  const input = { name: 'shop', destination: 'memory', destinationConfig: {}, ...fields };
  const { definition } = parseDefinitionFields(input);
  if (definition === undefined) throw new Error('not a definition');
  return {
    definition,
    place: 'memory:shop',
    formerPlaces: [],
    heldPlaces: [],
    version: 1,
    createdAt: at(-HOUR),
    updatedAt: at(-HOUR),
    described: null,
    connectionName: null,
    sourceDigest: 'd1',
    takenKeys: [],
    tookFrom: [],
    deletion: null,
    ...rest,
    runs: { sync: null, import: null, remove: null, ...runs },
  };
}

export const run = (state: Partial<RunState>): RunState => ({ ...NO_RUN, ...state });
