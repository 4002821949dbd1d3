import type { Moment, Trouble } from './steps.js';
import { meet, type Watched } from './world/watched.js';
import type { World } from './world/world.js';

/** A step of a process that others can see or disturb. Those that are no {@link Moment} are never drawn. */
export type Encounter = Moment | 'lease-get' | 'lease-delete' | 'state-delete';

const UNDRAWN: readonly string[] = ['lease-get', 'lease-delete', 'state-delete'] satisfies Encounter[];
const isMoment = (encounter: Encounter): encounter is Moment => !UNDRAWN.includes(encounter);

/** What decides when each step of a process is taken, and what goes wrong there. */
export interface Fate {
  /** Resolves when the step may be taken; the trouble is that of the last of its encounters which has one. */
  meet(
    run: Watched | undefined,
    encounters: readonly Encounter[],
    what: string,
  ): Promise<Trouble | undefined>;
  /** The process is told this. */
  hear(what: string | undefined): void;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** The process is dead. */
  end(): void;
}

/** Steps are taken as they come; what goes wrong was drawn with the call. */
export const drawnFate = (world: World): Fate => ({
  async meet(run, encounters) {
    if (run === undefined) return undefined;
    return encounters
      .filter(isMoment)
      .map((moment) => meet(run, moment))
      .findLast((trouble) => trouble !== undefined);
  },
  hear: () => undefined,
  sleep: (ms, signal) => world.clock.sleep(ms, signal),
  end: () => undefined,
});
