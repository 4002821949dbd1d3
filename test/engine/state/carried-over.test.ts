import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { JsonValue } from '../../../src/contracts/json.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import {
  changesOf,
  createEngine,
  failure,
  FINGERPRINT_KEY,
  OTHER_KEY,
  warningsOf,
} from '../../support/engine.js';
import { recordingStore } from '../../support/recording-store.js';
import { owned } from '../../support/synced.js';

const fixtureSchema = z.object({ key: z.string(), document: z.record(z.string(), z.custom<JsonValue>()) });

/** A place of which version 0.1.0 wrote the document: A, B and C were synced, and can't be read back. */
async function carriedOver(
  name: 'place' | 'place-without-key' | 'place-with-intent',
  change: (document: Readonly<Record<string, JsonValue>>) => JsonValue = (document) => document,
) {
  const url = new URL(`../../fixtures/state-0.1.0/${name}.json`, import.meta.url);
  const { key, document } = fixtureSchema.parse(JSON.parse(await readFile(url, 'utf8')));
  const store = recordingStore();
  await store.put(key, change(document), { ifVersion: null });
  const destination = memoryDestination({ readable: false });
  const source = memorySource({ A: '1', B: '2', C: '3' });
  for (const [name, secret] of source.entries()) destination.set(name, secret.reveal());
  const create = (more: Partial<Parameters<typeof createEngine>[0]> = {}) =>
    createEngine({ source, store, ...more, drivers: [destination] }).engine;
  return { store, source, destination, create };
}

describe('a place that version 0.1.0 wrote', () => {
  it('is verified by its own MAC, writes nothing again, and is sealed as any other from then on', async () => {
    const { create, store } = await carriedOver('place');
    const { plan, outcomes } = await create().sync(owned);
    expect(changesOf(plan)).toEqual([
      'A unchanged, fingerprint-equal',
      'B unchanged, fingerprint-equal',
      'C unchanged, fingerprint-equal',
    ]);
    expect(plan.isInitialSync).toBe(false);
    expect(warningsOf(plan)).toEqual([]);
    expect(outcomes).toEqual([]);
    expect((await store.place()).document).toMatchObject({ formatVersion: 2 });
    store.changes.length = 0;
    expect((await create().sync(owned)).outcomes).toEqual([]);
    expect(store.changes.filter((change) => !change.includes('leases'))).toEqual([]);
  });

  it('is verified under a previous key, and moves to the current one', async () => {
    const { create } = await carriedOver('place');
    expect((await create({ fingerprintKey: [OTHER_KEY, FINGERPRINT_KEY] }).sync(owned)).outcomes).toEqual([]);
    expect((await create({ fingerprintKey: OTHER_KEY }).sync(owned)).outcomes).toEqual([]);
  });

  it('still knows what was begun when its run was cut off', async () => {
    const { create, source } = await carriedOver('place-with-intent');
    source.set('A', 'one');
    const { plan } = await create().sync(owned);
    expect(changesOf(plan)).toContain('A update, not-verifiable');
    expect((await create().sync(owned)).outcomes).toEqual([]);
  });

  it('without a key is carried over by an engine without one', async () => {
    const { create, source } = await carriedOver('place-without-key');
    source.delete('C');
    const { plan } = await create({ fingerprintKey: null }).sync(owned);
    expect(changesOf(plan)).toContain('C delete, absent-from-source');
  });

  it.each<[string, (document: Readonly<Record<string, JsonValue>>) => JsonValue]>([
    ['altered', (document) => ({ ...document, entries: [] })],
    ['without its MAC', ({ mac: _mac, ...document }) => document],
    ['under a key that no one has', (document) => ({ ...document, keyId: 'ffffffffffff' })],
    ['of a newer format, with the old MAC', (document) => ({ ...document, formatVersion: 2 })],
  ])('is refused when it is %s', async (_title, change) => {
    const { create, destination } = await carriedOver('place', change);
    await failure(create().sync(owned), 'STATE_UNREADABLE');
    expect(destination.values().size).toBe(3);
  });

  it('without a key is refused by an engine with one, unless that is told to accept it', async () => {
    const { create } = await carriedOver('place-without-key');
    await failure(create().sync(owned), 'STATE_UNREADABLE');
    const { plan } = await create({ acceptUnverifiedState: true }).sync(owned);
    expect(warningsOf(plan)).toEqual(['STATE_UNVERIFIED']);
    expect(warningsOf(await create().plan(owned))).toEqual([]);
  });
});
