import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../src/contracts/errors.js';
import { sourceReadOf, type SourceReadResult } from '../../src/contracts/source.js';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { composeSources } from '../../src/sources/compose/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { transformSource } from '../../src/sources/transform.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';

const unread: readonly (readonly [string, () => unknown])[] = [
  ['a promise', () => Promise.resolve({ A: '1' })],
  ['a response that was not read', () => new Response('{}')],
  ['an error', () => new Error('not found')],
  ['a function', () => () => ({ A: '1' })],
  ['what is iterated asynchronously', () => (async function* () {})()],
];

describe('what looks like a source without secrets', () => {
  it.each(unread)('is refused where it is %s', (_title, create) => {
    for (const returned of [create(), { secrets: create() }]) {
      try {
        sourceSnapshot(sourceReadOf(returned as SourceReadResult));
        expect.unreachable();
      } catch (error) {
        expect(isSecretSyncError(error, 'SOURCE_READ_FAILED')).toBe(true);
      }
    }
  });

  it.each<[string, SourceReadResult]>([
    ['an empty record', {}],
    ['a record without a prototype', Object.create(null) as Record<string, string>],
    ['an empty Map', new Map<string, string>()],
    ['no pairs', []],
    ['no secrets in a read', { secrets: {} }],
  ])('is one where it is %s', (_title, result) => {
    expect([...Object.keys(sourceReadOf(result).secrets)]).toEqual([]);
  });

  it('deletes nothing where it is a promise, whatever is made of the source and allowed', async () => {
    const broken = {
      name: 'broken',
      read: () => ({ secrets: Promise.resolve({ A: '1' }) as unknown as Record<string, string> }),
    };
    for (const source of [
      broken,
      transformSource(broken, {}),
      composeSources([broken, memorySource({ B: '2' })]),
    ]) {
      const destination = memoryDestination();
      destination.set('APP_A', '1');
      const engine = new SecretSyncEngine({ source, drivers: [destination] });
      const syncOptions = { keySchema: 'APP_{{secretKey}}', allowEmptySource: true };
      const ended = await engine
        .sync({ name: 'test', destination: 'memory', destinationConfig: {}, syncOptions })
        .catch((error: unknown) => error);
      expect(isSecretSyncError(ended, 'SOURCE_READ_FAILED')).toBe(true);
      expect(destination.get('APP_A')).toBe('1');
    }
  });
});
