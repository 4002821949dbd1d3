import { Agent, get } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { startQoveryEmulator, type QoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import type { Fault } from '../../../src/testing/emulators/server/types.js';
import { eventually } from '../../support/eventually.js';
import { leakWarnings } from '../../support/complaints/leak-warnings.js';

let emulator: QoveryEmulator;
let parentId: string;
afterEach(() => emulator.close());

async function start(fault?: Fault): Promise<void> {
  emulator = await startQoveryEmulator({ intercept: () => fault });
  const organization = emulator.addOrganization({ name: 'Acme' });
  parentId = emulator.addProject({ name: 'Shop', organizationId: organization.id }).id;
}

function create(signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${emulator.url}/variable`, {
    method: 'POST',
    headers: { authorization: `Token ${emulator.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      key: 'KEY',
      value: 'canary',
      is_secret: true,
      variable_scope: 'PROJECT',
      variable_parent_id: parentId,
    }),
    signal,
  });
}

const written = () => emulator.find('KEY') !== undefined;

describe('faults', () => {
  it('resets the connection before the request is carried out', async () => {
    await start('reset-before');
    await expect(create()).rejects.toThrow();
    expect(written()).toBe(false);
    expect(emulator.requests).toMatchObject([{ operation: 'POST /variable', fault: 'reset-before' }]);
    expect(emulator.requests[0]?.status).toBeUndefined();
  });

  it('resets the connection after the request was carried out', async () => {
    await start('reset-after');
    await expect(create()).rejects.toThrow();
    expect(written()).toBe(true);
  });

  it.each([
    ['hang-before', false],
    ['hang-after', true],
  ] as const)('%s: answers nothing until the client gives up', async (fault, acted) => {
    await start(fault);
    const client = new AbortController();
    const answer = create(client.signal);
    await eventually(() => expect(emulator.requests).toHaveLength(1));
    await eventually(() => expect(written()).toBe(acted));
    client.abort(new Error('gave up'));
    await expect(answer).rejects.toThrow('gave up');
    expect(written()).toBe(acted);
  });

  it.each([
    ['html-before', false],
    ['html-after', true],
  ] as const)('%s: answers 200 with a page of HTML', async (fault, acted) => {
    await start(fault);
    const response = await create();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).not.toContain('canary');
    expect(written()).toBe(acted);
  });

  it('shows the request on the page of HTML when it echoes', async () => {
    await start('html-before');
    emulator.configure({ echo: true });
    expect(await (await create()).text()).toContain('canary');
  });

  it('truncates the JSON of a complete answer', async () => {
    await start('truncate');
    const response = await create();
    expect(response.status).toBe(201);
    const text = await response.text();
    expect(text).toMatch(/^\{"id"/);
    expect(() => JSON.parse(text) as unknown).toThrow();
    expect(written()).toBe(true);
  });

  it('cuts the connection in the middle of the body', async () => {
    await start('cut');
    await expect(create().then((response) => response.text())).rejects.toThrow();
    expect(written()).toBe(true);
    expect(emulator.requests[0]?.status).toBe(201);
  });

  it('answers any status, headers and body in place of the real ones', async () => {
    await start({ status: 429, headers: { 'retry-after': '7' }, body: { why: ['slow', 1] } });
    const response = await create();
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(await response.json()).toEqual({ why: ['slow', 1] });
    expect(written()).toBe(false);
  });

  it('can carry a request out and then answer something else', async () => {
    await start({ act: true, status: 502 });
    const response = await create();
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ status: 502 });
    expect(written()).toBe(true);
  });

  it('can send text as it stands', async () => {
    await start({ body: '{"id":', headers: { 'content-type': 'application/json' } });
    const response = await create();
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.text()).toBe('{"id":');
  });

  it('delays and trickles the real answer', async () => {
    await start({ delay: 1, trickle: 1, headers: { 'x-slow': 'yes' } });
    const response = await create();
    expect(response.status).toBe(201);
    expect(response.headers.get('x-slow')).toBe('yes');
    expect(await response.json()).toMatchObject({ key: 'KEY', value: null });
  });

  it('is chosen by a hook that sees the request, may wait, and can be replaced', async () => {
    await start();
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    emulator.setIntercept(async (request) => {
      await gate;
      return request.operation === 'POST /variable' ? { status: 500 } : undefined;
    });
    const both = [create(), create()];
    await eventually(() => expect(emulator.requests).toHaveLength(2));
    expect(emulator.peakInFlight).toBe(2);
    release();
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([500, 500]);
    emulator.setIntercept(undefined);
    expect((await create()).status).toBe(201);
  });

  it('does not lose an assertion that fails in a hook: the request gets 500, and close rejects', async () => {
    const failing = await startQoveryEmulator({
      intercept: () => {
        throw new Error('not what I expected');
      },
    });
    expect((await fetch(failing.url)).status).toBe(500);
    await expect(failing.close()).rejects.toThrow('not what I expected');
  });
});

describe('closing', () => {
  it('ends connections that are kept alive and requests that hang', async () => {
    await start();
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      get(emulator.url, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
    emulator.setIntercept(() => 'hang-before');
    const hanging = create();
    hanging.catch(() => undefined);
    await eventually(() => expect(emulator.requests).toHaveLength(2));
    await emulator.close();
    await emulator[Symbol.asyncDispose]();
    await expect(hanging).rejects.toThrow();
    await expect(fetch(emulator.url)).rejects.toThrow();
    agent.destroy();
  });

  it('makes Node warn of no leak, however many requests are delayed', async () => {
    const warnings = leakWarnings();
    await start({ delay: 3_600_000 });
    const delayed = Array.from({ length: 20 }, async () => create());
    const ends = Promise.allSettled(delayed);
    await eventually(() => expect(emulator.requests).toHaveLength(20));
    await emulator.close();
    expect((await ends).map(({ status }) => status)).toEqual(Array(20).fill('rejected'));
    expect(warnings).toEqual([]);
  });

  it('ends a delay', async () => {
    await start({ delay: 3_600_000 });
    const delayed = create();
    delayed.catch(() => undefined);
    await eventually(() => expect(emulator.requests).toHaveLength(1));
    await emulator.close();
    await expect(delayed).rejects.toThrow();
  });
});
