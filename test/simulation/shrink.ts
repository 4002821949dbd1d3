import { runSteps } from './simulate.js';
import type { Step } from './steps.js';
import type { WorldOptions } from './world/world.js';

/** Smaller versions of one step. */
function simpler(step: Step): Step[] {
  if (step.do === 'race') return [step.first, step.second];
  if (step.do !== 'call') return [];
  const without = <Item>(items: readonly Item[], index: number) =>
    items.filter((_, other) => other !== index);
  return [
    ...step.troubles.map((_, index) => ({ ...step, troubles: without(step.troubles, index) })),
    ...step.between.map((_, index) => ({ ...step, between: without(step.between, index) })),
    ...(step.confirm ? [{ ...step, confirm: false }] : []),
  ];
}

/** The steps without those that a violation of this rule does not need. */
export async function shrink(
  seed: number,
  steps: readonly Step[],
  rule: string,
  options: WorldOptions,
): Promise<readonly Step[]> {
  const fails = async (candidate: readonly Step[]) =>
    (await runSteps(seed, candidate, options)).violation?.rule === rule;
  let shortest = steps;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < shortest.length;) {
      const candidate = [...shortest.slice(0, start), ...shortest.slice(start + size)];
      if (await fails(candidate)) shortest = candidate;
      else start += size;
    }
  }
  for (let index = 0; index < shortest.length; index += 1) {
    const step = shortest[index];
    for (const smaller of step === undefined ? [] : simpler(step)) {
      const candidate = shortest.map((other, at) => (at === index ? smaller : other));
      if (await fails(candidate)) shortest = candidate;
    }
  }
  return shortest;
}
