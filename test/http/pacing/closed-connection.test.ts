import { describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClientOptions } from '../../../src/http/client.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

const list = { operation: 'list the things', method: 'GET' } as const;
const ROUND_TRIP = 20;

/** A client of a server that answers the first requests with these heads, and then 200. */
function clientOf(
  heads: readonly { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[],
  options: Partial<HttpClientOptions> = {},
) {
  const clock = createVirtualClock({ auto: true });
  const sentAt: number[] = [];
  const left = [...heads];
  const start = clock.now();
  const client = createHttpClient({
    endpoint: 'https://api.example.com',
    clock,
    random: () => 0.5,
    async fetch() {
      sentAt.push(clock.now() - start);
      const head = left.shift();
      await clock.sleep(ROUND_TRIP);
      return new Response('{}', head);
    },
    ...options,
  });
  /** How a request of a run with that deadline ends, and when. */
  const ask = async (deadline?: number) => {
    const run = client.forRun(deadline === undefined ? {} : { deadline: start + deadline });
    const end = await run.request(list).then(
      () => 'answered',
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
    );
    return `${String(end)} after ${clock.now() - start} ms`;
  };
  return { clock, client, sentAt, ask };
}

const CLOSED_50 = { status: 429, headers: { 'retry-after': '50' } };

describe('a request whose deadline comes before the server opens again', () => {
  it('fails at once although another one waits for the server before it', async () => {
    const { clock, ask, sentAt } = clientOf([CLOSED_50], { concurrency: 1 });
    const patient = [ask()];
    await clock.sleep(100);
    patient.push(ask());
    await clock.sleep(100);
    expect(await ask(5_000)).toBe('RATE_LIMITED after 200 ms');
    await Promise.all(patient);
    expect(sentAt[1]).toBe(50_000 + ROUND_TRIP);
  });

  it('fails as soon as the server closes when it was in line by then', async () => {
    const { ask, sentAt } = clientOf([CLOSED_50], { concurrency: 1 });
    const asked = [ask(), ask(), ask(5_000), ask(60_000)];
    expect(await asked[2]).toBe(`RATE_LIMITED after ${ROUND_TRIP} ms`);
    for (const end of await Promise.all(asked)) expect(end).toMatch(/answered|RATE_LIMITED after 20 ms/);
    expect(sentAt).toHaveLength(4);
  });

  it('is sent in the order of the others, and never with more under way than allowed, when the server opens', async () => {
    const { ask, sentAt } = clientOf([CLOSED_50], { concurrency: 2 });
    await Promise.all(Array.from({ length: 9 }, () => ask()));
    expect(sentAt.slice(2)).toEqual(
      [0, 0, 1, 1, 2, 2, 3, 3].map((round) => 50_000 + ROUND_TRIP * (1 + round)),
    );
  });
});

describe('a run without retries left, before a server that takes nothing and does not say until when', () => {
  const refusals = (count: number) => Array.from({ length: count }, () => ({ status: 429 }));

  it('fails what it has not sent without sending it; another run asks again', async () => {
    const { client, sentAt, clock } = clientOf(refusals(4), {
      concurrency: 1,
      retry: { retries: 2, budget: 2 },
    });
    const run = client.forRun({});
    const end = await Promise.allSettled(Array.from({ length: 20 }, () => run.request(list)));
    expect(new Set(end.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(sentAt).toHaveLength(4 - 1);
    await clock.sleep(60_000);
    await client.forRun({}).request(list);
    expect(sentAt).toHaveLength(4 + 1);
  });

  it('goes on when the server takes something in between', async () => {
    const heads = [...refusals(2), { status: 200 }, ...refusals(1)];
    const { client, sentAt } = clientOf(heads, { concurrency: 1, retry: { retries: 2, budget: 2 } });
    const run = client.forRun({});
    const end = await Promise.allSettled(Array.from({ length: 20 }, () => run.request(list)));
    expect(end.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(sentAt).toHaveLength(20 + 2);
  });
});
