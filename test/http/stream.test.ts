import { describe, expect, it, vi } from 'vitest';
import type { FetchBody } from '../../src/contracts/http.js';
import { createHttpClient } from '../../src/http/client.js';
import { createVirtualClock } from '../support/virtual-clock.js';

const client = (response: () => Response, clock = createVirtualClock()) =>
  createHttpClient({
    endpoint: 'https://example.com',
    fetch: () => Promise.resolve(response()),
    clock,
    retry: { retries: 0 },
  });
const request = { operation: 'follow the events', method: 'POST', path: ['events'] } as const;

describe('a request that takes the body of the response as it comes', () => {
  it('gets it with its media type, and ends with the head of the response', async () => {
    const clock = createVirtualClock();
    let write = (_text: string): void => undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (write = (text) => controller.enqueue(new TextEncoder().encode(text))),
    });
    const headers = { 'content-type': 'Text/Event-Stream; charset=utf-8' };
    const { status, data } = await client(() => new Response(body, { headers }), clock).request({
      ...request,
      stream: (given, mediaType) => ({ reader: given.getReader(), mediaType }),
    });
    expect([status, data.mediaType]).toEqual([200, 'text/event-stream']);
    // Longer than any timeout: what comes later is the caller's.
    await clock.advance(1_000_000);
    expect(clock.sleepers).toBe(0);
    write('data: 1\n\n');
    expect(new TextDecoder().decode((await data.reader.read()).value)).toBe('data: 1\n\n');
    await data.reader.cancel();
  });

  it('gets a stream of this platform, whichever one the fetch has, which ends it with its own', async () => {
    const bytes = [new TextEncoder().encode('data: 1\n\n'), new TextEncoder().encode('data: 2\n\n')];
    const cancel = vi.fn(async () => undefined);
    const body: FetchBody = {
      getReader: () => ({
        read: async () => {
          const value = bytes.shift();
          return value === undefined ? { done: true } : { done: false, value };
        },
        cancel,
      }),
      cancel,
    };
    const foreign = createHttpClient({
      endpoint: 'https://example.com',
      fetch: async () => ({ ok: true, status: 200, headers: new Headers(), body }),
    });
    const stream = (given: ReadableStream<Uint8Array>) => given;
    const whole = await foreign.request({ ...request, stream });
    expect(whole.data).toBeInstanceOf(ReadableStream);
    expect(await new Response(whole.data).text()).toBe('data: 1\n\ndata: 2\n\n');
    const { data } = await foreign.request({ ...request, stream });
    await data.cancel();
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it('gets nothing of a response that is no success', async () => {
    const stream = vi.fn();
    const refused = client(() => new Response('hunter2', { status: 403 })).request({ ...request, stream });
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(stream).not.toHaveBeenCalled();
  });
});
