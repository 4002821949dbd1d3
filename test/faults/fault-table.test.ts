import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/testing/emulators/server/types.js';
import { changesOf, failure } from '../support/engine.js';
import { atWork, END } from './at-work.js';
import {
  DEFAULT_RETRY,
  endsOf,
  expectConvergence,
  expectSettled,
  failAll,
  failRequests,
  requestsOf,
  resultOf,
  SITES,
} from './sites.js';

describe.each(SITES)('%s', (name, open) => {
  describe('503 for ever', () => {
    it('to reads: the run stops at the bound with an error that can be retried, and writes nothing', async () => {
      const { site, engine, definition } = await atWork(open());
      failAll(site, 'read', { status: 503 });
      const error = await failure(engine.sync(definition), 'DESTINATION_UNAVAILABLE');
      expect(error).toMatchObject({ retryable: true, status: 503 });
      expect(site.emulator.requests).toHaveLength(1 + DEFAULT_RETRY.retries);
      await expectConvergence(site, engine, definition, END);
    });

    it('to writes: it stops at the bound, the key has failed and can be retried', async () => {
      const { site, engine, definition } = await atWork(open());
      failAll(site, 'upsert', { status: 503 });
      const { result, retryable } = await failure(engine.sync(definition), 'SYNC_FAILED');
      expect(retryable).toBe(true);
      expect(endsOf(result)).toEqual(['CHANGED failed', 'GONE withheld', 'NEW failed']);
      expect(result.outcomes[0]?.error).toMatchObject({ code: 'DESTINATION_UNAVAILABLE', retryable: true });
      const tries = name === 'Qovery' ? 2 : 1;
      expect(requestsOf(site, 'upsert')).toHaveLength(tries * (1 + DEFAULT_RETRY.retries));
      expect(requestsOf(site, 'delete')).toEqual([]);
      await expectConvergence(site, engine, definition, END);
    });
  });

  it.each(['read', 'upsert', 'delete'] as const)(
    'resets the connection before it acted on the first %s: it is retried, and applied',
    async (phase) => {
      const { site, engine, definition } = await atWork(open());
      failRequests(site, phase, 'reset-before');
      const result = await engine.sync(definition);
      expect(endsOf(result)).toEqual(['CHANGED applied', 'GONE applied', 'NEW applied']);
      expect(Object.fromEntries(site.values())).toEqual(END);
      await expectSettled(site, engine, definition, END);
    },
  );

  it.each<[string, Fault]>([
    ['200 with errors', { body: { errors: [{ message: 'no', extensions: { code: 'no' } }] } }],
    ['200 with errors beside data', { body: { errors: [{ message: 'no' }], data: {}, results: null } }],
    ['200 with HTML', 'html-before'],
    ['truncated JSON', 'truncate'],
    ['the wrong shape', { body: { data: { getTenantEnv: { hash: 7 } }, results: [{ id: 7 }] } }],
    ['nothing at all', { body: '' }],
    ['a list', { body: [] }],
    ['null', { body: 'null' }],
  ])('reads answered with %s: failure, no write', async (_title, fault) => {
    const { site, engine, definition } = await atWork(open());
    const before = site.values();
    failAll(site, 'read', fault);
    const error: unknown = await engine.sync(definition).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(INVALID_RESPONSE|DESTINATION_REJECTED)$/) as unknown,
    });
    expect(requestsOf(site, 'upsert', 'delete')).toEqual([]);
    expect(site.values()).toEqual(before);
    await expectConvergence(site, engine, definition, END);
  });

  it.each<[string, Fault]>([
    ['200 with errors', { body: { errors: [{ message: 'no', extensions: { code: 'no' } }] } }],
    ['200 with HTML', 'html-before'],
    ['the wrong shape', { act: false, body: { data: {} } }],
  ])(
    'writes that were not carried out, answered with %s: failure, and no deletion',
    async (_title, fault) => {
      const { site, engine, definition } = await atWork(open());
      const before = site.values();
      failAll(site, 'upsert', fault);
      const result = await resultOf(engine.sync(definition));
      expect(result.outcomes.map(({ key }) => key)).toEqual(['CHANGED', 'GONE', 'NEW']);
      expect(endsOf(result)).toContain('GONE withheld');
      expect(endsOf(result).filter((end) => end.endsWith('applied'))).toEqual([]);
      expect(requestsOf(site, 'delete')).toEqual([]);
      expect(site.values()).toEqual(before);
      await expectConvergence(site, engine, definition, END);
    },
  );

  it('401 to a read: an error that names the credentials, no second attempt, no write', async () => {
    const { site, engine, definition } = await atWork(open());
    failAll(site, 'read', { status: 401 });
    expect((await failure(engine.sync(definition), 'UNAUTHORIZED')).message).toContain('token');
    expect(site.emulator.requests).toHaveLength(1);
  });

  it('401 in the middle: all stops, the rest is withheld, what was done is remembered', async () => {
    const { site, engine, definition } = await atWork(open());
    // One write passes: of Hasura Cloud that of all upserts, of Qovery that of the key that is there.
    site.emulator.setIntercept((request) => {
      const isRefused = name === 'Qovery' ? request.method === 'POST' : site.phaseOf(request) === 'delete';
      return isRefused ? { status: 401 } : undefined;
    });
    const { result } = await failure(engine.sync(definition), 'SYNC_FAILED');
    const ends =
      name === 'Qovery'
        ? ['CHANGED applied', 'GONE withheld', 'NEW failed']
        : ['CHANGED applied', 'GONE failed', 'NEW applied'];
    expect(endsOf(result)).toEqual(ends);
    expect(result.outcomes.find(({ status }) => status === 'failed')?.error).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
    });
    expect(site.emulator.requests.map((request) => site.phaseOf(request))).toEqual(
      name === 'Qovery' ? ['read', 'upsert', 'upsert'] : ['read', 'upsert', 'delete'],
    );
    site.emulator.setIntercept(undefined);
    const plan = await engine.plan(definition);
    expect(plan.changes.find(({ key }) => key === 'CHANGED')?.action).toBe('unchanged');
    await expectConvergence(site, engine, definition, END);
  });

  it.each<[string, Fault]>([
    ['is refused', { status: 400 }],
    ['is answered with HTML', 'html-before'],
    ['meets a server that is down', { status: 503 }],
  ])(
    'upserts are applied and the deletion %s: failed, and the upserts are reported and recorded',
    async (_title, fault) => {
      const { site, engine, definition } = await atWork(open());
      failAll(site, 'delete', fault);
      const error = await failure(engine.sync(definition), 'SYNC_FAILED');
      expect(endsOf(error.result)).toEqual(['CHANGED applied', 'GONE failed', 'NEW applied']);
      expect(error.message).toContain('"GONE"');
      expect(Object.fromEntries(site.values())).toEqual({ ...END, GONE: 'gone' });
      site.emulator.setIntercept(undefined);
      expect(changesOf(await engine.plan(definition)).filter((line) => !/unchanged|keep/.test(line))).toEqual(
        [expect.stringMatching(/^GONE .*delete, absent-from-source$/)],
      );
      await expectConvergence(site, engine, definition, END);
    },
  );

  it('an entry to be updated is deleted by somebody else: it is created again, never silently lost', async () => {
    const { site, engine, definition } = await atWork(open());
    let isDone = false;
    site.emulator.setIntercept((request) => {
      if (site.phaseOf(request) === 'read' || isDone) return undefined;
      isDone = true;
      site.drop('CHANGED');
      return undefined;
    });
    expect(endsOf(await engine.sync(definition))).toContain('CHANGED applied');
    expect(Object.fromEntries(site.values())).toEqual(END);
    await expectSettled(site, engine, definition, END);
  });

  it('an entry to be deleted is deleted by somebody else: the deletion is applied', async () => {
    const { site, engine, definition } = await atWork(open());
    site.emulator.setIntercept((request) => {
      if (site.phaseOf(request) === 'delete') site.drop('GONE');
      return undefined;
    });
    await engine.sync(definition);
    expect(Object.fromEntries(site.values())).toEqual(END);
    await expectSettled(site, engine, definition, END);
  });

  it.each([500, 502, 504])(
    '%i to writes for ever: nothing is taken for written, and a rerun converges',
    async (status) => {
      const { site, engine, definition } = await atWork(open());
      failAll(site, 'upsert', { status });
      const result = await resultOf(engine.sync(definition));
      expect(endsOf(result).filter((end) => end.endsWith('applied'))).toEqual([]);
      expect(requestsOf(site, 'delete')).toEqual([]);
      await expectConvergence(site, engine, definition, END);
    },
  );

  it.each(['read', 'upsert', 'delete'] as const)(
    'a redirect of a %s is not followed, and is an error',
    async (phase) => {
      const { site, engine, definition } = await atWork(open());
      failAll(site, phase, { status: 307, headers: { location: `${site.emulator.url}/elsewhere` } });
      await expect(engine.sync(definition)).rejects.toMatchObject({ name: 'SecretSyncError' });
      expect(site.emulator.requests.filter(({ path }) => path.endsWith('/elsewhere'))).toEqual([]);
      await expectConvergence(site, engine, definition, END);
    },
  );

  it.each(['before', 'after'] as const)(
    'a write that hangs (%s it is carried out) ends by the timeout of its request, and is settled',
    async (moment) => {
      const { site, engine, definition } = await atWork(open());
      let left = 1;
      site.emulator.setIntercept((request) => {
        if (site.phaseOf(request) !== 'upsert' || left-- <= 0) return undefined;
        // While a request is under way, time moves only when it is told.
        void site.clock.advance(30_000);
        return `hang-${moment}`;
      });
      expect(endsOf(await engine.sync(definition))).toEqual([
        'CHANGED applied',
        'GONE applied',
        'NEW applied',
      ]);
      await expectSettled(site, engine, definition, END);
    },
  );
});
