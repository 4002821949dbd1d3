import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { errorOf, EVENTS, LIST, LOGIN, place, setUp } from './support.js';
import { eventually } from '../../support/eventually.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import type { InfisicalOptions } from '../../../src/sources/infisical/index.js';
import type { InfisicalEmulatorOptions } from '../../../src/testing/emulators/infisical/index.js';

/** A watch, ended with the test, over a clock that moves only when it is told. */
async function watching(emulatorOptions: InfisicalEmulatorOptions, options: Partial<InfisicalOptions> = {}) {
  const clock = createVirtualClock();
  const { emulator, source, operations } = await setUp(
    { clock, fetch: (input, init) => globalThis.fetch(input, init), ...options },
    { now: () => clock.now(), ...emulatorOptions },
  );
  emulator.addSecret(place, { key: 'A', value: '1' });
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const onChange = vi.fn();
  const start = () => source.watch({}, onChange, { signal: controller.signal });
  /** Waits for the real server, until nothing is under way but a sleep of so many ms. */
  const sleeping = (ms: number) =>
    eventually(() => expect([clock.slept.at(-1), clock.sleepers]).toEqual([ms, 1]));
  /** Lets the interval pass, until the folder was read once more and the next interval has begun. */
  const nextRead = async (interval: number) => {
    const begun = () => clock.slept.filter((ms) => ms === interval).length;
    const before = begun();
    await clock.advance(interval);
    await eventually(() => expect(begun()).toBe(before + 1));
  };
  return { clock, controller, emulator, nextRead, onChange, operations, sleeping, start };
}

describe('infisicalSource, when it watches without events', () => {
  it('reads the folder at every interval, and tells of what differs', async () => {
    const { emulator, nextRead, onChange, operations, start } = await watching({}, { pollInterval: 45_000 });
    await start();
    expect(operations()).toEqual([LOGIN, EVENTS, LIST]);
    await nextRead(45_000);
    expect(onChange).not.toHaveBeenCalled();
    const edits = [
      () => emulator.editSecret(place, { key: 'A', value: '2' }),
      () => emulator.addSecret(place, { key: 'B', value: '3' }),
      () => emulator.editSecret(place, { key: 'B', hidden: true }),
      () => emulator.deleteSecret(place, 'A'),
    ];
    for (const [index, edit] of edits.entries()) {
      edit();
      await nextRead(45_000);
      expect(onChange).toHaveBeenCalledTimes(index + 1);
    }
    await nextRead(45_000);
    expect(onChange).toHaveBeenCalledTimes(edits.length);
  });

  it('goes on after a read that failed', async () => {
    const { emulator, nextRead, onChange, operations, start } = await watching({}, { retry: { retries: 0 } });
    await start();
    emulator.setIntercept(({ operation }) => (operation === LIST ? { status: 500 } : undefined));
    emulator.editSecret(place, { key: 'A', value: '2' });
    await nextRead(60_000);
    expect(onChange).not.toHaveBeenCalled();
    emulator.setIntercept(undefined);
    await nextRead(60_000);
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(operations().filter((operation) => operation === EVENTS)).toHaveLength(1);
  });

  it('stops at the abort, and leaves no timer behind', async () => {
    const { clock, controller, operations, start } = await watching({});
    await start();
    controller.abort();
    await clock.advance(1_000_000);
    expect(clock.sleepers).toBe(0);
    expect(operations()).toEqual([LOGIN, EVENTS, LIST]);
    await start();
    expect(operations()).toHaveLength(3);
  });

  it('rejects when the folder cannot be read to begin with', async () => {
    const { start } = await watching({ access: 'none' });
    expect((await errorOf(start())).code).toBe('FORBIDDEN');
  });
});

