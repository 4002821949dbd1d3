import type { Clock } from '../../src/contracts/clock.js';
import type { Encounter, Fate } from '../simulation/fate.js';
import type { HandEdit, Mishap, Moment, Trouble } from '../simulation/steps.js';
import { digest } from './digest.js';

/** Turns of the event loop after a step, until all that follows from it has happened. */
const TURNS = 3;

/** What can go wrong in a small world, and how often at most. */
export interface Budget {
  readonly crash?: number;
  /** A request, a read or a write whose answer never comes, be it carried out or not. */
  readonly lost?: number;
  /** A process stops for longer than its lease, or its clock is set by an hour. */
  readonly clock?: number;
  /** Edits of the destination by hand, each at most once, right before any request. */
  readonly hands?: readonly HandEdit[];
  /** What else can happen, each at most once, at any step of its kind. */
  readonly others?: readonly OtherTrouble[];
}

/** A trouble that is none of the usual ones. */
export interface OtherTrouble {
  readonly at: Moment;
  readonly mishap: Mishap;
}

/** One way to go on. */
export interface Choice {
  /** The same in each run that comes to the same point. */
  readonly text: string;
  /** Which process it belongs to; absent: none. */
  readonly process?: number;
  /** Whether something goes wrong. */
  readonly isTrouble: boolean;
  take(): void;
}

interface Gate {
  readonly fate: ProcessFate;
  readonly encounters: readonly Encounter[];
  readonly what: string;
  pass(trouble: Trouble | undefined): void;
}

interface Sleeper {
  readonly at: number;
  /** Absent: the world itself. */
  readonly fate?: ProcessFate;
  wake(): void;
}

/** The fate of a process: its steps wait until they are chosen. */
interface ProcessFate extends Fate {
  readonly process: number;
  /** Of all that the process did and was told since it began: the same history, the same process. */
  readonly history: string;
}

/** The wanted mishaps at a step. A crash before a read leaves the same as one before the next write. */
const mishapsAt = (encounter: Encounter | undefined): readonly Mishap[] => {
  switch (encounter) {
    case 'request':
      return ['reset-after'];
    case 'mutation':
      return ['crash-before', 'reset-before', 'reset-after'];
    case 'source-read':
    case 'state-get':
    case 'lease-get':
      return ['fail-before'];
    default:
      return ['crash-before', 'fail-before', 'fail-after'];
  }
};
const CLOCK_MISHAPS = ['pause', 'jump-on', 'jump-back'] as const;

/**
 * Holds each step of each process until it is chosen. Time moves only when it is chosen, which can be done when all
 * processes sleep.
 */
export class Scheduler {
  readonly clock: Clock;
  readonly #gates = new Set<Gate>();
  readonly #sleepers = new Set<Sleeper>();
  readonly #spent = { crash: 0, lost: 0, clock: 0, hands: new Set<number>(), others: new Set<number>() };
  /** How many processes were begun under each number. */
  readonly #lives = new Map<number, number>();
  #now = Date.parse('2026-01-01T00:00:00.250Z');
  #current = 0;
  /** Nothing goes wrong, and nothing is chosen any more. */
  isQuiet = true;

