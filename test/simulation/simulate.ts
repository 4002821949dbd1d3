import { define } from './define.js';
import { perform, syncOf } from './perform.js';
import { drawSteps } from './world/draw.js';
import { createRandom } from '../support/properties/random.js';
import { drawSetting } from './world/setting.js';
import { findDocument, forge } from './world/forge.js';
import { isExcused, settle } from './settle.js';
import type { Call, Step } from './steps.js';
import { createWorker, type Worker } from './worker.js';
import { createWorld, type Violation, type World, type WorldOptions } from './world/world.js';

export interface Simulated {
  readonly seed: number;
  /** How many steps were done. */
  readonly done: number;
  readonly violation?: Violation;
  /** How often each operation, mishap and ending happened. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Longer than all settings of the clock in one simulation take together, nearly always. */
const LONG_AFTER_MS = 6 * 3_600_000;

/** What lives through a simulation. */
interface Stage {
  readonly world: World;
  readonly workers: [Worker, Worker];
  seed: number;
}

/** A process on the machine of this number: their clocks differ. */
const startProcess = (world: World, seed: number, index: 0 | 1): Worker =>
  createWorker(world, seed, index === 0 ? 0 : world.setting.clocksApart);

function restart(stage: Stage, index: 0 | 1): void {
  stage.seed += 1;
  stage.workers[index] = startProcess(stage.world, stage.seed, index);
}

async function call(stage: Stage, step: Call, isAlone: boolean): Promise<void> {
  const { world } = stage;
  const worker = stage.workers[step.worker];
  // A process that waits for a time of before its clock was set can't know when it has come.
  const over = [...worker.notBefore.values()].every(
    ({ toldAt, until }) => until + (toldAt > world.clockSetAt ? 0 : LONG_AFTER_MS) <= world.clock.now(),
  );
  const done = await perform(world, worker, step);
  if (worker.isDead) return restart(stage, step.worker);
  if (done === undefined || !isAlone || !over || done.ended.how !== 'error') return;
  if (done.watched.met.length === 0 && !isExcused(world, done.watched, done.ended)) {
    const { error } = done.ended;
    const told = error instanceof Error ? error.message : String(error);
    world.report('liveness', `${step.operation} of ${syncOf(world, step).name} failed undisturbed: ${told}`);
  }
}

async function take(stage: Stage, step: Step): Promise<void> {
  const { world } = stage;
  switch (step.do) {
    case 'set':
    case 'unset':
    case 'empty':
    case 'empty-part':
    case 'many':
    case 'hand':
      return world.change(step);
    case 'call':
      world.count(`step ${step.operation}`);
      return call(stage, step, true);
    case 'race': {
      world.latency = createRandom(step.seed);
      const later = world.clock.sleep(step.lag).then(() => call(stage, step.second, false));
      await Promise.all([call(stage, step.first, false), later]);
      world.latency = undefined;
      return;
    }
    case 'define':
      return define(world, step);
    case 'forge': {
      // A plan that is applied was made before.
      const operation = step.call.operation === 'apply' ? 'sync' : step.call.operation;
      const misled = { ...step.call, operation } as const;
      if (forge(world, syncOf(world, misled), step)) await call(stage, misled, false);
      return world.forged.clear();
    }
    case 'wait':
      return world.clock.sleep(step.ms);
    case 'jump':
      return world.setClock(step.ms);
    case 'restart':
      return restart(stage, step.worker);
    case 'rotate-key':
      stage.seed += 1;
      world.hasLostKey ||= !step.keep;
      world.fingerprintKeys = [
        `fingerprint key number ${stage.seed} of the simulation`,
        ...(step.keep ? world.fingerprintKeys : []),
      ];
      restart(stage, 0);
      return restart(stage, 1);
    case 'lose-state': {
      const lost = findDocument(world, step.site, 'places/');
      // With it would go what the token's owner is called, so that all of its entries would look foreign.
      if (lost === undefined || world.setting.qovery.ownedBy === 'api-token') return;
      // What is begun there is lost with it.
      for (const document of [lost, findDocument(world, step.site, 'intents/')]) {
        if (document === undefined) continue;
        await world.store.delete(document.key, { ifVersion: document.version });
        world.documents.delete(document.key);
      }
      return world.ledger.forgetSite(step.site);
    }
    case 'settle':
      restart(stage, 0);
      return settle(world, stage.workers[0]);
  }
}

/** Takes the steps in the world of a seed, up to the first violation. */
export async function runSteps(
  seed: number,
  steps: readonly Step[],
  options: WorldOptions,
): Promise<Simulated> {
  const world = await createWorld(drawSetting(seed), options);
  const stage: Stage = { world, workers: [startProcess(world, 1, 0), startProcess(world, 2, 1)], seed: 2 };
  let done = 0;
  try {
    for (const step of [...steps, { do: 'settle' } as const]) {
      await take(stage, step);
      done += 1;
      world.count(`step ${step.do}`);
      if (world.violation !== undefined) break;
    }
  } finally {
    // A call that hung would go on for ever: its lease is renewed as fast as the clock moves by itself.
    for (const worker of stage.workers) worker.kill();
    await world.close();
  }
  const { violation, counts } = world;
  return { seed, done, counts, ...(violation === undefined ? {} : { violation }) };
}

export const simulate = (seed: number, count: number, options: WorldOptions): Promise<Simulated> =>
  runSteps(seed, drawSteps(seed, count), options);
