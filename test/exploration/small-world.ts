import type { Call, Change } from '../simulation/steps.js';
import type { Setting, SyncSetting } from '../simulation/world/setting.js';
import type { Budget } from './scheduler.js';

/** A world that is small enough for all of its histories to be walked. */
export interface SmallWorld {
  readonly name: string;
  readonly hasura?: Setting['hasura'];
  readonly qovery?: Setting['qovery'];
  readonly syncs: readonly [SyncSetting, ...SyncSetting[]];
  /** What happens first, undisturbed: where the histories begin. */
  readonly before: readonly (Change | Call)[];
  /** What each process does, one call after the other, each in an engine of its own. A call that dies is made again. */
  readonly processes: readonly (readonly Call[])[];
  readonly budget: Budget;
}