  constructor(
    readonly budget: Budget,
    /** Whether a step is taken when it comes, as there is nothing to choose. `heard`: what it gave the last time. */
    readonly isPrivate: (
      encounters: readonly Encounter[],
      what: string,
      heard: string | undefined,
    ) => boolean,
  ) {
    this.clock = { now: () => this.#now, sleep: (ms, signal) => this.#sleep(ms, signal) };
  }

  /** The process that took the last step. */
  get current(): number {
    return this.#current;
  }

  /** Its number and how often it was begun. */
  get lifeOfCurrent(): string {
    return `${this.#current}.${this.#lives.get(this.#current) ?? 0}`;
  }

  /** Whether anything has gone wrong. */
  get hasTrouble(): boolean {
    const { crash, lost, clock, hands, others } = this.#spent;
    return crash + lost + clock + hands.size + others.size > 0;
  }

  fateOf(process: number): ProcessFate {
    const life = (this.#lives.get(process) ?? 0) + 1;
    this.#lives.set(process, life);
    let history = digest(`process ${process}, begun ${life} times`);
    let last = '';
    const heard = new Map<string, string>();
    const note = (what: string) => void (history = digest(history + what));
    const fate: ProcessFate = {
      process,
      get history() {
        return history;
      },
      hear: (what = 'nothing') => {
        heard.set(last, what);
        note(what);
      },
      meet: (run, encounters, what) =>
        new Promise((resolve) => {
          const gate: Gate = {
            fate,
            encounters,
            what,
            pass: (trouble) => {
              this.#gates.delete(gate);
              last = what;
              note(`${what} ${trouble?.mishap ?? ''}`);
              if (trouble !== undefined) run?.met.push(trouble.mishap);
              resolve(trouble);
            },
          };
          this.#gates.add(gate);
          if (this.isPrivate(encounters, what, heard.get(what))) gate.pass(undefined);
        }),
      sleep: (ms, signal) => this.#sleep(ms, signal, fate).then(() => note('woke')),
      end: () => {
        for (const gate of this.#gates) if (gate.fate === fate) this.#gates.delete(gate);
        for (const sleeper of this.#sleepers) if (sleeper.fate === fate) this.#sleepers.delete(sleeper);
      },
    };
    return fate;
  }

  #sleep(ms: number, signal?: AbortSignal, fate?: ProcessFate): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const end = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
      };
      const abort = () => {
        end();
        reject(signal?.reason as Error);
      };
      const sleeper: Sleeper = {
        at: this.#now + Math.max(ms, 0),
        ...(fate === undefined ? {} : { fate }),
        wake: () => {
          end();
          this.#now = Math.max(this.#now, sleeper.at);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Resolves when nothing happens any more without a choice. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Notes that a process goes on by itself: it begins a call. */
  begin(process: number): void {
    this.#current = process;
  }

  #pass(gate: Gate, trouble?: Trouble): void {
    this.#current = gate.fate.process;
    gate.pass(trouble);
  }

  *#troublesAt(gate: Gate): Generator<Choice> {
    const { crash = 0, lost = 0, clock = 0, hands = [], others = [] } = this.budget;
    const encounter = gate.encounters.at(-1);
    const choice = (mishap: Mishap, spend: () => void, edit?: HandEdit): Choice => ({
      text: `${labelOf(gate)}: ${mishap}${edit === undefined ? '' : ` ${JSON.stringify(edit)}`}`,
      process: gate.fate.process,
      isTrouble: true,
      take: () => {
        spend();
        this.#pass(gate, { at: 'request', nth: 0, times: 1, mishap, ...(edit && { edit }) });
      },
    });
    for (const mishap of mishapsAt(encounter)) {
      if (mishap.startsWith('crash')) {
        if (this.#spent.crash < crash) yield choice(mishap, () => void (this.#spent.crash += 1));
      } else if (this.#spent.lost < lost) yield choice(mishap, () => void (this.#spent.lost += 1));
    }
    if (this.#spent.clock < clock)
      for (const mishap of CLOCK_MISHAPS) yield choice(mishap, () => void (this.#spent.clock += 1));
    for (const [index, { at, mishap }] of others.entries())
      if (gate.encounters.includes(at) && !this.#spent.others.has(index))
        yield choice(mishap, () => void this.#spent.others.add(index));
    if (!gate.encounters.includes('request')) return;
    for (const [index, edit] of hands.entries())
      if (!this.#spent.hands.has(index)) yield choice('hand', () => void this.#spent.hands.add(index), edit);
  }

  /** All ways to go on; the first one is the plainest: the process that was last at work goes on. */
  choices(): Choice[] {
    const gates = [...this.#gates].sort(
      (one, other) => rank(one, this.#current) - rank(other, this.#current) || byLabel(one, other),
    );
    const plain = gates.map((gate): Choice => ({
      text: labelOf(gate),
      process: gate.fate.process,
      isTrouble: false,
      take: () => this.#pass(gate),
    }));
    if (this.isQuiet) return plain.length > 0 ? plain.slice(0, 1) : this.#wakings().slice(0, 1);
    if (plain.length === 0) return this.#wakings();
    return [...plain, ...gates.flatMap((gate) => [...this.#troublesAt(gate)])];
  }

  /** Of sleeps of one process that end together, the first begun ends first. */
  #wakings(): Choice[] {
    const first = Math.min(...[...this.#sleepers].map(({ at }) => at));
    const byProcess = new Map<number, Sleeper>();
    for (const sleeper of this.#sleepers) {
      const process = sleeper.fate?.process ?? -1;
      if (sleeper.at === first && !byProcess.has(process)) byProcess.set(process, sleeper);
    }
    return [...byProcess]
      .sort(([one], [other]) => one - other)
      .map(([process, sleeper]) => ({
        text: `${process < 0 ? 'time' : `process ${process}`} wakes`,
        ...(process < 0 ? {} : { process }),
        isTrouble: false,
        take: () => {
          if (process >= 0) this.#current = process;
          sleeper.wake();
        },
      }));
  }

  /** What there is of it: equal where all that can follow is equal. */
  describe(): string {
    const { crash, lost, clock, hands, others } = this.#spent;
    return JSON.stringify([this.#now, crash, lost, clock, [...hands].sort(), [...others].sort()]);
  }
}

const labelOf = ({ fate, what }: Gate) => `process ${fate.process}: ${what}`;
const rank = ({ fate }: Gate, current: number) => (fate.process === current ? 0 : 1 + fate.process);
const byLabel = (one: Gate, other: Gate) =>
  labelOf(one) < labelOf(other) ? -1 : labelOf(one) > labelOf(other) ? 1 : 0;