describe('infisicalSource, when it watches events', () => {
  it('tells of each that is about the folder, without reading', async () => {
    const { emulator, onChange, operations, start } = await watching({ events: 'pushed' });
    const from = { ...place, secretPath: '/shared' };
    emulator.addFolder(from);
    emulator.addImport(place, from);
    await start();
    expect(operations()).toEqual([LOGIN, EVENTS, LIST]);
    expect(emulator.openStreams).toBe(1);
    expect(emulator.requests[1]).toMatchObject({
      headers: { accept: 'text/event-stream' },
      body: {
        projectId: place.projectId,
        register: [
          { event: 'secret:create', conditions: { environmentSlug: 'prod', secretPath: '/' } },
          { event: 'secret:update' },
          { event: 'secret:delete' },
          { event: 'secret:import-mutation' },
        ],
      },
    });
    emulator.sendToStreams(': heartbeat\n\nevent: ping\ndata: {"time":1}\n\n');
    const edits = [
      () => emulator.editSecret(place, { key: 'A', value: '2' }),
      () => emulator.addSecret(place, { key: 'B', value: '3' }),
      () => emulator.deleteSecret(place, 'A'),
      () => emulator.addSecret(from, { key: 'C', value: '4' }),
    ];
    for (const [index, edit] of edits.entries()) {
      edit();
      await eventually(() => expect(onChange).toHaveBeenCalledTimes(index + 1));
    }
    expect(operations()).toHaveLength(3);
  });

  it('understands an event that comes in pieces', async () => {
    const { emulator, onChange, start } = await watching({ events: 'pushed' });
    await start();
    for (const piece of ['data: {"data":{"eventType":"sec', 'ret:update","payload":[]}}', '\r\n\r\n'])
      emulator.sendToStreams(piece);
    await eventually(() => expect(onChange).toHaveBeenCalledTimes(1));
  });

  it('comes back after the stream has ended, and tells of what it may have missed', async () => {
    const { clock, emulator, onChange, operations, sleeping, start } = await watching({ events: 'pushed' });
    await start();
    emulator.endStreams();
    await sleeping(500);
    emulator.editSecret(place, { key: 'A', value: '2' });
    await clock.advance(1_000);
    await eventually(() => expect(onChange).toHaveBeenCalledTimes(1));
    expect(operations()).toEqual([LOGIN, EVENTS, LIST, EVENTS, LIST]);
    expect(emulator.openStreams).toBe(1);
    emulator.editSecret(place, { key: 'A', value: '3' });
    await eventually(() => expect(onChange).toHaveBeenCalledTimes(2));
  });

  /** A server whose streams say this and end at once, and how often they were asked for. */
  function cutting(text: string) {
    const asked = vi.fn();
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const isSubscription = typeof input === 'string' && input.endsWith('/subscribe/project-events');
      if (!isSubscription) return globalThis.fetch(input, init);
      asked();
      return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
    };
    return { asked, fetch };
  }

  it('asks less and less often for streams that end at once', async () => {
    const { asked, fetch } = cutting(': open\n\n');
    const timeout = 20_000;
    const { clock, onChange, operations, start } = await watching({ events: 'pushed' }, { fetch, timeout });
    const waited = () => clock.slept.filter((ms) => ms !== timeout && ms !== 300_000);
    await start();
    const waits = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    for (const [index, wait] of waits.entries()) {
      await eventually(() => expect(waited()).toEqual(waits.slice(0, index + 1)));
      await clock.advance(wait);
    }
    await eventually(() => expect(operations().filter((operation) => operation === LIST)).toHaveLength(9));
    expect(asked).toHaveBeenCalledTimes(9);
    expect(onChange).not.toHaveBeenCalled();
  });

  it('comes back soon to a stream that ends after an event, or after it was open for long', async () => {
    const { clock, emulator, onChange, operations, sleeping, start } = await watching({ events: 'pushed' });
    const shortWaits = () => clock.slept.filter((ms) => ms < 30_000);
    await start();
    const ends = [
      async () => {
        emulator.editSecret(place, { key: 'A', value: '2' });
        await eventually(() => expect(onChange).toHaveBeenCalled());
      },
      () => clock.advance(60_000),
      async () => undefined,
    ];
    const waits = [500, 500, 1_000];
    for (const [index, end] of ends.entries()) {
      await eventually(() => expect(emulator.openStreams).toBe(1));
      await sleeping(300_000);
      await end();
      emulator.endStreams();
      await eventually(() => expect(shortWaits()).toEqual(waits.slice(0, index + 1)));
      await clock.advance(waits[index] ?? 0);
      await eventually(() => expect(operations().filter((name) => name === LIST)).toHaveLength(index + 2));
    }
  });

  it('leaves no stream open when the folder cannot be read to begin with', async () => {
    const { clock, emulator, start } = await watching({ events: 'pushed' });
    emulator.setIntercept(({ operation }) => (operation === LIST ? { status: 403 } : undefined));
    expect((await errorOf(start())).code).toBe('FORBIDDEN');
    await eventually(() => expect(emulator.openStreams).toBe(0));
    expect(clock.sleepers).toBe(0);
  });

  it('ends the stream when it is aborted while it reads the folder for the first time', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { source, operations, emulator, clock } = await setUp({}, { events: 'pushed' });
    emulator.addSecret(place, { key: 'A', value: '1' });
    emulator.setIntercept(({ operation }) => {
      if (operation === LIST) queueMicrotask(() => controller.abort(reason));
      return undefined;
    });
    await expect(source.watch({}, () => undefined, { signal: controller.signal })).rejects.toBe(reason);
    await eventually(() => expect(emulator.openStreams).toBe(0));
    expect(operations()).toEqual([LOGIN, EVENTS, LIST]);
    expect(clock.sleepers).toBe(0);
  });

  it('takes a stream that says nothing for long for a dead one, and tells of nothing where nothing changed', async () => {
    const { clock, emulator, onChange, operations, start } = await watching({ events: 'pushed' });
    await start();
    await clock.advance(300_000);
    await clock.advance(1_000);
    await eventually(() => expect(operations()).toEqual([LOGIN, EVENTS, LIST, EVENTS, LIST]));
    await eventually(() => expect(emulator.openStreams).toBe(1));
    expect(onChange).not.toHaveBeenCalled();
  });

  it('falls back to reading when the events are refused later', async () => {
    const { clock, emulator, onChange, operations, sleeping, start } = await watching({ events: 'pushed' });
    await start();
    emulator.configure({ events: 'refused' });
    emulator.endStreams();
    await sleeping(500);
    await clock.advance(1_000);
    await sleeping(60_000);
    expect(operations()).toEqual([LOGIN, EVENTS, LIST, EVENTS, LIST]);
    emulator.editSecret(place, { key: 'A', value: '2' });
    await clock.advance(60_000);
    await eventually(() => expect(onChange).toHaveBeenCalledTimes(1));
    expect(operations().at(-1)).toBe(LIST);
  });

  it.each(['reset-before', { status: 503 }] as const)(
    'asks for the events again after %j, and reads meanwhile',
    async (fault) => {
      const { clock, emulator, onChange, operations, sleeping, start } = await watching(
        { events: 'pushed' },
        { retry: { retries: 0 } },
      );
      emulator.setIntercept(({ operation }) => (operation === EVENTS ? fault : undefined));
      await start();
      emulator.editSecret(place, { key: 'A', value: '2' });
      await clock.advance(1_000);
      await eventually(() => expect(onChange).toHaveBeenCalledTimes(1));
      expect(operations()).toEqual([LOGIN, EVENTS, LIST, EVENTS, LIST]);
      emulator.setIntercept(undefined);
      await sleeping(1_000);
      await clock.advance(2_000);
      await eventually(() => expect(emulator.openStreams).toBe(1));
    },
  );

  it('keeps to the pace that a 429 tells, as every other request, and subscribes then', async () => {
    const { clock, emulator, source, operations } = await setUp({}, { events: 'pushed' });
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    let refusals = 0;
    emulator.setIntercept(({ operation }) => {
      if (operation !== EVENTS || refusals++ > 0) return undefined;
      return { status: 429, body: { message: 'Please try again in 42 seconds' } };
    });
    const before = clock.now();
    await source.watch({}, () => undefined, { signal: controller.signal });
    expect(operations()).toEqual([LOGIN, EVENTS, EVENTS, LIST]);
    expect(clock.now() - before).toBeGreaterThanOrEqual(42_000);
    expect(emulator.openStreams).toBe(1);
  });

  it('follows no redirect, and takes what is no stream of events for a refusal', async () => {
    for (const answer of [
      new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
      new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    ]) {
      const asked: string[] = [];
      const fetch: typeof globalThis.fetch = async (input, init) => {
        const url = input instanceof Request ? input.url : String(input);
        if (!url.includes('/subscribe/')) return globalThis.fetch(input, init);
        asked.push(url);
        expect(init?.redirect).toBe('manual');
        return answer;
      };
      const { nextRead, operations, start } = await watching({}, { fetch });
      await start();
      await nextRead(60_000);
      expect(operations()).toEqual([LOGIN, LIST, LIST]);
      expect(asked).toHaveLength(1);
    }
  });

  it('logs in again when the token is refused', async () => {
    const { emulator, operations, start } = await watching({ events: 'pushed' });
    emulator.setIntercept(({ operation }) => {
      if (operation === EVENTS && emulator.tokens().length === 1) emulator.expireTokens();
      return undefined;
    });
    await start();
    expect(operations()).toEqual([LOGIN, EVENTS, LOGIN, EVENTS, LIST]);
    expect(emulator.openStreams).toBe(1);
  });

  it('gives up a subscription that is not answered in time', async () => {
    const { clock, emulator, operations, start } = await watching({ events: 'pushed' });
    emulator.setIntercept(({ operation }) => (operation === EVENTS ? 'hang-before' : undefined));
    const started = start();
    await eventually(() => expect(operations()).toEqual([LOGIN, EVENTS]));
    await clock.advance(30_000);
    await started;
    expect(operations()).toEqual([LOGIN, EVENTS, LIST]);
  });

  it('ends the stream at the abort', async () => {
    const { clock, controller, emulator, start } = await watching({ events: 'pushed' });
    await start();
    controller.abort();
    await eventually(() => expect(emulator.openStreams).toBe(0));
    await clock.advance(1_000_000);
    expect(clock.sleepers).toBe(0);
  });
});
