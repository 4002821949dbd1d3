import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { section, table } from './markdown.js';
import { count, duration } from './statistics.js';

const run = promisify(execFile);
const LARGE = fileURLToPath(new URL('./large.mjs', import.meta.url));
const watchedSchema = z.object({ time: z.number(), longest: z.number(), peakBytes: z.number() });
const measuredSchema = z.object({ secretsBytes: z.number(), runs: z.record(z.string(), watchedSchema) });

const SIZE = 100_000;
const [LONGEST_BLOCK, MOST_MEMORY] = [200, 3];

const verdict = (isMet: boolean) => (isMet ? 'met' : '**not met**');
const mebibytes = (bytes: number): string => `${count(Math.round(bytes / 2 ** 20))} MiB`;

/** 100,000 keys: for how long the event loop is held, and how much memory a run takes. */
export async function largeSection(): Promise<string> {
  const { stdout } = await run(process.execPath, ['--expose-gc', LARGE, String(SIZE)]);
  const { secretsBytes, runs } = measuredSchema.parse(JSON.parse(stdout));
  const rows = Object.entries(runs).map(([name, { time, longest, peakBytes }]) => [
    name,
    duration(time),
    duration(longest),
    verdict(longest <= LONGEST_BLOCK),
    `${mebibytes(peakBytes)} (${(peakBytes / secretsBytes).toFixed(1)} ×)`,
    verdict(peakBytes <= MOST_MEMORY * secretsBytes),
  ]);
  return section(
    `${count(SIZE)} keys: event loop and memory`,
    `An engine that lives on, with the memory store, at a destination in memory; one run each, in a process of its own. The longest block is the longest time between two turns of the event loop, garbage collection included; at most ${LONGEST_BLOCK} ms is aimed at. Memory is the largest heap seen in any turn, less the heap before the run, beside what the secrets themselves take as a Map of strings (${mebibytes(secretsBytes)}); at most ${MOST_MEMORY} × is aimed at. It counts what the collector had not yet freed, and the destination's own copy.`,
    table(['run', 'time', 'longest block', '', 'heap of the run', ''], rows),
    'Where the memory of a first sync goes: of each key the run holds the entry that it read, its decision, its row of the plan, its outcome, and what is remembered of it, once as objects and once as the JSON that the store keeps; the destination holds its own copy. Each of these is about as large as a short secret with its key, or larger, so that 3 × what short secrets take can not be kept to; of secrets of some kilobytes, the values are what counts. The longest block includes what other processes of the machine take from it.',
  );
}
