import type { PARTS, SiteName } from './world/setting.js';

/** An edit that no sync made. A key `#7` is the one that stands there at this place in a row. */
export type HandEdit =
  | {
      readonly edit: 'set' | 'delete';
      readonly key: string;
      readonly value: string;
      /** `same`: as it stands there. */
      readonly kind: 'secret' | 'variable' | 'same';
    }
  /** Hasura Cloud: not a string, or beside the custom variables. Qovery: what is not to be written over. */
  | {
      readonly edit: 'odd';
      readonly key: string;
      readonly oddity: number;
      /** Whether it takes the place of what stands there. */
      readonly replaces: boolean;
    };

/** Where in a call something happens. `mutation` counts the requests that ask for a change. */
export type Moment =
  'request' | 'mutation' | 'source-read' | 'source-write' | 'state-get' | 'state-put' | 'lease-put';

/** What can happen to a request. */
export const REQUEST_TROUBLES = [
  ...(['reset-before', 'reset-after', 'hang-before', 'hang-after', 'html-before', 'html-after'] as const),
  ...([
    'truncate',
    'cut',
    '401',
    '429',
    '429-retry-after',
    '429-reset',
    '429-long',
    '500',
    '500-acted',
  ] as const),
  ...(['502-acted', '503', '403', '400'] as const),
] as const;
export type RequestTrouble = (typeof REQUEST_TROUBLES)[number];

/**
 * What goes wrong at a moment. `crash-before` and `crash-after` end the process before and after it was carried out;
 * `pause` stops the process for longer than its lease when it is answered, `jump-on` and `jump-back` set the clock of
 * the machine then; `abort` is the caller's; `hand` edits the
 * place right before. `fail-before` and `fail-after` are for the store and the source.
 */
export type Mishap =
  | RequestTrouble
  | 'crash-before'
  | 'crash-after'
  | 'pause'
  | 'jump-on'
  | 'jump-back'
  | 'abort'
  | 'hand'
  | 'fail-before'
  | 'fail-after'
  | 'incomplete'
  | 'unreadable'
  /** Never settles, and looks at no signal. */
  | 'never';

export interface Trouble {
  readonly at: Moment;
  /** Counted from 1 in each call. */
  readonly nth: number;
  /** How many times in a row. */
  readonly times: number;
  readonly mishap: Mishap;
  /** For `hand`. */
  readonly edit?: HandEdit;
}

/** One use of the engine. */
export interface Call {
  readonly do: 'call';
  /** Which of the two processes. */
  readonly worker: 0 | 1;
  /** Which definition: any number, taken modulo their count. */
  readonly sync: number;
  /** Through a service with records, not an engine: `sync` does a job, `release` deletes the record. Never drawn. */
  readonly through?: 'service';
  readonly operation: 'sync' | 'plan' | 'apply' | 'import' | 'remove' | 'release';
  readonly force: boolean;
  /** Confirms as many deletions as a plan shows first. */
  readonly confirm: boolean;
  readonly importBehavior: 'prioritize-source' | 'prioritize-destination';
  readonly troubles: readonly Trouble[];
  /** For `apply`: what happens after the plan was made. */
  readonly between: readonly Change[];
}

/** Something that changes the world without the engine. */
export type Change =
  | { readonly do: 'set'; readonly location: string; readonly key: string; readonly value: string }
  | { readonly do: 'unset'; readonly location: string; readonly key: string }
  | { readonly do: 'empty'; readonly location: string }
  | { readonly do: 'empty-part'; readonly location: string; readonly part: (typeof PARTS)[number] }
  | { readonly do: 'many'; readonly changes: readonly Change[] }
  | { readonly do: 'hand'; readonly site: SiteName; readonly edit: HandEdit };

/**
 * How a document of a place was tampered with while a call reads it: its entries made the caller's, or taken out; its
 * text cut off; without its seal; or said to be sealed under another key.
 */
export const FORGERIES = ['claimed', 'emptied', 'cut-off', 'unsealed', 'other-key'] as const;
export type Forgery = (typeof FORGERIES)[number];

export type Step =
  | Change
  /** A definition is edited. */
  | {
      readonly do: 'define';
      readonly sync: number;
      readonly keySchema: string | undefined;
      readonly deleteLeftBehind: boolean;
    }
  /** A call that reads a forged document of its place; afterwards the true one is back. */
  | {
      readonly do: 'forge';
      readonly document: 'state' | 'intent';
      readonly forgery: Forgery;
      readonly call: Call;
    }
  | Call
  /** Both processes at once, on a slow network. */
  | {
      readonly do: 'race';
      readonly first: Call;
      readonly second: Call;
      readonly lag: number;
      readonly seed: number;
    }
  | { readonly do: 'wait'; readonly ms: number }
  /** The clock of the machine that both processes run on is set; the services have their own. */
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'restart'; readonly worker: 0 | 1 }
  /** A new fingerprint key; the old one still verifies if it is kept. */
  | { readonly do: 'rotate-key'; readonly keep: boolean }
  /** The document of a place is deleted, as the message of a damaged one advises. */
  | { readonly do: 'lose-state'; readonly site: SiteName }
  /** Everything is repaired; then each definition is synced undisturbed, twice. */
  | { readonly do: 'settle' };

/** A step on one line, for people. */
export const describeStep = (step: Step): string => JSON.stringify(step);
