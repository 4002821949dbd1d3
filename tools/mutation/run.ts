// Changes the code of one part of the library after the other, and puts down which changes no test noticed:
// `npm run mutation -- drivers stores`; without names, all parts.
import { Stryker } from '@stryker-mutator/core';
import { table } from '../../bench/report/markdown.js';
import { readFromPage, writeToPage, type WrittenPart } from '../page.js';
import { PARTS } from './parts.js';

const SCORES: WrittenPart = { page: 'docs/proofs.md', name: 'mutation', command: 'mutation' };

/** How many changes ended how: `Killed`, `Timeout`, `Survived`, `NoCoverage`, and some that were not tried. */
type Counts = Readonly<Record<string, number>>;

async function change(name: string): Promise<Counts> {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`There is no part "${name}": ${Object.keys(PARTS).join(', ')}.`);
  // Read by `vitest.mutation.config.ts`, in the processes that Stryker starts.
  process.env['MUTATION_PART'] = name;
  const results = await new Stryker({
    mutate: [...part.mutate],
    incrementalFile: `reports/mutation/${name}.incremental.json`,
    jsonReporter: { fileName: `reports/mutation/${name}.json` },
    htmlReporter: { fileName: `reports/mutation/${name}.html` },
  }).runMutationTest();
  return results.reduce<Record<string, number>>(
    (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }),
    {},
  );
}

function rowOf(name: string, { Killed = 0, Timeout = 0, Survived = 0, NoCoverage = 0 }: Counts) {
  const noticed = Killed + Timeout;
  const all = noticed + Survived + NoCoverage;
  const score = all === 0 ? '' : `${((100 * noticed) / all).toFixed(1)} %`;
  return [name, ...[all, noticed, Survived, NoCoverage].map((value) => value.toLocaleString('en-US')), score];
}

/** Puts down the scores of parts; of those that were not changed this time, what the page says stays. */
async function writeScores(scores: ReadonlyMap<string, Counts>): Promise<void> {
  const lines = (await readFromPage(SCORES)).split('\n');
  const rows = Object.keys(PARTS).flatMap((name) => {
    const counts = scores.get(name);
    if (counts !== undefined) return [rowOf(name, counts)];
    const known = lines
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .find((cells) => cells[1] === name);
    return known === undefined ? [] : [known.slice(1, -1)];
  });
  await writeToPage(table(['part', 'changes', 'noticed', 'not noticed', 'not run', 'score'], rows), SCORES);
}

const names = process.argv.slice(2);
const scores = new Map<string, Counts>();
for (const name of names.length > 0 ? names : Object.keys(PARTS)) {
  scores.set(name, await change(name));
  await writeScores(scores);
}
