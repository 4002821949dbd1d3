import { describe, expect, it } from 'vitest';
import { guardDeletions } from '../../../src/core/deletion-guard.js';
import { compileKeySchema } from '../../../src/core/definition/key-schema.js';
import { resolveImport } from '../../../src/core/imports.js';
import { planSync } from '../../../src/core/plan-sync.js';
import { reconcile } from '../../../src/core/reconcile.js';
import { failure, subjectsOf } from '../../support/engine.js';

const keySchema = compileKeySchema('APP_{{secretKey}}');
const destination = { APP_A: '1', APP_B: '2' };
const { changes } = reconcile({ syncId: 'nightly', desired: {}, destination, keySchema });
const guarding = { syncId: 'nightly', changes, destination, keySchema, source: { empty: false } };

/** As JavaScript would, where no compiler looks at the input. */
const guard = (wrong: object) => guardDeletions({ ...guarding, ...wrong } satisfies object);

describe('a guard of deletions is left out by no input that is wrong:', () => {
  it.each<[string, object]>([
    ['options.allowEmptySource', { options: { allowEmptySource: 'false' }, source: { empty: true } }],
    ['options.disableSecretDeletions', { options: { disableSecretDeletions: true } }],
    ['options.deletionScope', { options: { deletionScope: 'own' } }],
    ['options.maxDeletions', { options: { maxDeletions: { count: 'many' } } }],
    ['options.maxDeletions', { options: { maxDeletions: { counts: 1 } } }],
    ['options.maxDeletions', { options: { maxDeletions: 1 } }],
    ['source.partial', { source: { partial: 'yes' } }],
    ['source.partal', { source: { partal: true } }],
    ['source', { source: new Map([['partial', true]]) }],
    ['sourc', { sourc: { partial: true } }],
    ['state', { state: { entries: [null] } }],
    ['changes', { changes: [{ action: 'delete' }] }],
    ['confirmDeletion', { confirmDeletion: 2 }],
  ])('%s of %j', async (path, wrong) => {
    expect(subjectsOf(await failure(() => guard(wrong), 'INVALID_OPTION'))).toEqual([path]);
  });
});

describe('the pure functions', () => {
  it('name every option that is wrong or unknown together', async () => {
    const wrong = { options: { force: 'no', invalidKeys: 'drop', forced: true }, unreadble: ['A'] };
    const input = { syncId: 'nightly', desired: {}, destination, ...wrong };
    const error = await failure(() => reconcile(input as never), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual([
      'options.force',
      'options.forced',
      'options.invalidKeys',
      'unreadble',
    ]);
  });

  it('take the fields of each other, which a caller can share', () => {
    const shared = {
      ...guarding,
      options: { force: true, allowReplace: false },
      unreadable: [],
      desired: {},
    };
    expect(guardDeletions(shared).changes).toEqual(changes);
    expect(reconcile(shared).changes).toEqual(changes);
    expect(resolveImport({ ...shared, source: {}, behavior: 'overwrite-destination' }).imports).toEqual([]);
  });

  it('take no promise that nobody awaited for an empty source or destination', async () => {
    const nothing = Promise.resolve({});
    const input = { definition: { name: 'nightly' }, source: nothing, destination: nothing };
    const error = await failure(() => planSync(input as never), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['destination', 'source']);
  });

  it('name the list of a state that holds something else', async () => {
    const state = { syncs: ['nightly'], entries: [{ key: 'A' }], redeployDue: [1] };
    const input = { definition: { name: 'nightly' }, source: {}, destination: {}, state };
    const error = await failure(() => planSync(input as never), 'INVALID_OPTION');
    expect(subjectsOf(error)).toEqual(['state.entries', 'state.redeployDue', 'state.syncs']);
  });

  it('compile a key schema whose options are null, as without options', () => {
    expect(compileKeySchema('APP_{{secretKey}}', null as never).render('A')).toBe('APP_A');
  });
});
