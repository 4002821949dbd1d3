import { describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import { failure } from '../support/engine.js';
import { atWork, END } from './at-work.js';
import {
  during,
  endsOf,
  expectConvergence,
  failRequests,
  qoverySite,
  requestsOf,
  someSecrets,
} from './sites.js';

describe('Qovery', () => {
  it('400 on key 3 of 10: nine are applied, one has failed, deletions are withheld', async () => {
    const site = await during(qoverySite());
    const source = memorySource({ OLD: 'old' });
    const { engine } = site.engine({ source });
    const definition = site.definition();
    await engine.sync(definition);
    source.delete('OLD');
    for (const [key, value] of Object.entries(someSecrets(10))) source.set(key, value);
    site.emulator.setIntercept(({ text, method }) =>
      method === 'POST' && text.includes('"K3"') ? { status: 400 } : undefined,
    );
    const error = await failure(engine.sync(definition), 'SYNC_FAILED');
    expect(error.result.summary).toMatchObject({ applied: 9, failed: 1, withheld: 1 });
    expect(endsOf(error.result).filter((end) => !end.endsWith('applied'))).toEqual([
      'K3 failed',
      'OLD withheld',
    ]);
    expect(error.message).toContain('"K3"');
    expect(site.values().has('OLD')).toBe(true);
    await expectConvergence(site, engine, definition, someSecrets(10));
  });

  it('POST committed, answer lost: one entry at the end, outcome applied', async () => {
    const { site, engine, definition } = await atWork(qoverySite());
    let left = 1;
    site.emulator.setIntercept(({ method }) => (method === 'POST' && left-- > 0 ? 'reset-after' : undefined));
    expect(endsOf(await engine.sync(definition))).toContain('NEW applied');
    expect(site.emulator.findAll('NEW')).toHaveLength(1);
  });

  it.each(['404', '403', '400-exist'] as const)(
    'DELETE committed, answer lost, retried and answered as missing (%s): applied',
    async (missing) => {
      const { site, engine, definition } = await atWork(qoverySite({ missing }));
      failRequests(site, 'delete', 'reset-after');
      expect(endsOf(await engine.sync(definition))).toContain('GONE applied');
      expect(requestsOf(site, 'delete').map(({ status }) => status)).toEqual([
        undefined,
        Number(missing.slice(0, 3)),
      ]);
    },
  );

  it.each(['404', '403', '400-exist'] as const)(
    'PUT answers %s and the entry cannot be made again either: failed, never silent',
    async (missing) => {
      const { site, engine, definition } = await atWork(qoverySite({ missing }));
      site.emulator.setIntercept((request) => {
        if (request.method === 'PUT') site.drop('CHANGED');
        return request.method === 'POST' && request.text.includes('"CHANGED"') ? { status: 400 } : undefined;
      });
      const { result } = await failure(engine.sync(definition), 'SYNC_FAILED');
      expect(endsOf(result)).toEqual(['CHANGED failed', 'GONE withheld', 'NEW applied']);
      await expectConvergence(site, engine, definition, END);
    },
  );
});
