import { describe, expect, it } from 'vitest';
import type { HttpErrorResponse } from '../../src/contracts/http.js';
import { createHttpClient } from '../../src/http/client.js';
import { createVirtualClock } from '../support/virtual-clock.js';
import { answer, startTestServer } from './test-server.js';
import { readToldTime } from '../../src/http/pacing/told-times.js';

/** Asks a server that refuses the first request with 429, and answers how long the client slept before the second. */
async function waitFor(
  retryAfter: (refusal: HttpErrorResponse) => number | undefined,
  headers: Record<string, string> = {},
) {
  const { url, seen } = await startTestServer((response, _request, index) =>
    index === 0
      ? answer(response, 429, '{"message":"Please try again in 42 seconds"}', headers)
      : answer(response, 200, '{}'),
  );
  const clock = createVirtualClock({ auto: true });
  const fetch = clock.track((input, init) => globalThis.fetch(input, init));
  const client = createHttpClient({
    endpoint: url,
    allowPrivateNetwork: true,
    clock,
    fetch,
    random: () => 0.5,
  });
  const began = clock.now();
  await client.request({ operation: 'list the things', method: 'GET', retryAfter });
  expect(seen).toHaveLength(2);
  return clock.now() - began;
}

describe('a wait that stands in the body of a refusal', () => {
  it('is heeded', async () => {
    expect(await waitFor(() => 42_000)).toBe(42_000);
  });

  it('is read from the status and the parsed body', async () => {
    const refusals: HttpErrorResponse[] = [];
    await waitFor((refusal) => {
      refusals.push(refusal);
      return undefined;
    });
    expect(refusals).toEqual([{ status: 429, body: { message: 'Please try again in 42 seconds' } }]);
  });

  it('gives way to a later one in the headers, and not to an earlier one', async () => {
    expect(await waitFor(() => 42_000, { 'retry-after': '50' })).toBe(50_000);
    expect(await waitFor(() => 42_000, { 'retry-after': '9' })).toBe(42_000);
  });

  it.each([undefined, 0, -5, NaN])('is none when it is %s: the backoff is', async (wait) => {
    expect(await waitFor(() => wait)).toBe(250);
  });

  it('is none when reading it throws', async () => {
    const broken = () => {
      throw new Error('quotes the body');
    };
    expect(await waitFor(broken)).toBe(250);
  });

  it('is held within what a date can be', () => {
    expect(readToldTime(new Headers(), 5, Infinity)).toBe(8.64e15);
  });
});
