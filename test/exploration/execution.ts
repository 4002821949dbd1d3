import { define } from '../simulation/define.js';
import { makeRecord, perform } from '../simulation/perform.js';
import { isExcused, plainCall, settle } from '../simulation/settle.js';
import type { Call } from '../simulation/steps.js';
import { createWorker, isLease, type Worker } from '../simulation/worker.js';
import type { Library } from '../simulation/bugs/library.js';
import { forge } from '../simulation/world/forge.js';
import type { Setting } from '../simulation/world/setting.js';
import type { Ended, Watched } from '../simulation/world/watched.js';
import { createWorld, type Violation, type World } from '../simulation/world/world.js';
import { digest } from './digest.js';
import { idsOfProcesses } from './process-ids.js';
import { checkOwners, checkPlanned } from './rules.js';
import { Scheduler, type Choice } from './scheduler.js';
import type { FirstStep, SmallWorld } from './small-world.js';

/** A process of a small world: it makes its calls, one after the other. */
interface Process {
  readonly index: number;
  readonly left: Call[];
  worker: Worker;
  history: () => string;
  isAtWork: boolean;
}

/** How long after its death a process is there again: its lease has ended. */
const BACK_MS = 31_000;

/** One history of a small world, up to where it has been chosen. */
export class Execution {
  readonly #small: SmallWorld;
  readonly #world: World;
  readonly #scheduler: Scheduler;
  readonly #processes: readonly Process[];
  readonly #restoreIds: () => void;
  /** The calls that died, to be made again at the end by whoever comes then. */
  readonly #made = new Set<Call>();
  #failure: unknown;

