import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as z from 'zod';
import { section, table } from './markdown.js';
import { count, duration, median } from './statistics.js';

const run = promisify(execFile);
const measuredSchema = z.object({ times: z.array(z.number()), peakBytes: z.number() });
const PLANNER = fileURLToPath(new URL('./planner.mjs', import.meta.url));

async function measure(task: string, size: number) {
  const { stdout } = await run(process.execPath, ['--expose-gc', PLANNER, task, String(size)]);
  return measuredSchema.parse(JSON.parse(stdout));
}

const mebibytes = (bytes: number): string => `${count(Math.round(bytes / 2 ** 20))} MiB`;
const verdict = (isMet: boolean, measured: string): string =>
  `${isMet ? 'met' : '**not met**'} (${measured})`;

/** Measures the planner at these numbers of keys, each in a process of its own. */
export async function plannerSection(
  sizes: readonly number[],
  tell: (text: string) => void,
): Promise<string> {
  const idle = await measure('nothing', 0);
  const rows: string[][] = [];
  const targets: string[] = [];
  const bySize = new Map<number, number>();
  for (const size of sizes) {
    tell(`planner, ${count(size)} keys`);
    const [reconciled, planned, bare, reference] = [
      await measure('reconcile', size),
      await measure('plan', size),
      await measure('map', size),
      await measure('reference', size),
    ];
    const [first, second, map, third] = [reconciled, planned, bare, reference].map(({ times }) =>
      median(times),
    );
    if (first === undefined || second === undefined || map === undefined || third === undefined) continue;
    bySize.set(size, second);
    rows.push([
      count(size),
      duration(first),
      count(Math.round(size / (first / 1_000))),
      mebibytes(reconciled.peakBytes),
      duration(second),
      count(Math.round(size / (second / 1_000))),
      mebibytes(planned.peakBytes),
      duration(map),
      duration(third),
    ]);
    if (size !== 100_000) continue;
    targets.push(
      `- \`reconcile\` and \`guardDeletions\`, 100,000 keys, at most 2.5 × a bare comparison of two Maps: ${verdict(first <= 2.5 * map, `${(first / map).toFixed(1)} ×`)}`,
      `- \`planSync\` with one HMAC a key, 100,000 keys, at most 700 ms: ${verdict(second <= 700, duration(second))}`,
    );
  }
  const [some, many] = [bySize.get(100_000), bySize.get(1_000_000)];
  if (some !== undefined && many !== undefined)
    targets.push(
      `- \`planSync\`, 1,000,000 keys, linear: at most 13 × the time for 100,000: ${verdict(many <= 13 * some, `${(many / some).toFixed(1)} ×`)}`,
    );
  return section(
    'Planner',
    `In memory, without any I/O; of 100 keys, 97 are as they were. Medians of 3 to 31 runs. Peak memory is that of the whole process with its input data; of a process that only imports the package: ${mebibytes(idle.peakBytes)}. The last but one is the least that can be done: two Maps of strings are compared, and nothing else. The last column is what the model of the reference needs for its own decisions: it compares nothing and hashes nothing, but compiles the template for each key.`,
    table(
      [
        'keys',
        '`reconcile` + `guardDeletions`',
        'keys/s',
        'peak memory',
        '`planSync`, one HMAC a key',
        'keys/s',
        'peak memory',
        'two Maps compared',
        'reference',
      ],
      rows,
      { left: 0 },
    ),
    targets.join('\n'),
  );
}
