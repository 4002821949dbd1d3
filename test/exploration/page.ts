import { table } from '../../bench/report/markdown.js';
import { readFromPage, writeToPage, type WrittenPart } from '../../tools/page.js';
import type { Bug } from '../simulation/bugs/bugs.js';
import { worldOf } from './bugs.js';
import type { Walk } from './explore.js';
import { withoutWaiting } from './told.js';
import { WORLDS } from './worlds/index.js';

const WALKS: WrittenPart = { page: 'docs/proofs.md', name: 'walks', command: 'explore' };
const FINDS: WrittenPart = { page: 'docs/proofs.md', name: 'bugs', command: 'explore -- --bugs' };

const count = (value: number) => value.toLocaleString('en-US');

/** Puts down the walks of worlds; of those that were not walked this time, what the page says stays. */
export async function writeWalks(walks: ReadonlyMap<string, Walk>): Promise<void> {
  const known = new Map(
    (await readFromPage(WALKS)).split('\n').flatMap((line) => {
      const [, name, ...cells] = line.split('|').map((cell) => cell.trim());
      return name === undefined || cells.length < 4 ? [] : [[name, cells.slice(0, 4)] as const];
    }),
  );
  const rows = WORLDS.map(({ name }) => {
    const walk = walks.get(name);
    if (walk === undefined) return [name, ...(known.get(name) ?? ['', '', '', 'not walked'])];
    const { states, transitions, ends, isComplete } = walk;
    return [name, ...[states, transitions, ends].map(count), isComplete ? 'yes' : '**no**'];
  });
  await writeToPage(table(['world', 'states', 'transitions', 'ends', 'complete'], rows), WALKS);
}

/** Puts down in which world each bug was found. */
export async function writeFinds(finds: readonly (readonly [Bug, Walk])[]): Promise<void> {
  const rows = finds.map(([bug, { states, violation }]) => [
    bug.name,
    worldOf(bug).name,
    ...(violation === undefined
      ? ['**not found**', '', '']
      : [violation.rule, count(states), count(withoutWaiting(violation.history).length)]),
  ]);
  await writeToPage(table(['bug', 'world', 'rule', 'states', 'steps'], rows, { left: 3 }), FINDS);
}
