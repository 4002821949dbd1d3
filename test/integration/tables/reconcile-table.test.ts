import { describe, expect, it } from 'vitest';
import type { FixedReason } from '../../../src/contracts/destination.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { changesOf, createEngine, failure, memoryDefinition, warningsOf } from '../../support/engine.js';
import { secret, twoKinds, variable } from '../../support/two-kinds.js';

describe('the reconcile table', () => {
  /** Plans, applies, and shows the line of one key with the warnings about it. */
  async function decide(
    source: Record<string, string>,
    destination: ReturnType<typeof twoKinds>,
    definition = secret(),
    store = memoryStore(),
    options = {},
  ) {
    const { engine } = createEngine({ source: memorySource(source), drivers: [destination], store });
    const plan = await engine.plan(definition, options);
    const result = await engine.sync(definition, options);
    expect(changesOf(result.plan)).toEqual(changesOf(plan));
    return { lines: changesOf(plan), warnings: warningsOf(plan), result };
  }

  it('absent: create, missing', async () => {
    const destination = twoKinds();
    expect((await decide({ K: '1' }, destination)).lines).toEqual(['K (secret) create, missing']);
    expect(destination.get('K')).toBe('1');
  });

  it('readable and equal: unchanged, value-equal, and adopted', async () => {
    const destination = twoKinds();
    destination.set('K', '1', { kind: 'variable' });
    const store = memoryStore();
    const { lines, result } = await decide({ K: '1' }, destination, variable(), store);
    expect(lines).toEqual(['K (variable) unchanged, value-equal']);
    expect(result.outcomes).toEqual([]);
    const { lines: later } = await decide(
      { X: '1' },
      destination,
      variable({ deletionScope: 'owned' }),
      store,
    );
    expect(later).toEqual(['K (variable) delete, absent-from-source', 'X (variable) create, missing']);
  });

  it('readable and other: update, value-differs', async () => {
    const destination = twoKinds();
    destination.set('K', '0', { kind: 'variable' });
    const { lines, warnings } = await decide({ K: '1' }, destination, variable());
    expect(lines).toEqual(['K (variable) update, value-differs']);
    expect(warnings).toEqual(['OVERWRITES_UNOWNED K']);
    expect(destination.get('K', { kind: 'variable' })).toBe('1');
  });

  it('unreadable, fingerprint equal, revision as remembered: unchanged, fingerprint-equal', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    await decide({ K: '1' }, destination, secret(), store);
    const { lines, result } = await decide({ K: '1' }, destination, secret(), store);
    expect(lines).toEqual(['K (secret) unchanged, fingerprint-equal']);
    expect(result.outcomes).toEqual([]);
  });

  it('unreadable, fingerprint equal, no revisions given: unchanged, fingerprint-equal', async () => {
    const destination = memoryDestination({ readable: false, revisions: false, ids: false });
    const { engine } = createEngine({ source: memorySource({ K: '1' }), drivers: [destination] });
    await engine.sync(memoryDefinition());
    expect(changesOf((await engine.sync(memoryDefinition())).plan)).toEqual([
      'K unchanged, fingerprint-equal',
    ]);
  });

  it('unreadable, fingerprint equal, revision moved: update, changed-outside', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    await decide({ K: '1' }, destination, secret(), store);
    destination.set('K', 'by hand');
    const { lines, warnings } = await decide({ K: '1' }, destination, secret(), store);
    expect(lines).toEqual(['K (secret) update, changed-outside']);
    expect(warnings).toEqual([]);
    expect(destination.get('K')).toBe('1');
  });

  it('unreadable, fingerprint other: update, value-differs', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    await decide({ K: '1' }, destination, secret(), store);
    const { lines } = await decide({ K: '2' }, destination, secret(), store);
    expect(lines).toEqual(['K (secret) update, value-differs']);
    expect(destination.get('K')).toBe('2');
  });

  it('unreadable, nothing remembered: update, not-verifiable', async () => {
    const destination = twoKinds();
    destination.set('K', '1');
    const { lines, warnings } = await decide({ K: '1' }, destination);
    expect(lines).toEqual(['K (secret) update, not-verifiable']);
    expect(warnings).toEqual(['OVERWRITES_UNOWNED K']);
  });

  it('unreadable, deleted and made anew by hand: update, not-verifiable', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    await decide({ K: '1' }, destination, secret(), store);
    destination.delete('K');
    destination.set('K', 'by hand');
    const { lines } = await decide({ K: '1' }, destination, secret(), store);
    expect(lines).toEqual(['K (secret) update, not-verifiable']);
  });

  it("other kind, this sync's own: replace, kind-differs", async () => {
    const destination = twoKinds();
    const store = memoryStore();
    await decide({ K: '1' }, destination, secret(), store);
    const { lines } = await decide({ K: '2' }, destination, variable(), store);
    expect(lines).toEqual(['K (variable) replace, kind-differs']);
    expect(destination.entries().map(({ key, kind }) => [key, kind])).toEqual([['K', 'variable']]);
    const { lines: later } = await decide({ K: '2' }, destination, variable(), store);
    expect(later).toEqual(['K (variable) unchanged, value-equal']);
  });

  it("other kind, readable with the wanted value and no other sync's: replace, kind-differs", async () => {
    const destination = twoKinds();
    destination.set('K', '1', { kind: 'variable' });
    const { lines, warnings } = await decide({ K: '1' }, destination);
    expect(lines).toEqual(['K (secret) replace, kind-differs']);
    expect(warnings).toEqual(['OVERWRITES_UNOWNED K']);
    expect(destination.entries().map(({ key, kind }) => [key, kind])).toEqual([['K', 'secret']]);
  });

  it.each([
    ['unreadable and not known to be written by a sync', undefined],
    ["another sync's", 'other'],
  ])('other kind, %s: blocked, kind-differs, unless allowReplace', async (_what, owner) => {
    const destination = twoKinds();
    const store = memoryStore();
    if (owner === undefined) destination.set('K', '0');
    else await decide({ K: '0' }, destination, secret({}, { name: owner }), store);
    const { engine } = createEngine({ source: memorySource({ K: '1' }), drivers: [destination], store });
    const error = await failure(engine.sync(variable()), 'PLAN_BLOCKED');
    expect(changesOf(error.plan)).toEqual(['K (variable) blocked, kind-differs']);
    expect(destination.get('K')).toBe('0');
    const { plan } = await engine.sync(variable({ allowReplace: true }));
    expect(changesOf(plan)).toEqual(['K (variable) replace, kind-differs']);
    expect(warningsOf(plan)).toEqual([
      owner === undefined ? 'OVERWRITES_UNOWNED K' : 'OWNED_BY_OTHER_SYNC K',
    ]);
    expect(destination.entries().map(({ kind }) => kind)).toEqual(['variable']);
  });

  it('other kind, readable with another value, not known to be written by a sync: the same', async () => {
    const destination = twoKinds();
    destination.set('K', '0', { kind: 'variable' });
    const { engine } = createEngine({ source: memorySource({ K: '1' }), drivers: [destination] });
    const error = await failure(engine.sync(secret()), 'PLAN_BLOCKED');
    expect(changesOf(error.plan)).toEqual(['K (secret) blocked, kind-differs']);
    expect(destination.get('K', { kind: 'variable' })).toBe('0');
    const { plan } = await engine.sync(secret({ allowReplace: true }));
    expect(warningsOf(plan)).toEqual(['OVERWRITES_UNOWNED K']);
    expect(destination.entries().map(({ kind }) => kind)).toEqual(['secret']);
  });

  it('other kind with dependents: blocked, has-dependents, unless allowReplace, and then a warning', async () => {
    const destination = twoKinds();
    destination.set('K', '1', { kind: 'variable', hasDependents: true });
    const { engine } = createEngine({ source: memorySource({ K: '1' }), drivers: [destination] });
    const error = await failure(engine.sync(secret()), 'PLAN_BLOCKED');
    expect(changesOf(error.plan)).toEqual(['K (secret) blocked, has-dependents']);
    const { plan } = await engine.sync(secret({ allowReplace: true }));
    expect(warningsOf(plan)).toContain('DELETE_CASCADES K');
    expect(destination.entries().map(({ kind }) => kind)).toEqual(['secret']);
  });

  it.each<FixedReason>(['alias', 'override', 'file', 'external', 'foreign-owner'])(
    '%s: blocked, occupied, also with allowReplace and invalidKeys: skip',
    async (fixed) => {
      const destination = twoKinds();
      destination.set('K', '0', { fixed });
      const { engine } = createEngine({ source: memorySource({ K: '1', L: '2' }), drivers: [destination] });
      for (const options of [{}, { allowReplace: true }, { invalidKeys: 'skip' }] as const) {
        const error = await failure(engine.sync(secret(options)), 'PLAN_BLOCKED');
        expect(changesOf(error.plan)).toEqual(['K (secret) blocked, occupied', 'L (secret) create, missing']);
      }
      expect(destination.calls.filter(({ method }) => method === 'write')).toEqual([]);
    },
  );

  it('reserved and desired: blocked, reserved, where the destination does not let it be written', async () => {
    const destination = twoKinds();
    const { engine } = createEngine({ source: memorySource({ PLATFORM_ID: '1' }), drivers: [destination] });
    const error = await failure(engine.sync(secret({ invalidKeys: 'skip' })), 'PLAN_BLOCKED');
    expect(changesOf(error.plan)).toEqual(['PLATFORM_ID (secret) blocked, reserved']);
  });

  it('only inherited from a higher scope: create, with a warning', async () => {
    const destination = twoKinds();
    destination.set('K', 'above', { fixed: 'inherited' });
    const { lines, warnings } = await decide({ K: '1' }, destination);
    expect(lines).toEqual(['K (secret) create, missing']);
    expect(warnings).toEqual(['SHADOWS_INHERITED K']);
    expect(destination.entries().map(({ fixed, value }) => [fixed, value.reveal()])).toEqual([
      ['inherited', 'above'],
      [undefined, '1'],
    ]);
  });

  it('both kinds: by the row for our kind; the other is kept, with a warning', async () => {
    const destination = twoKinds();
    destination.set('K', 'theirs', { kind: 'variable' });
    destination.set('K', '0');
    const { lines, warnings } = await decide({ K: '1' }, destination);
    expect(lines).toEqual(['K (secret) update, not-verifiable', 'K (variable) keep, other-kind']);
    expect(warnings).toContain('BOTH_KINDS K');
    expect(destination.get('K', { kind: 'variable' })).toBe('theirs');
    expect(destination.get('K')).toBe('1');
  });

  it('anything that the source could not read: keep, unreadable-at-source', async () => {
    const destination = twoKinds();
    destination.set('K', '0');
    const { engine } = createEngine({
      source: { name: 'partial', read: () => ({ secrets: { A: '1' }, unreadable: ['K'] }) },
      drivers: [destination],
    });
    const { plan } = await engine.sync(secret({ deletionScope: 'matching' }));
    expect(changesOf(plan)).toEqual(['A (secret) create, missing', 'K (secret) keep, unreadable-at-source']);
    expect(warningsOf(plan)).toContain('SOURCE_PARTIAL');
  });

  it('matches the schema, ours to touch, not in the source: delete, absent-from-source', async () => {
    const destination = twoKinds();
    destination.set('APP_OLD', '0');
    const { lines } = await decide({ A: '1' }, destination, secret({ keySchema: 'APP_{{secretKey}}' }));
    expect(lines).toEqual(['APP_A (secret) create, missing', 'APP_OLD (secret) delete, absent-from-source']);
    expect([...destination.values().keys()]).toEqual(['APP_A']);
  });

  it('force rewrites what looks equal', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    await decide({ K: '1' }, destination, secret(), store);
    const { lines, result } = await decide({ K: '1' }, destination, secret(), store, { force: true });
    expect(lines).toEqual(['K (secret) update, forced']);
    expect(result.summary.applied).toBe(1);
  });

  it('equality does not take a key over from another sync; a write does, with a warning', async () => {
    const destination = twoKinds();
    const store = memoryStore();
    const mine = variable({ deletionScope: 'owned', allowEmptySource: true });
    await decide({ K: '1' }, destination, variable({}, { name: 'other' }), store);
    await decide({ K: '1' }, destination, mine, store);
    const { lines } = await decide({}, destination, mine, store);
    expect(lines).toEqual(['K (variable) keep, owned-by-other-sync']);
    const { warnings } = await decide({ K: '2' }, destination, mine, store);
    expect(warnings).toEqual(['OWNED_BY_OTHER_SYNC K']);
    const { lines: later } = await decide({}, destination, mine, store);
    expect(later).toEqual(['K (variable) keep, wanted-by-other-sync']);
  });

  describe('what cannot be written', () => {
    const bad = () => {
      const destination = memoryDestination({
        checkKey: (key) => (key.includes('-') ? 'it holds a dash' : undefined),
        checkValue: (value) => (value.includes('\0') ? 'it holds NUL' : undefined),
        canonicalKey: (key) => key.toLowerCase(),
        limits: { valueBytes: 8 },
      });
      const source = memorySource([
        ['A', '1'],
        ['a', '2'],
        ['BAD-KEY', '3'],
        ['BAD_VALUE', '\0'],
        ['TWICE', '4'],
        ['TWICE', '5'],
        ['LONG', '123456789'],
        ['GOOD', '6'],
        ['', 'nameless'],
      ]);
      return { destination, ...createEngine({ source, drivers: [destination] }) };
    };
    const lines = [
      ' blocked, invalid-key',
      'A blocked, colliding-key',
      'BAD-KEY blocked, invalid-key',
      'BAD_VALUE blocked, invalid-value',
      'GOOD create, missing',
      'LONG blocked, limit-exceeded',
      'TWICE blocked, duplicate-key',
      'a blocked, colliding-key',
    ];

    it('blocks the plan, and all is named together', async () => {
      const { engine, destination } = bad();
      const error = await failure(engine.sync(memoryDefinition()), 'PLAN_BLOCKED');
      expect(changesOf(error.plan)).toEqual(lines);
      expect(error.problems?.map(({ key }) => key)).toEqual([
        '',
        'A',
        'BAD-KEY',
        'BAD_VALUE',
        'LONG',
        'TWICE',
        'a',
      ]);
      expect(error.message).not.toContain('123456789');
      expect(destination.values().size).toBe(0);
    });

    it("is left out with invalidKeys: 'skip', with a warning and an outcome each", async () => {
      const { engine, destination } = bad();
      const result = await engine.sync(memoryDefinition({ syncOptions: { invalidKeys: 'skip' } }));
      expect(changesOf(result.plan)).toEqual(lines);
      expect(result.plan.warnings.filter(({ code }) => code === 'KEY_SKIPPED')).toHaveLength(7);
      expect(result.outcomes.map(({ key, status }) => `${key} ${status}`)).toEqual([
        ' skipped',
        'A skipped',
        'BAD-KEY skipped',
        'BAD_VALUE skipped',
        'GOOD applied',
        'LONG skipped',
        'TWICE skipped',
        'a skipped',
      ]);
      expect(destination.values()).toEqual(new Map([['GOOD', '6']]));
    });

    it('leaves what stands under a skipped key alone, and deletes the rest as ever', async () => {
      const { engine, destination } = bad();
      destination.set('LONG', 'old');
      destination.set('OLD', 'old');
      await engine.sync(
        memoryDefinition({ syncOptions: { invalidKeys: 'skip', deletionScope: 'matching' } }),
      );
      expect(destination.values()).toEqual(
        new Map([
          ['LONG', 'old'],
          ['GOOD', '6'],
        ]),
      );
    });

    it('is a key more than the destination holds', async () => {
      const destination = memoryDestination({ limits: { keys: 2 } });
      destination.set('THEIRS', 'x');
      const { engine } = createEngine({ source: memorySource({ A: '1', B: '2' }), drivers: [destination] });
      const error = await failure(
        engine.sync(memoryDefinition({ syncOptions: { deletionScope: 'owned' } })),
        'PLAN_BLOCKED',
      );
      expect(changesOf(error.plan)).toContain('B blocked, limit-exceeded');
    });
  });
});
