import { describe, expect, it } from 'vitest';
import {
  changesOf,
  failure,
  FINGERPRINT_KEY,
  memoryDefinition,
  OTHER_KEY,
  warningsOf,
} from '../../support/engine.js';
import { owned, synced } from '../../support/synced.js';

describe('state under a key that this engine does not have', () => {
  it('proves nothing: it is refused before any write, with what can be done', async () => {
    const { create, writes } = await synced();
    const engine = create({ fingerprintKey: OTHER_KEY });
    for (const call of [
      () => engine.plan(owned),
      () => engine.sync(owned),
      () => engine.removeSecrets(owned),
    ]) {
      const error = await failure(call(), 'STATE_UNREADABLE');
      expect(error.message).toContain('"memory:default"');
      expect(error.message).toContain('fingerprint key that this engine does not have');
      expect(error.message).toContain('acceptUnverifiedState');
      expect(error.retryable).toBe(false);
    }
    expect(writes()).toEqual([]);
  });

  it('keeps ownership where it is accepted, voids fingerprints, warns of both, and is sealed again', async () => {
    const { create, source, destination } = await synced();
    destination.set('THEIRS', 'x');
    source.delete('C');
    const accepting = { fingerprintKey: OTHER_KEY, acceptUnverifiedState: true };
    const { plan } = await create(accepting).sync(owned);
    expect(warningsOf(plan)).toEqual(['STATE_UNVERIFIED', 'FINGERPRINTS_VOID']);
    expect(changesOf(plan)).toEqual([
      'A update, not-verifiable',
      'B update, not-verifiable',
      'C delete, absent-from-source',
      'THEIRS keep, not-owned',
    ]);
    const again = await create({ fingerprintKey: OTHER_KEY }).sync(owned);
    expect(again.outcomes).toEqual([]);
    expect(warningsOf(again.plan)).toEqual([]);
  });

  it('voids nothing while the key is among the previous ones, and moves to the current key', async () => {
    const { create, store } = await synced();
    const rotated = await create({ fingerprintKey: [OTHER_KEY, FINGERPRINT_KEY] }).sync(owned);
    expect(changesOf(rotated.plan)).toEqual([
      'A unchanged, fingerprint-equal',
      'B unchanged, fingerprint-equal',
      'C unchanged, fingerprint-equal',
    ]);
    const { plan } = await create({ fingerprintKey: OTHER_KEY }).sync(owned);
    expect(plan.summary.unchanged).toBe(3);
    expect(warningsOf(plan)).toEqual([]);
    await store.overwrite((document) => ({ ...document, facts: [['x', 'y']] }));
    await failure(create({ fingerprintKey: OTHER_KEY }).sync(owned), 'STATE_UNREADABLE');
  });

  it('moves the fingerprints of a sync when that sync runs, and leaves those of others', async () => {
    const { create } = await synced();
    const other = memoryDefinition({
      name: 'other',
      syncOptions: { deletionScope: 'owned', keySchema: 'X_{{secretKey}}' },
    });
    await create().sync(other);
    await create({ fingerprintKey: [OTHER_KEY, FINGERPRINT_KEY] }).sync(owned);
    const late = await create({ fingerprintKey: OTHER_KEY }).plan(owned);
    expect(late.summary).toMatchObject({ unchanged: 3, update: 0 });
    expect(warningsOf(late)).toEqual(['FINGERPRINTS_VOID']);
    await create({ fingerprintKey: [OTHER_KEY, FINGERPRINT_KEY] }).sync(other);
    expect(warningsOf(await create({ fingerprintKey: OTHER_KEY }).plan(other))).toEqual([]);
  });
});

describe('an engine without a fingerprint key', () => {
  it('knows within the process what it wrote, and writes nothing twice', async () => {
    const { engine } = await synced({ fingerprintKey: null });
    const { plan, outcomes } = await engine.sync(owned);
    expect(plan.summary.unchanged).toBe(3);
    expect(outcomes).toEqual([]);
  });

  it('stores a checksum in place of the MAC, and no fingerprints', async () => {
    const { store } = await synced({ fingerprintKey: null });
    const { document } = await store.place();
    expect(document).toMatchObject({ keyId: null });
    expect(JSON.stringify(document)).not.toContain('fingerprint');
    expect(JSON.stringify(document)).toContain('"syncId":"nightly"');
  });

  it('rewrites once in a new process, and knows what it owns', async () => {
    const { create, source } = await synced({ fingerprintKey: null });
    source.delete('C');
    const engine = create();
    const { plan } = await engine.sync(owned);
    expect(changesOf(plan)).toEqual([
      'A update, not-verifiable',
      'B update, not-verifiable',
      'C delete, absent-from-source',
    ]);
    expect(warningsOf(plan)).toEqual([]);
    expect((await engine.sync(owned)).outcomes).toEqual([]);
  });

  it('does not trust its fingerprints once another process has saved the state', async () => {
    const { engine, create } = await synced({ fingerprintKey: null });
    await create().sync(owned);
    expect((await engine.sync(owned)).plan.summary.update).toBe(3);
  });

  it('becomes one with a key without losing what it owns, once it was told to accept what it wrote', async () => {
    const { create, source } = await synced({ fingerprintKey: null });
    source.delete('C');
    const error = await failure(create({ fingerprintKey: FINGERPRINT_KEY }).sync(owned), 'STATE_UNREADABLE');
    expect(error.message).toContain('a checksum and no MAC');
    const engine = create({ fingerprintKey: FINGERPRINT_KEY, acceptUnverifiedState: true });
    expect((await engine.sync(owned)).plan.summary).toMatchObject({ update: 2, delete: 1 });
    expect((await create({ fingerprintKey: FINGERPRINT_KEY }).sync(owned)).outcomes).toEqual([]);
  });
});
