import { getEventListeners } from 'node:events';
import * as z from 'zod';
import { describe, expect, it, vi } from 'vitest';
import { createHttpClient, type HttpClientOptions } from '../../src/http/client.js';
import { eventually } from '../support/eventually.js';
import { leakWarnings } from '../support/complaints/leak-warnings.js';
import { createVirtualClock } from '../support/virtual-clock.js';
import { answer, type Handler, startTestServer } from './test-server.js';

const list = { operation: 'list the things', method: 'GET', schema: z.unknown() } as const;
const turns = async () => {
  for (let count = 0; count < 10; count += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Aborts a run of two requests, one at a time, as soon as `reached`, and says what is left of it. */
async function abortWhen(
  handle: Handler,
  reached: (state: { seen: number; heads: number; slept: readonly number[] }) => boolean,
  options: Partial<HttpClientOptions> = {},
) {
  const { url, seen } = await startTestServer(handle);
  const clock = createVirtualClock();
  const { fetch = globalThis.fetch, ...rest } = options;
  // What was handed to fetch, since what is on the wire may still arrive after the abort.
  let sent = 0;
  let heads = 0;
  const client = createHttpClient({
    endpoint: url,
    allowPrivateNetwork: true,
    clock,
    concurrency: 1,
    random: () => 0.5,
    ...rest,
    async fetch(input, init) {
      sent += 1;
      const response = await fetch(input, init);
      heads += 1;
      return response;
    },
  });
  const controller = new AbortController();
  const { signal } = controller;
  const run = client.forRun({ signal });
  const ends = Promise.allSettled([
    run.request(list),
    run.request({ ...list, signal: new AbortController().signal }),
  ]);
  await eventually(() => expect(reached({ seen: seen.length, heads, slept: clock.slept })).toBe(true));
  const sentBefore = sent;
  const reason = { toString: () => 'no Error at all' };
  controller.abort(reason);
  const reasons = (await ends).map((end) =>
    end.status === 'rejected' ? (end.reason as unknown) : end.value,
  );
  await turns();
  expect(reasons[0]).toBe(reason);
  expect(reasons[1]).toBe(reason);
  expect(sent).toBe(sentBefore);
  expect(clock.sleepers).toBe(0);
  await expect(run.request(list)).rejects.toBe(reason);
  expect(sent).toBe(sentBefore);
  return { client, signal, clock };
}

describe('an abort rejects with its very reason, sends nothing more and leaves no timer', () => {
  it('while a request is in flight and another in the queue', async () => {
    const { signal } = await abortWhen(
      () => undefined,
      ({ seen }) => seen === 1,
    );
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('while a body is read', async () => {
    await abortWhen(
      (response) => {
        response.writeHead(200);
        response.write('{');
      },
      ({ heads }) => heads === 1,
    );
  });

  it('while the body of a refusal is read', async () => {
    await abortWhen(
      (response) => {
        response.writeHead(400);
        response.write('{');
      },
      ({ heads }) => heads === 1,
    );
  });

  it('while a retry is waited for', async () => {
    await abortWhen(
      (response) => answer(response, 503),
      ({ slept }) => slept.includes(250),
    );
  });

  it('while all wait for the time that a 429 told', async () => {
    const { client, clock } = await abortWhen(
      (response, _request, index) => answer(response, index === 0 ? 429 : 200, '{}', { 'retry-after': '9' }),
      ({ slept }) => slept.filter((ms) => ms === 9_000).length === 2,
    );
    const other = client.request(list);
    await clock.advance(9_000);
    expect((await other).status).toBe(200);
  });

  it('before a fetch that does not listen to its signal, whose late answer is let go', async () => {
    let cancelled = 0;
    let answerLate: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (answerLate = resolve));
    let called = 0;
    const fetch = async () => {
      called += 1;
      await late;
      return new Response(new ReadableStream({ cancel: () => void (cancelled += 1) }));
    };
    await abortWhen(
      () => undefined,
      () => called === 1,
      { fetch },
    );
    answerLate();
    await turns();
    expect([called, cancelled]).toEqual([1, 1]);
  });

  it('by the request itself, while others of the run go on', async () => {
    const { url } = await startTestServer((response, request) => {
      if (request.url === '/other') answer(response, 200, '{}');
    });
    const client = createHttpClient({ endpoint: url, allowPrivateNetwork: true });
    const { signal } = new AbortController();
    const controller = new AbortController();
    const run = client.forRun({ signal });
    const aborted = run.request({ ...list, signal: controller.signal });
    controller.abort('reason');
    await expect(aborted).rejects.toBe('reason');
    expect((await run.request({ ...list, path: ['other'] })).status).toBe(200);
  });

  it('of a run that has ended before', async () => {
    const fetch = vi.fn<typeof globalThis.fetch>();
    const client = createHttpClient({ endpoint: 'https://api.example.com', fetch });
    const run = client.forRun({ signal: AbortSignal.abort('reason') });
    await expect(run.request(list)).rejects.toBe('reason');
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('a request that ended', () => {
  it('leaves neither timer nor listener, and makes Node warn of no leak', async () => {
    const { url } = await startTestServer((response) => answer(response, 200, '{}'));
    const clock = createVirtualClock();
    const client = createHttpClient({ endpoint: url, allowPrivateNetwork: true, clock });
    const { signal } = new AbortController();
    const { signal: other } = new AbortController();
    const warnings = leakWarnings();
    const run = client.forRun({ signal });
    await Promise.all(Array.from({ length: 30 }, () => run.request({ ...list, signal: other })));
    await turns();
    expect(warnings).toEqual([]);
    expect(clock.sleepers).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(getEventListeners(other, 'abort')).toEqual([]);
  });
});
