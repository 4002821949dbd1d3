import { describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { changesOf, createEngine, failure, memoryDefinition } from '../../support/engine.js';
import { secret, twoKinds, variable } from '../../support/two-kinds.js';

describe('the removal table', () => {
  /** Two keys of ours, one adopted, one of another sync, one of nobody. */
  async function written() {
    const destination = twoKinds();
    const store = memoryStore();
    destination.set('ADOPTED', '0', { kind: 'variable' });
    destination.set('NOBODY', '0', { kind: 'variable' });
    const at = (secrets: Record<string, string>) =>
      createEngine({ source: memorySource(secrets), drivers: [destination], store }).engine;
    const mine = variable({ deletionScope: 'owned', disableSecretDeletion: true });
    await at({ THEIRS: 'x' }).sync(variable({ deletionScope: 'owned' }, { name: 'other' }));
    await at({ A: '1', B: '2', ADOPTED: '0' }).sync(mine);
    return { destination, store, at, mine };
  }

  it('deletes what this sync wrote or adopted, whatever disableSecretDeletion says, and forgets it', async () => {
    const { destination, at, mine } = await written();
    const engine = at({});
    const plan = await engine.plan(mine, { operation: 'remove' });
    expect(changesOf(plan)).toEqual([
      'A (variable) delete, written-by-this-sync',
      'ADOPTED (variable) delete, written-by-this-sync',
      'B (variable) delete, written-by-this-sync',
    ]);
    const result = await engine.apply(plan);
    expect(result.summary.applied).toBe(3);
    expect(
      destination
        .entries()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['NOBODY', 'THEIRS']);
    const again = await engine.plan(mine);
    expect(again.isInitialSync).toBe(true);
  });

  it('deletes both kinds, where the sync wrote both', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    const at = (secrets: Record<string, string>) =>
      createEngine({ source: memorySource(secrets), drivers: [destination], store }).engine;
    await at({ A: '1', K: '1' }).sync(secret());
    await at({ B: '1' }).sync(variable({ disableSecretDeletion: true }));
    destination.set('K', 'also', { kind: 'variable' });
    await at({ B: '1', K: 'also' }).sync(variable({ disableSecretDeletion: true }));
    expect(destination.entries()).toHaveLength(4);
    const result = await at({}).removeSecrets(variable());
    expect(result.outcomes.map(({ key, kind }) => `${key} ${kind}`)).toEqual([
      'A secret',
      'B variable',
      'K secret',
      'K variable',
    ]);
    expect(destination.entries()).toEqual([]);
  });

  it('keeps what is reserved, fixed, taken over by another sync, or has dependents', async () => {
    const { destination, at, mine } = await written();
    await at({ A: 'taken over', THEIRS: 'x' }).sync(variable({ deletionScope: 'owned' }, { name: 'other' }));
    destination.set('B', '2', { kind: 'variable', hasDependents: true });
    destination.set('ADOPTED', '0', { kind: 'variable', reserved: true });
    const { plan } = await at({}).removeSecrets(mine);
    expect(changesOf(plan)).toEqual([
      'A (variable) keep, owned-by-other-sync',
      'ADOPTED (variable) keep, reserved',
      'B (variable) keep, has-dependents',
    ]);
    expect(plan.warnings.map(({ code }) => code)).toContain('KEYS_REMAIN');
    expect(destination.entries()).toHaveLength(5);
  });

  it('keeps what somebody recreated since', async () => {
    const { destination, at, mine } = await written();
    destination.delete('A', { kind: 'variable' });
    destination.set('A', 'by hand', { kind: 'variable' });
    const { plan } = await at({}).removeSecrets(mine);
    expect(changesOf(plan)).toContain('A (variable) keep, not-owned');
    expect(destination.get('A', { kind: 'variable' })).toBe('by hand');
  });

  it('where nothing is remembered: the rendered source keys, and that must be confirmed', async () => {
    const destination = memoryDestination();
    for (const key of ['APP_A', 'APP_B', 'APP_OTHER', 'A']) destination.set(key, '0');
    const { engine } = createEngine({
      source: memorySource({ A: '1', B: '2', C: '3' }),
      drivers: [destination],
    });
    const definition = memoryDefinition({ syncOptions: { keySchema: 'APP_{{secretKey}}' } });
    const error = await failure(engine.removeSecrets(definition), 'DELETION_REFUSED');
    expect(changesOf(error.plan)).toEqual([
      'APP_A delete, rendered-from-source',
      'APP_B delete, rendered-from-source',
    ]);
    expect(error.plan.problems.map(({ reason }) => reason)).toEqual(['nothing-remembered']);
    await failure(engine.removeSecrets(definition, { confirmDeletions: 1 }), 'DELETION_REFUSED');
    expect(destination.values().size).toBe(4);
    await engine.removeSecrets(definition, { confirmDeletions: 2 });
    expect([...destination.values().keys()]).toEqual(['APP_OTHER', 'A']);
  });

  it('does not read the source where something is remembered', async () => {
    const { destination, store, mine } = await written();
    const { engine } = createEngine({
      source: {
        name: 'gone',
        read() {
          throw new Error('the source is gone');
        },
      },
      drivers: [destination],
      store,
    });
    expect((await engine.removeSecrets(mine)).summary.applied).toBe(3);
  });

  it('goes on after a failure: what was not deleted is remembered, and deleted by the next one', async () => {
    const { destination, at, mine } = await written();
    destination.failNext('rejected', { key: 'B' });
    const error = await failure(at({}).removeSecrets(mine), 'SYNC_FAILED');
    expect(error.result.outcomes.map(({ key, status }) => `${key} ${status}`)).toEqual([
      'A applied',
      'ADOPTED applied',
      'B failed',
    ]);
    expect((await at({}).removeSecrets(mine)).outcomes.map(({ key }) => key)).toEqual(['B']);
  });
});
