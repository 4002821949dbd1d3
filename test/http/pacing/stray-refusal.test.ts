import { describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../src/http/client.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const ROUND_TRIP = 20;

interface Trouble {
  /** The requests that are refused, counted from 0. */
  readonly refused: (index: number) => boolean;
  readonly retryAfter: string | undefined;
}

/** How long, in ms, a list and then so many writes take at a server that takes all but some of them. */
async function timeOf(secrets: number, concurrency: number, trouble?: Trouble): Promise<number> {
  const clock = createVirtualClock({ auto: true });
  let count = 0;
  const fetch: typeof globalThis.fetch = async () => {
    const isRefused = trouble?.refused(count) === true;
    count += 1;
    await clock.sleep(ROUND_TRIP);
    const { retryAfter } = trouble ?? {};
    return new Response('{}', {
      status: isRefused ? 429 : 200,
      headers: isRefused && retryAfter !== undefined ? { 'retry-after': retryAfter } : {},
    });
  };
  const client = createHttpClient({
    endpoint: 'https://api.example.com',
    fetch,
    clock,
    concurrency,
    random: () => 0.5,
  });
  const start = clock.now();
  await client.request({ operation: 'list', method: 'GET' });
  await Promise.all(
    Array.from({ length: secrets }, () => client.request({ operation: 'write', method: 'PUT' })),
  );
  expect(clock.sleepers).toBe(0);
  return clock.now() - start;
}

/** How long a run takes that nothing disturbs. It is the same in every row, and played once for all of a size. */
const undisturbedTimes = new Map<string, Promise<number>>();
function undisturbedTimeOf(secrets: number, concurrency: number): Promise<number> {
  const size = `${secrets} ${concurrency}`;
  const time = undisturbedTimes.get(size) ?? timeOf(secrets, concurrency);
  undisturbedTimes.set(size, time);
  return time;
}

describe('one stray 429 from a server that takes everything else', () => {
  const sizes = [
    { secrets: 100, concurrency: 1 },
    { secrets: 100, concurrency: 10 },
    { secrets: 300, concurrency: 10 },
  ];
  const rows = sizes.flatMap((size) =>
    ['the list', 'the first write', 'one in the middle'].flatMap((which) =>
      ['1', '20', undefined].map((retryAfter) => ({ ...size, which, retryAfter })),
    ),
  );

  it.each(rows)('costs little more than the told wait: %o', async (row) => {
    const { secrets, concurrency, which, retryAfter } = row;
    const index = which === 'the list' ? 0 : which === 'the first write' ? 1 : secrets / 2;
    const undisturbed = await undisturbedTimeOf(secrets, concurrency);
    const disturbed = await timeOf(secrets, concurrency, {
      refused: (count) => count === index,
      retryAfter,
    });
    const wait = retryAfter === undefined ? 250 : Number(retryAfter) * 1_000;
    // With nothing under way beside it nothing tells it from a limit: the pace is outgrown within two seconds.
    const search = concurrency === 1 && which === 'one in the middle' ? 2_000 : 0;
    expect(disturbed - wait).toBeLessThanOrEqual(1.1 * undisturbed + 2 * ROUND_TRIP + search);
  });
});

describe('all that was under way refused once, by a server that takes everything else', () => {
  it.each([
    { secrets: 100, from: 1, retryAfter: '1' },
    { secrets: 100, from: 50, retryAfter: '20' },
    { secrets: 300, from: 50, retryAfter: '20' },
    { secrets: 300, from: 150, retryAfter: '60' },
  ])('costs a few seconds more than the told wait: %o', async ({ secrets, from, retryAfter }) => {
    const undisturbed = await undisturbedTimeOf(secrets, 10);
    const refused = (count: number) => count >= from && count < from + 10;
    const disturbed = await timeOf(secrets, 10, { refused, retryAfter });
    expect(disturbed - Number(retryAfter) * 1_000).toBeLessThanOrEqual(1.1 * undisturbed + 3_000);
  });

  it('and once more soon after costs a few seconds more', async () => {
    const refused = (count: number) => (count >= 1 && count < 11) || (count >= 30 && count < 40);
    const disturbed = await timeOf(300, 10, { refused, retryAfter: '1' });
    expect(disturbed - 2_000).toBeLessThanOrEqual(2_000 + 4_000);
  });
});
