import type { Library } from '../simulation/bugs/library.js';
import type { Violation } from '../simulation/world/world.js';
import { Execution } from './execution.js';
import type { Choice } from './scheduler.js';
import type { SmallWorld } from './small-world.js';

/** A point of a history from which another choice leads on. */
interface Branch {
  /** Absent: the beginning. */
  readonly from?: Branch;
  /** Which of the choices there; `-1` at the beginning. */
  readonly index: number;
  /** How many choices of its history were not the plainest. */
  readonly cost: number;
}

/** What came of a walk. */
export interface Walk {
  readonly states: number;
  readonly transitions: number;
  /** Ends of histories that differ. */
  readonly ends: number;
  /** How often the world was begun anew. */
  readonly executions: number;
  /** Whether nothing is left to be walked. */
  readonly isComplete: boolean;
  readonly violation?: Violation & History;
}

/** How a state was come to. */
export interface History {
  /** Each step; what happens where nothing is to be chosen, too. */
  readonly history: readonly string[];
  /** Which way was taken at each choice: what a replay needs. */
  readonly picks: readonly number[];
}

export interface ExploreOptions {
  readonly library: Library;
  /** Stops a walk that is longer. Default: none. */
  readonly maxTransitions?: number;
  readonly onProgress?: (walk: Pick<Walk, 'states' | 'transitions' | 'executions'>, left: number) => void;
}

const picksOf = (branch: Branch): number[] => {
  const picks: number[] = [];
  for (let at: Branch | undefined = branch; at?.from !== undefined; at = at.from) picks.push(at.index);
  return picks.reverse();
};

/** The branches that are left, those of the plainest histories first. */
function createAgenda() {
  const byCost: Branch[][] = [];
  let size = 0;
  return {
    add(branch: Branch) {
      (byCost[branch.cost] ??= []).push(branch);
      size += 1;
    },
    next(): Branch | undefined {
      const branch = byCost.find((branches) => (branches?.length ?? 0) > 0)?.pop();
      if (branch !== undefined) size -= 1;
      return branch;
    },
    get size() {
      return size;
    },
  };
}

/**
 * Walks all histories of a small world, by beginning anew and choosing otherwise, those with the fewest troubles and
 * changes of process first. What comes after a state is walked once, however it was come to.
 */
export async function explore(small: SmallWorld, options: ExploreOptions): Promise<Walk> {
  const { library, maxTransitions = Infinity, onProgress } = options;
  const visited = new Set<string>();
  const agenda = createAgenda();
  agenda.add({ index: -1, cost: 0 });
  let [transitions, ends, executions] = [0, 0, 0];
  const walked = (isComplete: boolean) => ({
    states: visited.size,
    transitions,
    ends,
    executions,
    isComplete,
  });
  for (let branch = agenda.next(); branch !== undefined; branch = agenda.next()) {
    if (transitions >= maxTransitions) return walked(false);
    executions += 1;
    if (executions % 500 === 0) onProgress?.(walked(false), agenda.size);
    const execution = await Execution.begin(small, library);
    const history: string[] = [];
    try {
      history.push(...(await goStraight(execution)));
      for (const pick of picksOf(branch)) history.push(...(await follow(execution, pick)));
      let at = branch;
      if (branch.from !== undefined) transitions += 1;
      while (execution.violation === undefined) {
        const name = execution.describe();
        if (visited.has(name)) break;
        visited.add(name);
        const choices = execution.choices();
        if (choices.length === 0) {
          ends += 1;
          await execution.end();
          break;
        }
        const from = at;
        choices.forEach((choice, index) => {
          if (index > 0) agenda.add({ from, index, cost: from.cost + 1 });
        });
        history.push(...(await follow(execution, 0)));
        transitions += 1;
        at = { from, index: 0, cost: from.cost };
      }
      const { violation } = execution;
      if (violation !== undefined)
        return { ...walked(false), violation: { ...violation, history, picks: picksOf(at) } };
    } finally {
      await execution.close();
    }
  }
  return walked(true);
}

/** Walks one history, and says what was seen in it. */
export async function replay(
  small: SmallWorld,
  library: Library,
  picks: readonly number[],
): Promise<{ readonly history: readonly string[]; readonly violation?: Violation }> {
  const execution = await Execution.begin(small, library);
  try {
    const history = [...(await goStraight(execution))];
    for (const pick of picks) history.push(...(await follow(execution, pick)));
    if (execution.violation === undefined && execution.choices().length === 0) await execution.end();
    const { violation } = execution;
    return { history, ...(violation === undefined ? {} : { violation }) };
  } finally {
    await execution.close();
  }
}

/** Goes on as long as there is one way: where nothing is to be chosen, no state is kept. */
async function goStraight(execution: Execution): Promise<string[]> {
  const taken: string[] = [];
  for (;;) {
    const [only, ...others] = execution.choices();
    if (only === undefined || others.length > 0 || execution.violation !== undefined) return taken;
    await execution.take(only);
    taken.push(only.text);
  }
}

async function follow(execution: Execution, pick: number): Promise<string[]> {
  const choice: Choice | undefined = execution.choices()[pick];
  if (choice === undefined) throw new Error('A history did not go as before: the world is not the same.');
  await execution.take(choice);
  return [choice.text, ...(await goStraight(execution))];
}
