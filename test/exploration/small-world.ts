import type { Call, Change, Step } from '../simulation/steps.js';
import type { Setting, SyncSetting } from '../simulation/world/setting.js';
import type { Budget } from './scheduler.js';

/** What happens before the histories of a small world begin. */
export type FirstStep = Change | Call | Extract<Step, { readonly do: 'define' }> | MakesRecord;

/** A record is made of a definition. */
interface MakesRecord {
  readonly do: 'record';
  readonly call: Call;
}

/** A world that is small enough for all of its histories to be walked. */
export interface SmallWorld {
  readonly name: string;
  readonly hasura?: Setting['hasura'];
  readonly qovery?: Setting['qovery'];
  readonly syncs: readonly [SyncSetting, ...SyncSetting[]];
  /** What happens first, undisturbed: where the histories begin. */
  readonly before: readonly FirstStep[];
  /** What each process does, one call after the other, each in an engine of its own. A call that dies is made again. */
  readonly processes: readonly (readonly Call[])[];
  readonly budget: Budget;
  /** By how many ms the clock of the second process is ahead of the first one's. Default: 0. */
  readonly clocksApart?: number;
  /** Whether the sources say which of their parts each key came from. */
  readonly hasParts?: boolean;
  /** How a document is tampered with that the processes read. At the end, the true one is back. */
  readonly forged?: Pick<Extract<Step, { readonly do: 'forge' }>, 'document' | 'forgery'>;
}
