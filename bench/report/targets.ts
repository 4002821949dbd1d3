import { createEngineSync, makeSecrets } from '../contestants.js';
import { section, table } from './markdown.js';
import type { BenchServers } from '../servers.js';
import type { Telling } from '../sliding-window.js';
import { count, duration, median } from './statistics.js';

/** One target, and how it was met. */
export interface TargetResult {
  readonly target: string;
  readonly measured: string;
  readonly isMet: boolean;
}

const times = (value: number) => `${value.toFixed(2)} × the ideal`;

/** 200 new secrets at a round trip of 20 ms, 8 in parallel. */
export async function measureParallel(servers: BenchServers, runs: number): Promise<TargetResult> {
  const [size, roundTrip, concurrency, most] = [200, 20, 8, 1.25];
  const ideal = (1 + size / concurrency) * roundTrip;
  const server = await servers.open('qovery');
  const measured: number[] = [];
  for (let run = 0; run <= runs; run += 1) {
    const sync = createEngineSync(server, await server.addPlace(), makeSecrets(size), { concurrency });
    await server.setRoundTrip(roundTrip);
    const start = performance.now();
    await sync();
    // The first one warms up.
    if (run > 0) measured.push(performance.now() - start);
    await server.clear();
  }
  await server.close();
  const middle = median(measured);
  return {
    target: `${size} secrets, ${roundTrip} ms, ${concurrency} in parallel: at most ${most} × (1 + ${size}/${concurrency}) × ${roundTrip} ms`,
    measured: `${duration(middle)}, ${times(middle / ideal)} (median of ${runs})`,
    isMet: middle <= most * ideal,
  };
}

const TELLING = {
  'retry-after': '429 with Retry-After',
  both: 'Retry-After and X-RateLimit headers',
  headers: 'X-RateLimit headers alone',
} as const;

/** 1,000 new secrets at a server that takes 50 requests in any second, and says so in one of three ways. */
export async function measureLimit(servers: BenchServers, tell: Telling): Promise<TargetResult> {
  const [size, roundTrip, perSecond, most, mostRefused] = [1_000, 20, 50, 1.2, 0.05];
  const server = await servers.open('qovery', { perSecond, tell });
  await server.setRoundTrip(roundTrip);
  const sync = createEngineSync(server, await server.addPlace(), makeSecrets(size));
  const start = performance.now();
  await sync();
  const time = performance.now() - start;
  const { requests, refused } = await server.counts();
  await server.close();
  const ideal = Math.floor((requests - refused - 1) / perSecond) * 1_000 + roundTrip;
  const share = refused / requests;
  return {
    target: `${count(size)} secrets, ${perSecond} requests a second, ${TELLING[tell]}: at most ${mostRefused * 100} % refused, at most ${most} × the ideal ${duration(ideal)}`,
    measured: `${refused} of ${count(requests)} refused (${(share * 100).toFixed(1)} %), ${duration(time)}, ${times(time / ideal)}`,
    isMet: share <= mostRefused && time <= most * ideal,
  };
}

export function targetsSection(results: readonly TargetResult[]): string {
  const rows = results.map(({ target, measured, isMet }) => [target, measured, isMet ? 'pass' : '**FAIL**']);
  return section(
    'Targets',
    'At Qovery, one request a secret. The limit is a sliding window: its ideal is the least time that the requests can take under it.',
    table(['target', 'measured', ''], rows, { left: 3 }),
  );
}
