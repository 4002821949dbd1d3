import { readdir, readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/contracts/json.js';
import { memorySource } from '../../../src/sources/memory.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createEngine, failure, FINGERPRINT_KEY } from '../../support/engine.js';
import { owned, synced } from '../../support/synced.js';

describe('state that cannot be used', () => {
  type Document = { readonly [name: string]: JsonValue };
  it.each<[string, (document: Document) => JsonValue]>([
    ['of a newer version', (document) => ({ ...document, formatVersion: 3 })],
    ['of a newer version and in another form', () => ({ formatVersion: 4, blob: 'x' })],
    ['no state document', () => ({ hello: 'world' })],
    ['text', () => 'hello'],
    ['null', () => null],
    ['without a part of it', ({ entries: _, ...document }) => document],
    ['with a part too many', (document) => ({ ...document, extra: 1 })],
    ['altered: an entry was taken out', (document) => ({ ...document, entries: [] })],
    [
      'altered: a sync was put in',
      (document) => ({ ...document, syncs: [{ syncId: 'x', importedAt: '2026-01-01T00:00:00.000Z' }] }),
    ],
    ['altered: a fact was put in', (document) => ({ ...document, facts: [['tenantId', 'x']] })],
    ['with another MAC', (document) => ({ ...document, mac: '0'.repeat(64) })],
    ['of another place', (document) => ({ ...document, place: 'memory:elsewhere' })],
  ])('is an error of each call before any write: %s', async (_what, alter) => {
    for (const fingerprintKey of [FINGERPRINT_KEY, null]) {
      const { store, source, create, destination, writes } = await synced({ fingerprintKey });
      await store.overwrite(alter);
      source.set('A', 'changed');
      store.changes.length = 0;
      const engine = create();
      const calls = [
        () => engine.plan(owned),
        () => engine.sync(owned),
        () => engine.importSecrets(owned),
        () => engine.removeSecrets(owned),
        () => engine.release(owned),
      ];
      for (const [index, call] of calls.entries()) {
        // A destination that can't be read back can't be imported from, and says so first.
        const error = await failure(call(), index === 2 ? 'IMPORT_NOT_SUPPORTED' : 'STATE_UNREADABLE');
        expect(error.message).toContain(index === 2 ? '' : '"memory:default"');
      }
      expect(writes()).toEqual([]);
      expect(destination.calls).toEqual([]);
      expect(store.changes.filter((change) => change.includes('places'))).toEqual([]);
    }
  });

  describe('in a file store', () => {
    let directory: string;
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'secret-sync-'));
    });
    afterEach(() => rm(directory, { recursive: true }));

    it.each<[string, (text: string) => string]>([
      ['truncated', (text) => text.slice(0, text.length / 2)],
      ['empty', () => ''],
      ['not JSON', () => '<html>'],
      ['JSON of something else', () => '{"A":"1"}'],
      ['with a digit changed', (text) => text.replace(/"mac":"./, '"mac":"!')],
    ])('a file that is %s', async (_what, damage) => {
      const { source, create, writes } = await synced({ store: fileStore(directory) });
      const [name = ''] = await readdir(join(directory, 'places'));
      const path = join(directory, 'places', name);
      await writeFile(path, damage(await readFile(path, 'utf8')));
      source.set('A', 'changed');
      await failure(create().sync(owned), 'STATE_UNREADABLE');
      await failure(create().plan(owned), 'STATE_UNREADABLE');
      expect(writes()).toEqual([]);
    });

    it('no file holds a value or a token, or what can be computed from one without the key', async () => {
      const canaries = createCanaries();
      const { values, tokens } = canaries;
      for (const fingerprintKey of [FINGERPRINT_KEY, null]) {
        const destination = memoryDestination({ accessToken: tokens[0]?.text ?? '' });
        const source = memorySource(values.map(({ text }, index) => [`KEY_${index}`, text] as const));
        const store = fileStore(directory);
        const { engine } = createEngine({ source, store, drivers: [destination], fingerprintKey });
        await engine.sync(owned);
        const files = await readdir(directory, { recursive: true, withFileTypes: true });
        const texts = files
          .filter((file) => file.isFile())
          .map((file) => readFile(join(file.parentPath, file.name)));
        expect(texts.length).toBeGreaterThan(0);
        for (const text of await Promise.all(texts)) canaries.assertAbsent('file', text);
      }
    });
  });

  it('a store that fails, with nothing shown of its words', async () => {
    const { store, create, writes } = await synced();
    const broken = { ...store, get: () => Promise.reject(new Error('password hunter2')) };
    const error = await failure(create({ store: broken }).sync(owned), 'STATE_UNREADABLE');
    expect(error.message).not.toContain('hunter2');
    expect(writes()).toEqual([]);
  });
});
