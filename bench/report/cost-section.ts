import type { Destination } from '../server-messages.js';
import { measureCost, type MeasuredCell } from '../cost.js';
import { section, table } from './markdown.js';
import type { BenchServers } from '../servers.js';
import { aimOf, CASES, leastRoundTrips, USES, type CostCell } from '../settings.js';
import { count, duration, ratio } from './statistics.js';

const NAMES = { qovery: 'Qovery, secrets', 'hasura-cloud': 'Hasura Cloud' } as const;

/** The rows: 100 keys at 20 ms, and what is computed where no network hides it. */
function cellsOf(isQuick: boolean): CostCell[] {
  const sizes: readonly (readonly [Destination, number, number])[] = [
    ['qovery', 100, 20],
    ['hasura-cloud', 100, 20],
    ['qovery', 100, 0],
    ['hasura-cloud', isQuick ? 100 : 1_000, 0],
  ];
  return sizes.flatMap(([destination, size, roundTrip]) =>
    USES.flatMap((use) => CASES.map((what) => ({ destination, use, what, size, roundTrip }))),
  );
}

/** Where the time of a run goes: the limit, the emulator, and what is left for this package and its store. */
function rowOf(cell: MeasuredCell): string[] {
  const { use, what, ours, reference, roundTrip } = cell;
  const limit = leastRoundTrips(cell) * roundTrip;
  const own = Math.max(ours.time - ours.emulator - limit, 0);
  const aim = aimOf(cell);
  const isMet = aim === undefined || reference.time >= aim * ours.time;
  return [
    `${use}, ${what}`,
    duration(ours.time),
    duration(limit),
    duration(ours.emulator),
    duration(own),
    duration(reference.time),
    ratio(ours.time, reference.time),
    aim === undefined ? '' : `${aim} ×`,
    aim === undefined ? '' : isMet ? 'met' : '**not met**',
    `${count(ours.requests)} / ${count(reference.requests)}`,
    `${count(ours.bytes)} / ${count(reference.bytes)}`,
  ];
}

const HEADER = [
  'use and case',
  'this package',
  'limit',
  'emulator',
  'the rest',
  'reference',
  'as many times',
  'aim',
  '',
  'requests',
  'bytes of bodies',
];

/** For each aim that is missed, where the time goes, by the figures of its row. */
function explain(cells: readonly MeasuredCell[]): string {
  const lines = cells.flatMap((cell) => {
    const { destination, use, what, size, roundTrip, ours, reference } = cell;
    const aim = aimOf(cell);
    if (aim === undefined || reference.time >= aim * ours.time) return [];
    const allowed = reference.time / aim;
    const limit = leastRoundTrips(cell) * roundTrip;
    const own = Math.max(ours.time - ours.emulator - limit, 0);
    const other = cells.find(
      (one) =>
        one.destination === destination &&
        one.what === what &&
        one.size === size &&
        one.roundTrip === roundTrip &&
        one.use === 'lives on',
    );
    const files =
      use === 'lives on' || other === undefined
        ? ''
        : ` Of it, ${duration(Math.max(ours.time - other.ours.time, 0))} are the new engine and the files (locks, renames, fsync) that the other use does not have.`;
    const left = allowed - limit;
    return [
      `- ${NAMES[destination]}, ${use}, ${what}: the aim allows ${duration(allowed)}, of which the round trips take ${duration(limit)}${left <= ours.emulator ? `, so that what is left is less than the emulator itself takes (${duration(ours.emulator)})` : ''}; this package takes ${duration(own)} beyond limit and emulator.${files}`,
    ];
  });
  return lines.length === 0 ? 'All aims are met.' : ['Aims that are not met:', '', ...lines].join('\n');
}

/** Measures all rows. */
export async function costSection(
  servers: BenchServers,
  { isQuick, runs }: { readonly isQuick: boolean; readonly runs: number },
  tell: (text: string) => void,
): Promise<string> {
  const cells: MeasuredCell[] = [];
  for (const cell of cellsOf(isQuick)) {
    tell(`${cell.destination}, ${cell.size} at ${cell.roundTrip} ms, ${cell.use}, ${cell.what}`);
    cells.push(await measureCost(servers, cell, runs));
  }
  const tables = [...new Set(cells.map((cell) => groupOf(cell)))].map((group) =>
    [
      `### ${group}`,
      table(
        HEADER,
        cells.filter((cell) => groupOf(cell) === group).map((cell) => rowOf(cell)),
      ),
    ].join('\n\n'),
  );
  return section(
    'One sync, beside the limit and the reference',
    '`lives on`: one engine with the memory store, which has run before. `cron job`: a new engine and a new file store for each run, on a folder that the last one has left (not in it: the start of Node and the import of the package, see below). `first`: an empty place. The `limit` is the fewest round trips that must lie one after the other, times the length of one (10 writes in parallel where each secret is a request). `emulator` is how long the thread of the emulator was at work, and `the rest` what is left of the time for this package, its store, and the sockets. Both contestants run in turns; medians. Requests and bytes: this package / the reference.',
    ...tables,
    explain(cells),
  );
}

const groupOf = ({ destination, size, roundTrip }: CostCell) =>
  `${NAMES[destination]}: ${count(size)} secrets, ${roundTrip} ms`;
