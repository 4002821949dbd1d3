import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';

const USAGE = 'Usage: npm run test:again -- [runs] [--busy] [-- test files]';

/** What is asked for on the command line. */
export interface AgainOptions {
  /** How often the suite runs. */
  readonly runs: number;
  /** Whether all cores are kept busy meanwhile. */
  readonly isBusy: boolean;
  /** What else vitest gets: names of test files; none are all. */
  readonly files: readonly string[];
}

/** Reads the arguments after the name of the program. Throws an `Error` that shows the usage. */
export function parseAgainOptions(args: readonly string[]): AgainOptions {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const { values, positionals } = parseArgs({
    args: args.slice(0, end),
    options: { busy: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [runs = '10', ...others] = positionals;
  if (!/^[1-9]\d*$/.test(runs) || others.length > 0) {
    throw new Error(`"${positionals.join(' ')}" is not a number of runs. ${USAGE}`);
  }
  return { runs: Number(runs), isBusy: values.busy, files: args.slice(end + 1) };
}

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          failureMessages: z.nullish(z.array(z.string())),
        }),
      ),
    }),
  ),
});

/** A test, or a file that could not be run, that failed in one run. */
export interface Failure {
  /** `test/a.test.ts > group > title`. */
  readonly name: string;
  /** The first line of what it failed with. */
  readonly message: string;
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** Lists what failed, from the text that the JSON reporter of vitest wrote; files are named as seen from `root`. */
export function failuresOf(json: string, root: string): readonly Failure[] {
  const { testResults } = reportSchema.parse(JSON.parse(json));
  return testResults.flatMap(({ name, status, message, assertionResults }): Failure[] => {
    const file = relative(root, name);
    const failed = assertionResults
      .filter((result) => result.status === 'failed')
      .map(({ ancestorTitles, title, failureMessages }) => ({
        name: [file, ...ancestorTitles, title].join(' > '),
        message: firstLine(failureMessages?.[0] ?? ''),
      }));
    // A file of which no test failed can fail by itself: an import, a hook.
    return failed.length > 0 || status !== 'failed' ? failed : [{ name: file, message: firstLine(message) }];
  });
}

/** Whether any file of tests was run, from the text that the JSON reporter of vitest wrote. */
export const hasRun = (json: string): boolean => reportSchema.parse(JSON.parse(json)).testResults.length > 0;

/** Says which tests failed how often, the most frequent first. `runs` holds the names of each run that was made. */
export function describeRuns(runs: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>();
  for (const name of runs.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
  const rows = [...counts].sort(
    ([firstName, first], [secondName, second]) => second - first || (firstName < secondName ? -1 : 1),
  );
  const summary = `${counts.size} failed in ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`;
  return [summary, ...rows.map(([name, count]) => `  ${count} of ${runs.length}: ${name}`)].join('\n');
}
