// Walks all histories of small worlds: `npm run explore`, or `npm run explore -- --world 'two processes'`.
import { realLibrary } from '../simulation/bugs/library.js';
import { explore } from './explore.js';
import { WORLDS } from './worlds.js';

const named = process.argv.indexOf('--world');
const wanted = named < 0 ? '' : (process.argv[named + 1] ?? '');
for (const small of WORLDS.filter(({ name }) => name.includes(wanted))) {
  const begun = performance.now();
  const walk = await explore(small, {
    library: realLibrary,
    onProgress: ({ states, transitions, executions }, left) =>
      console.error(`${states} states, ${transitions} transitions, ${executions} executions, ${left} left`),
  });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  if (walk.violation !== undefined) process.exitCode = 1;
  console.log(JSON.stringify({ name: small.name, ...walk, seconds }, undefined, 1));
}
