import { describe, expect, it } from 'vitest';
import { failure } from '../support/engine.js';
import { atWork, END } from './at-work.js';
import { endsOf, expectConvergence, hasuraSite, requestsOf } from './sites.js';

describe('Hasura Cloud', () => {
  const conflicts = (events: readonly { readonly type: string }[]) =>
    events.filter(({ type }) => type === 'conflict');

  it.each(['generic', 'nested-json', 'code', 'null'] as const)(
    'the hash conflicts once (answered by %s): it is planned again, once, and applied',
    async (staleHash) => {
      const { site, engine, events, definition } = await atWork(hasuraSite({ staleHash }));
      let left = 1;
      site.emulator.setIntercept((request) => {
        if (site.phaseOf(request) === 'upsert' && left-- > 0) site.edit('BY_HAND', 'stays');
        return undefined;
      });
      // What somebody else added is not this sync's to delete, which its key schema keeps it from asking about.
      const careful = { ...definition, syncOptions: { deletionScope: 'owned' as const } };
      expect(endsOf(await engine.sync(careful))).toEqual(['CHANGED applied', 'GONE applied', 'NEW applied']);
      expect(conflicts(events)).toHaveLength(1);
      expect(events.filter(({ type }) => type === 'planned')).toHaveLength(2);
      expect(Object.fromEntries(site.values())).toEqual({ ...END, BY_HAND: 'stays' });
    },
  );

  it('the hash conflicts, and the new decision is another: the old one is never sent again', async () => {
    const { site, engine, definition } = await atWork(hasuraSite());
    let left = 1;
    site.emulator.setIntercept((request) => {
      if (site.phaseOf(request) === 'upsert' && left-- > 0) site.edit('CHANGED', 'new');
      return undefined;
    });
    await engine.sync(definition);
    const sent = requestsOf(site, 'upsert').map(({ text }) => text.includes('"CHANGED"'));
    expect(sent).toEqual([true, false]);
    await expectConvergence(site, engine, definition, END);
  });

  it('the hash conflicts for ever: a bounded conflict error, and nothing is written', async () => {
    const { site, engine, events, definition } = await atWork(hasuraSite());
    site.emulator.configure({ hashRotation: 'before-mutations' });
    const before = site.values();
    const error = await failure(engine.sync(definition), 'CONFLICT');
    expect(error.retryable).toBe(true);
    expect(conflicts(events).length).toBeLessThan(5);
    expect(requestsOf(site, 'upsert').length).toBeLessThanOrEqual(5);
    expect(site.values()).toEqual(before);
    site.emulator.configure({ hashRotation: 'never' });
    await expectConvergence(site, engine, definition, END);
  });

  it('the hash conflicts between upserts and deletions: the deletions are decided again', async () => {
    const { site, engine, events, definition } = await atWork(hasuraSite());
    let left = 1;
    site.emulator.setIntercept((request) => {
      if (site.phaseOf(request) === 'delete' && left-- > 0) site.emulator.rotateHash(site.projectId);
      return undefined;
    });
    expect(endsOf(await engine.sync(definition))).toEqual(['CHANGED applied', 'GONE applied', 'NEW applied']);
    expect(conflicts(events)).toHaveLength(1);
    await expectConvergence(site, engine, definition, END);
  });

  it('the hash conflicts before the deletions, for ever: the deletions have failed, the upserts stand', async () => {
    const { site, engine, definition } = await atWork(hasuraSite());
    site.emulator.setIntercept((request) => {
      if (site.phaseOf(request) === 'delete') site.emulator.rotateHash(site.projectId);
      return undefined;
    });
    const { result } = await failure(engine.sync(definition), 'SYNC_FAILED');
    expect(endsOf(result)).toEqual(['CHANGED applied', 'GONE failed', 'NEW applied']);
    expect(requestsOf(site, 'delete').length).toBeLessThanOrEqual(4);
    await expectConvergence(site, engine, definition, END);
  });

  it('maintenance mode: failed, and its sentence says where to look', async () => {
    const { site, engine, definition } = await atWork(hasuraSite());
    site.emulator.configure({ maintenance: true });
    const error = await failure(engine.sync(definition), 'SYNC_FAILED');
    expect(error.message).toContain('maintenance mode');
    expect(requestsOf(site, 'upsert')).toHaveLength(1);
    site.emulator.configure({ maintenance: false });
    await expectConvergence(site, engine, definition, END);
  });
});
