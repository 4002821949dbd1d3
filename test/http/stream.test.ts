import { describe, expect, it, vi } from 'vitest';
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

  it('gets nothing of a response that is no success', async () => {
    const stream = vi.fn();
    const refused = client(() => new Response('hunter2', { status: 403 })).request({ ...request, stream });
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(stream).not.toHaveBeenCalled();
  });
});
