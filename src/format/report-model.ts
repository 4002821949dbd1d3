import type { Operation } from '../contracts/plan.js';

/** What happens or happened to one key. */
export interface Row {
  readonly symbol: '+' | '~' | '-/+' | '-' | '!' | '?' | '=' | '·';
  readonly name: string;
  readonly words: string;
}

/** A warning or problem, with the keys that share it. */
export interface Note {
  readonly code: string;
  readonly keys: readonly string[];
  /** How many more keys share it. */
  readonly more: number;
  readonly message: string;
}

export type Section<Item> = readonly [heading: string, items: readonly Item[]];

/** What is shown, in parts; nothing is escaped yet but names, which are quoted where they must be. */
export interface Report {
  readonly operation: Operation;
  /** The name of the sync. */
  readonly name: string;
  readonly destination: string;
  readonly place: string;
  readonly isInitialSync: boolean;
  /** Follows the title. */
  readonly end?: string;
  readonly rows: readonly Section<Row>[];
  /** What stays as it is. */
  readonly quiet: readonly Row[];
  readonly notes: readonly Section<Note>[];
  /** Our own words and numbers alone. */
  readonly summary: string;
}
