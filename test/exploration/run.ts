// Walks all histories of small worlds.
//   npm run explore                                  all worlds
//   npm run explore -- --world 'two processes'       those whose name holds that text
//   npm run explore -- --bugs                        for each bug of the simulation, the world in which it can show
//   npm run explore -- --bugs --bug 'old hash'       those bugs whose name holds that text
//   npm run explore -- --world NAME --replay 0,1,0   one history, as a violation prints it; --bug NAME puts a bug in
import { BUGS, type Bug } from '../simulation/bugs/bugs.js';
import { realLibrary, type Library } from '../simulation/bugs/library.js';
import { buildMutant } from '../simulation/bugs/mutant.js';
import { lookFor, worldOf } from './bugs.js';
import { explore, replay, type Walk } from './explore.js';
import { writeFinds, writeWalks } from './page.js';
import { tellHistory, withoutWaiting } from './told.js';
import { worldNamed } from './worlds/by-name.js';
import { WORLDS } from './worlds/index.js';

const words = process.argv.slice(2);
const option = (name: string): string | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : (words[at + 1] ?? '');
};

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function tell(walk: Walk, world: string, bug?: Bug): string {
  const { violation, states, transitions, isComplete } = walk;
  const figures = `${states} states, ${transitions} transitions${isComplete ? ', complete' : ''}`;
  if (violation === undefined) return figures;
  const { rule, detail, history, picks } = violation;
  const again = `npm run explore -- --world ${quoted(world)}${bug === undefined ? '' : ` --bug ${quoted(bug.name)}`} --replay ${picks.length === 0 ? "''" : picks.join()}`;
  return `${figures}\n${rule}: ${detail}\n${tellHistory(history)}\nagain: ${again}`;
}

async function walkWorlds(wanted: string): Promise<void> {
  const walks = new Map<string, Walk>();
  for (const small of WORLDS.filter(({ name }) => name.includes(wanted))) {
    const begun = performance.now();
    const walk = await explore(small, {
      library: realLibrary,
      onProgress: ({ states, transitions, executions }, left) =>
        console.error(`${states} states, ${transitions} transitions, ${executions} executions, ${left} left`),
    });
    walks.set(small.name, walk);
    if (walk.violation !== undefined) process.exitCode = 1;
    console.log(
      `${small.name}: ${tell(walk, small.name)} (${((performance.now() - begun) / 1000).toFixed(1)} s)`,
    );
  }
  await writeWalks(walks);
}

async function lookForBugs(wanted: string | undefined): Promise<void> {
  const finds: [Bug, Walk][] = [];
  for (const bug of BUGS.filter(({ name }) => name.includes(wanted ?? ''))) {
    const walk = await lookFor(bug);
    finds.push([bug, walk]);
    if (walk.violation === undefined) process.exitCode = 1;
    const steps = withoutWaiting(walk.violation?.history ?? []).length;
    console.log(
      walk.violation === undefined
        ? `NOT FOUND: ${bug.name}`
        : `found in ${steps} steps: ${bug.name} (${walk.violation.rule}; ${worldOf(bug).name}; ${walk.states} states)`,
    );
    if (wanted !== undefined) console.log(tell(walk, worldOf(bug).name, bug));
  }
  if (wanted === undefined) await writeFinds(finds);
}

async function replayOne(world: string, picks: string, bugName: string | undefined): Promise<void> {
  const bug = BUGS.find(({ name }) => name === bugName);
  if (bugName !== undefined && bug === undefined) throw new Error(`There is no bug "${bugName}".`);
  const library: Library = bug === undefined ? realLibrary : await buildMutant(bug);
  const steps = picks === '' ? [] : picks.split(',').map(Number);
  const { history, violation } = await replay(worldNamed(world), library, steps);
  console.log(tellHistory(history));
  console.log(violation === undefined ? 'No violation.' : `${violation.rule}: ${violation.detail}`);
}

const [world, picks, bug] = [option('--world') ?? '', option('--replay'), option('--bug')];
if (picks !== undefined) await replayOne(world, picks, bug);
else if (words.includes('--bugs')) await lookForBugs(bug);
else await walkWorlds(world);
