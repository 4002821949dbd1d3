// Run by `npm run bench`, in the package's directory. `npm run bench -- --quick planner` measures less, and only what
// is named: cost, network, targets, comparison, planner, large, package. Only a full run writes docs/benchmarks.md.
import {
  comparisonSection,
  longestSync,
  measureSeries,
  type MeasuredSeries,
  type Series,
} from './comparison.js';
import { costSection } from './report/cost-section.js';
import { largeSection } from './report/large-section.js';
import { describeMachine } from './report/machine.js';
import { networkSection } from './report/network-section.js';
import { packageSection } from './report/package-section.js';
import { plannerSection } from './report/planner-section.js';
import { pretty, writeToPage } from '../tools/page.js';
import { startServers } from './servers.js';
import { measureLimit, measureParallel, targetsSection, type TargetResult } from './report/targets.js';

const chosen = process.argv.slice(2);
const isQuick = chosen.includes('--quick');
const parts = chosen.filter((word) => word !== '--quick');
const isWanted = (part: 'cost' | 'network' | 'targets' | 'comparison' | 'planner' | 'large' | 'package') =>
  parts.length === 0 || parts.includes(part);
const scope = isQuick
  ? { sizes: [10, 100], roundTrips: [0, 20], keys: [1_000, 10_000, 100_000], runs: 3 }
  : { sizes: [10, 100, 1_000], roundTrips: [0, 20, 100], keys: [1_000, 10_000, 100_000, 1_000_000], runs: 9 };

const started = performance.now();
const tell = (text: string) =>
  console.error(`[${((performance.now() - started) / 1_000).toFixed(0).padStart(3)} s] ${text}`);

const everySeries = (['qovery', 'hasura-cloud'] as const).flatMap((destination) =>
  scope.sizes.flatMap((size) =>
    scope.roundTrips.flatMap((roundTrip) =>
      (['ours', 'reference'] as const).map((contestant): Series => ({
        contestant,
        destination,
        size,
        roundTrip,
      })),
    ),
  ),
);

/** These do nothing but wait most of the time, and so can wait side by side. */
const isSlow = (series: Series) => series.contestant === 'reference' && longestSync(series) > 5_000;

/** Everything that talks to the servers: the targets, and the comparison. */
async function measureSyncs(): Promise<readonly string[]> {
  const servers = startServers();
  const run = (list: readonly Series[]) => list.map((series) => () => measureSeries(servers, series));
  tell('warm-up');
  for (const warmUp of run(everySeries.filter(({ size, roundTrip }) => size === 100 && roundTrip === 0))) {
    await warmUp();
  }
  const cost = isWanted('cost') ? [await costSection(servers, { isQuick, runs: scope.runs }, tell)] : [];
  const network = isWanted('network') ? [await networkSection(servers, scope.runs, tell)] : [];
  const parallel: TargetResult[] = [];
  if (isWanted('targets')) {
    tell('target: in parallel');
    parallel.push(await measureParallel(servers, scope.runs));
  }
  const compared = isWanted('comparison') ? everySeries : [];
  const measured: MeasuredSeries[] = [];
  for (const series of compared.filter((one) => !isSlow(one))) {
    const { contestant, destination, size, roundTrip } = series;
    tell(`${destination}, ${size} secrets at ${roundTrip} ms: ${contestant}`);
    measured.push(await measureSeries(servers, series));
  }
  tell('what waits most of the time, side by side: rate limits, slow series of the reference');
  const tellings = isWanted('targets') ? (['retry-after', 'both', 'headers'] as const) : [];
  const [limits, slow] = await Promise.all([
    Promise.all(tellings.map((telling) => measureLimit(servers, telling))),
    Promise.all(run(compared.filter(isSlow)).map((measure) => measure())),
  ]);
  await servers.close();
  return [
    ...cost,
    ...network,
    ...(isWanted('targets') ? [targetsSection([...parallel, ...limits])] : []),
    ...(isWanted('comparison') ? [comparisonSection([...measured, ...slow])] : []),
  ];
}

const machine = await describeMachine();
const needsServers = (['cost', 'network', 'targets', 'comparison'] as const).some(isWanted);
const syncs = needsServers ? await measureSyncs() : [];
const sections = [...syncs];
if (isWanted('planner')) sections.push(await plannerSection(scope.keys, tell));
if (isWanted('large')) sections.push(await largeSection());
if (isWanted('package')) sections.push(await packageSection(scope.runs));
tell('done');

const results = [machine, ...sections].join('\n\n');
console.log(await pretty(results));
if (chosen.length === 0) await writeToPage(results);
