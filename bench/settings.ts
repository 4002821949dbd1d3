import type { Destination } from './server-messages.js';

/** How this package is used. */
export const USES = ['lives on', 'cron job'] as const;
export type Use = (typeof USES)[number];

export const CASES = ['first', 'no change', 'one change', 'all changed'] as const;
export type Case = (typeof CASES)[number];

/** One row of the section that compares with the limit. */
export interface CostCell {
  readonly destination: Destination;
  readonly use: Use;
  readonly what: Case;
  readonly size: number;
  /** In ms. */
  readonly roundTrip: number;
}

/** How many writes are under way together, where a destination takes one a secret. */
const CONCURRENCY = 10;

/** How many secrets are written. */
export const writtenIn = (what: Case, size: number): number =>
  what === 'no change' ? 0 : what === 'one change' ? 1 : size;

/** The fewest round trips that lie one after the other: what was there is listed, then written. */
export function leastRoundTrips({ destination, what, size }: CostCell): number {
  const written = writtenIn(what, size);
  const writes = destination === 'hasura-cloud' ? Math.min(written, 1) : written;
  return 1 + Math.ceil(writes / CONCURRENCY);
}

const AIMS: Readonly<Record<Destination, Partial<Record<Case, number>>>> = {
  qovery: { first: 8, 'no change': 85, 'one change': 44 },
  'hasura-cloud': { first: 0.95, 'no change': 1.85, 'one change': 1.4 },
};

/** How many times as long the reference is to take at least; `undefined`: nothing was aimed at. */
export function aimOf({ destination, what, size, roundTrip }: CostCell): number | undefined {
  if (size === 100 && roundTrip === 20) return AIMS[destination][what];
  return size === 1_000 && roundTrip === 0 && destination === 'hasura-cloud' ? 0.5 : undefined;
}
