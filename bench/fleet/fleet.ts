import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkerLine, WorkerSettings } from './settings.js';

const PROGRAM = fileURLToPath(new URL('./worker.mjs', import.meta.url));

/** One run, as the worker told it. */
export interface ToldRun {
  readonly syncId: string;
  readonly begunAt: number;
  /** Infinity while it is in progress; of a worker that was killed, when that was. */
  endedAt: number;
  /** `null`: it failed, or its worker was killed. */
  applied: number | null;
  isKilled: boolean;
}

/** Worker processes, and what they tell. */
export class Fleet {
  readonly runs = new Map<string, ToldRun>();
  looks = 0;
  kills = 0;
  readonly complaints: string[] = [];
  readonly #settings: WorkerSettings;
  readonly #workers: {
    readonly child: ChildProcess;
    readonly open: Set<string>;
    readonly closed: Promise<void>;
  }[] = [];

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  start(): void {
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(this.#settings)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const open = new Set<string>();
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => this.#hear(JSON.parse(line) as WorkerLine, open));
    child.stderr.setEncoding('utf8').on('data', (text: string) => void this.complaints.push(text));
    // When it has ended and all that it said was heard.
    const ended = [once(child, 'close'), once(lines, 'close')];
    const closed = Promise.all(ended).then(() => undefined);
    this.#workers.push({ child, open, closed });
  }

  #hear(line: WorkerLine, open: Set<string>): void {
    if (line.type === 'look') this.looks += 1;
    if (line.type === 'begun') {
      const { run, syncId, at: begunAt } = line;
      open.add(run);
      this.runs.set(run, { syncId, begunAt, endedAt: Infinity, applied: null, isKilled: false });
    }
    if (line.type === 'ended') {
      open.delete(line.run);
      const run = this.runs.get(line.run);
      if (run !== undefined) Object.assign(run, { endedAt: line.at, applied: line.applied });
    }
  }

  /** Kills the worker that has lived longest, as a machine that fails would. */
  async kill(): Promise<void> {
    const worker = this.#workers.shift();
    if (worker === undefined) return;
    this.kills += 1;
    const at = Date.now();
    worker.child.kill('SIGKILL');
    await worker.closed;
    for (const id of worker.open) {
      const run = this.runs.get(id);
      if (run !== undefined) Object.assign(run, { endedAt: Math.max(at, run.begunAt), isKilled: true });
    }
  }

  async killAll(): Promise<void> {
    const kills = this.kills;
    while (this.#workers.length > 0) await this.kill();
    this.kills = kills;
  }
}

/** The most runs of one group that were in progress at the same time. */
export function mostTogether(runs: Iterable<ToldRun>, groupOf: (run: ToldRun) => string): number {
  const groups = new Map<string, { readonly at: number; readonly by: 1 | -1 }[]>();
  for (const run of runs) {
    const events = groups.get(groupOf(run)) ?? [];
    groups.set(groupOf(run), events);
    events.push({ at: run.begunAt, by: 1 }, { at: run.endedAt, by: -1 });
  }
  let most = 0;
  for (const events of groups.values()) {
    let now = 0;
    // What ends in the ms in which another begins has made room for it.
    for (const { by } of events.sort((a, b) => a.at - b.at || a.by - b.by)) {
      now += by;
      most = Math.max(most, now);
    }
  }
  return most;
}
