// Run by `npm run bench:fleet`, in the package's directory: several workers on one queue, one of them killed every few
// seconds while the source changes. `npm run bench:fleet -- Redis 2` measures that alone; only a full run writes
// docs/benchmarks.md. Exits with 1 where a promise was broken.
import { loadavg } from 'node:os';
import { describeMachine } from '../report/machine.js';
import { section, table } from '../report/markdown.js';
import { pretty, writeToPage } from '../../tools/page.js';
import { measureFleet, type Measured } from './measure.js';
import { SETTINGS } from './settings.js';

const chosen = process.argv.slice(2);
const servers = (['Redis', 'PostgreSQL'] as const).filter(
  (server) => chosen.includes(server) || !chosen.some((word) => /^[A-Z]/.test(word)),
);
const sizes = [1, 2, 4].filter(
  (size) => chosen.includes(String(size)) || !chosen.some((word) => /^\d/.test(word)),
);

const machine = await describeMachine();
const measured: Measured[] = [];
for (const server of servers)
  for (const size of sizes) {
    console.error(`${server}, ${size} worker(s) …`);
    const one = await measureFleet(server, size);
    console.error(JSON.stringify(one));
    measured.push(one);
  }

/** What a fleet did that it must not do. */
function brokenIn(fleet: Measured): string[] {
  const name = `${fleet.server}, ${fleet.workers} worker(s)`;
  const broken = [
    [fleet.different > 0, 'a destination does not equal its source'],
    [fleet.meetings > 0 || fleet.mostAtPlace > 1, 'two workers were at one place at the same time'],
    [fleet.mostOnConnection > SETTINGS.runsPerConnection, 'too many runs went through one connection'],
    [fleet.withoutWrite >= fleet.runs / 100, 'too many runs wrote nothing'],
    [fleet.looks > (60_000 / SETTINGS.pollInterval) * 1.2, 'there were more looks than one an interval'],
  ] as const;
  return broken.flatMap(([isBroken, what]) => (isBroken ? [`${name}: ${what}`] : []));
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const rows = measured.map((fleet) => [
  fleet.server,
  ...[fleet.workers, seconds(fleet.firstSyncs), fleet.kills, seconds(fleet.settled)].map(String),
  `${fleet.runs} / ${fleet.unended}`,
  ...[fleet.failed, fleet.withoutWrite, fleet.requests, fleet.reads, fleet.looks.toFixed(0)].map(String),
  ...[fleet.mostAtPlace, fleet.meetings, fleet.mostOnConnection, fleet.different].map(String),
]);
const { records, keys, connections, changes, changesTake, roundTrip, concurrency } = SETTINGS;
const { runsPerConnection, pollInterval, debounce, killEvery } = SETTINGS;
const broken = measured.flatMap(brokenIn);
const results = [
  machine,
  section(
    'A fleet of workers, one of which is killed every few seconds',
    `${records} records of ${keys} keys over ${connections} connections, ${changes.toLocaleString('en')} changes of their sources in ${changesTake / 1_000} s, ${roundTrip} ms a request to the source and to the destination (Hasura Cloud's emulator). Each worker is a process with \`concurrency\` ${concurrency}; \`runsPerConnection\` ${runsPerConnection}, \`pollInterval\` ${pollInterval / 1_000} s, \`debounce\` ${debounce / 1_000} s. Every ${killEvery / 1_000} s, while the source changes, the oldest worker is ended by \`SIGKILL\` and another one started. Jobs and documents are on the server that the row names. Emulator, source, server, and workers share the machine.`,
    table(
      [
        'jobs and documents',
        'workers',
        'first syncs of all',
        'kills',
        'all equal after the last change',
        'runs / killed in progress',
        'failed',
        'without a write',
        'destination requests',
        'source reads',
        'looks a minute',
        'most runs at a place',
        'requests of two workers at a place',
        'most runs on a connection',
        'places that differ in the end',
      ],
      rows,
    ),
    `At the end the load average of the machine was ${loadavg()[0]?.toFixed(1)}: beyond its cores, times say what was left of them, and not how a fleet scales.`,
    'A run that was killed goes on elsewhere when its lease has ended (30 s) and BullMQ has found its job stalled (30 to 60 s): that is what the time after the last change consists of.',
    broken.length === 0
      ? 'Each row keeps what is promised: in the end every place equals its source; no two workers at one place, by the log of the emulator and by the events of the runs; never more than `runsPerConnection` runs on a connection over the fleet; less than 1 % of runs without a write; one look an interval, however many workers there are.'
      : broken.map((line) => `- **${line}**`).join('\n'),
  ),
].join('\n\n');
console.log(await pretty(results));
if (chosen.length === 0)
  await writeToPage(results, { page: 'docs/benchmarks.md', name: 'fleet', command: 'bench:fleet' });
if (broken.length > 0) process.exitCode = 1;