  private constructor(small: SmallWorld, world: World, scheduler: Scheduler) {
    this.#small = small;
    this.#world = world;
    this.#scheduler = scheduler;
    this.#restoreIds = idsOfProcesses(() => scheduler.lifeOfCurrent);
    this.#processes = small.processes.map((calls, index) => ({
      index,
      left: [...calls],
      isAtWork: false,
      ...this.#start(index),
    }));
  }

  static async begin(small: SmallWorld, library: Library): Promise<Execution> {
    const importing = small.processes.flat().some(({ operation }) => operation === 'import');
    const writesSource =
      importing ||
      small.syncs.some(({ options }) => options.initialSyncBehavior?.startsWith('import') === true);
    const isSourceTroubled = small.budget.others?.some(({ at }) => at === 'source-read') === true;
    const leaseNow = (what: string) => world.tellDocument(what.slice('get '.length));
    const scheduler = new Scheduler(small.budget, (encounters, what, heard) => {
      if (encounters.includes('source-read')) return !writesSource && !isSourceTroubled;
      // One look at a lease is like the next, as long as it is the same.
      return encounters.includes('lease-get') && heard !== undefined && heard === leaseNow(what);
    });
    const setting: Setting = {
      syncs: small.syncs,
      hasura: small.hasura ?? {},
      // As the emulator has it without being told; a person's edit of a secret needs it told.
      qovery: { updatedAt: 'present', listPrecision: 'us', answerPrecision: 'us', ...small.qovery },
      clocksApart: small.clocksApart ?? 0,
      storeHasClock: true,
      hasParts: small.hasParts === true,
    };
    const world = await createWorld(setting, { library, clock: scheduler.clock });
    const execution = new Execution(small, world, scheduler);
    for (const step of small.before) await execution.#undisturbed(step);
    const [first] = world.syncs;
    if (small.forged !== undefined && first !== undefined) {
      const { document, forgery } = small.forged;
      const isForged = forge(world, first, { do: 'forge', document, forgery, call: plainCall(0, 'sync') });
      if (!isForged) throw new Error(`No ${document} is there to be forged.`);
    }
    scheduler.isQuiet = false;
    return execution;
  }

  #start(index: number): Pick<Process, 'worker' | 'history'> {
    const fate = this.#scheduler.fateOf(index);
    const ahead = index === 0 ? 0 : this.#world.setting.clocksApart;
    return { worker: createWorker(this.#world, 1, ahead, fate), history: () => fate.history };
  }

  #restart(process: Process): void {
    Object.assign(process, this.#start(process.index));
  }

  /** Lets something happen from its beginning to its end, nothing disturbing it. */
  async #quietly(work: () => Promise<unknown>): Promise<void> {
    let isOver = false;
    const ended = work().finally(() => (isOver = true));
    await this.#scheduler.settle();
    while (!isOver) {
      const [choice] = this.#scheduler.choices();
      if (choice === undefined) throw new Error('Nothing is left to happen, and it has not ended.');
      choice.take();
      await this.#scheduler.settle();
    }
    await ended;
  }

  async #undisturbed(step: FirstStep): Promise<void> {
    if (step.do === 'define') return define(this.#world, step);
    if (step.do !== 'call' && step.do !== 'record') return this.#world.change(step);
    const call = step.do === 'record' ? step.call : step;
    const process = this.#process(call.worker);
    this.#scheduler.begin(process.index);
    await this.#quietly(async () => {
      if (step.do === 'record') return makeRecord(this.#world, process.worker, call);
      const done = await perform(this.#world, process.worker, call);
      if (done !== undefined) this.#checkLiveness(call, done.watched, done.ended);
      if (done?.ended.how === 'nothing' && done.ended.status === 'busy')
        this.#world.report('liveness', `${call.operation} is refused for ever`);
    });
    this.#restart(process);
  }

  #process(index: number): Process {
    const process = this.#processes[index] ?? this.#processes[0];
    if (process === undefined) throw new Error('A world needs a process.');
    return process;
  }

  get violation(): Violation | undefined {
    return this.#world.violation;
  }

  /** All ways to go on; none: all calls have ended. */
  choices(): Choice[] {
    if (this.#failure !== undefined) throw new Error('A step could not be taken.', { cause: this.#failure });
    const begins = this.#processes
      .filter(({ isAtWork, left }) => !isAtWork && left.length > 0)
      .map((process): Choice => ({
        text: `process ${process.index} begins ${process.left[0]?.operation ?? ''} of ${
          this.#world.syncs[process.left[0]?.sync ?? 0]?.name ?? ''
        }`,
        process: process.index,
        isTrouble: false,
        take: () => this.#begin(process),
      }));
    const isAtWork = this.#processes.some((process) => process.isAtWork);
    return [...(isAtWork ? this.#scheduler.choices() : []), ...begins];
  }

  #begin(process: Process): void {
    const call = process.left.shift();
    if (call === undefined) return;
    process.isAtWork = true;
    this.#scheduler.begin(process.index);
    this.#made.add(call);
    const work = async () => {
      const done = await perform(this.#world, process.worker, call);
      if (done !== undefined) {
        checkPlanned(this.#world, done.watched, done.ended);
        const isUndisturbed = !this.#scheduler.hasTrouble && this.#world.forged.size === 0;
        if (isUndisturbed) this.#checkLiveness(call, done.watched, done.ended);
      }
      if (process.worker.isDead) {
        process.left.unshift(call);
        await this.#scheduler.clock.sleep(BACK_MS);
      }
      this.#restart(process);
      process.isAtWork = false;
    };
    work().catch((error: unknown) => (this.#failure = error));
  }

  /** What nothing disturbed fails only for a reason in the world. */
  #checkLiveness({ operation }: Call, watched: Watched, ended: Ended): void {
    if (ended.how === 'failed')
      this.#world.report('liveness', `${operation} failed undisturbed: ${ended.code}`);
    if (ended.how === 'error' && !isExcused(this.#world, watched, ended))
      this.#world.report('liveness', `${operation} failed undisturbed: ${String(ended.error)}`);
  }

  async take(choice: Choice): Promise<void> {
    choice.take();
    await this.#scheduler.settle();
  }

  /** What must be so once all calls have ended: who comes now, undisturbed, makes everything right. */
  async end(): Promise<void> {
    this.#scheduler.isQuiet = true;
    this.#world.forged.clear();
    const again = [...this.#made].filter(
      ({ operation, through }) => operation === 'remove' || operation === 'release' || through !== undefined,
    );
    if (again.some(({ through }) => through !== undefined)) {
      // What says that a dead process is at work has aged by then.
      this.#scheduler.begin(0);
      await this.#quietly(() => this.#world.clock.sleep(3_600_000));
    }
    for (const call of again) await this.#undisturbed({ ...call, worker: 0 });
    this.#world.deleted.clear();
    const process = this.#process(0);
    this.#scheduler.begin(0);
    await this.#quietly(() => settle(this.#world, process.worker));
    if (this.violation === undefined) checkOwners(this.#world);
  }

  /** Names the state: from two of one name the same can follow. */
  describe(): string {
    const world = this.#world;
    const sites = new Set(world.syncs.map(({ site }) => site));
    return digest(
      JSON.stringify([
        this.#scheduler.describe(),
        world.machineTime(),
        [...sites].map((site) => [...world.site(site).snapshot()].sort(byName)),
        [...world.sources].map(([location, secrets]) => [location, [...secrets].sort(byName)]),
        [...world.documents]
          .sort(byName)
          .map(([key, { document, version, putAt }]) => [
            world.nameVersion(key, version),
            document,
            isLease(key) ? putAt : 0,
          ]),
        world.ledger.describe(),
        this.#processes.map(({ isAtWork, left, worker, history }) => [
          left.length,
          worker.isDead,
          isAtWork ? history() : '',
          isAtWork && worker.run !== undefined ? describeRun(worker.run) : '',
        ]),
      ]),
    );
  }

  async close(): Promise<void> {
    this.#restoreIds();
    await this.#world.close();
  }
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]) =>
  one < other ? -1 : one > other ? 1 : 0;

/** What the rules know of a run that its history does not tell. */
const describeRun = (run: Watched) => [
  [run.disturbed, run.disturbedSinceAnswer, run.disturbedSinceList, run.wasDisturbed, run.hasCompany],
  [...run.standing.values()],
  run.acts,
  run.hash ?? '',
  run.wasSynced ?? '',
];
