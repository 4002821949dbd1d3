import { describe, expect, it } from 'vitest';
import type { SourceReadResult } from '../../src/contracts/source.js';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import { planSync } from '../../src/core/plan-sync.js';
import { isCertain, isPartial } from '../../src/core/situation.js';

const ofParts = (...parts: readonly (readonly [name: string, ...keys: string[]])[]): SourceReadResult => ({
  secrets: Object.fromEntries(parts.flatMap(([, ...keys]) => keys.map((key) => [key, '1']))),
  parts: parts.map(([name, ...keys]) => ({ name, keys })),
});

const definition = (allowEmptySource: boolean) =>
  planSync({
    definition: { name: 'nightly', syncOptions: { allowEmptySource } },
    source: {},
    destination: {},
  }).definition;

describe('that a source does not hold a key is certain', () => {
  // Without and with `allowEmptySource`.
  it.each<[string, SourceReadResult, string | undefined, readonly [boolean, boolean]]>([
    ['where it was read whole', { A: '1' }, undefined, [true, true]],
    ['where it was read whole, for a key that came from a part', { A: '1' }, 'app', [true, true]],
    ['never where it was not complete', { secrets: { A: '1' }, complete: false }, undefined, [false, false]],
    [
      'never where a key could not be read',
      { secrets: { A: '1' }, unreadable: ['B'] },
      undefined,
      [false, false],
    ],
    ['where it is empty, only if that is allowed', {}, undefined, [false, true]],
    ['where a part is empty, only if that is allowed', ofParts(['app', 'A'], ['web']), 'app', [false, true]],
    ['where the part is gone, only if that is allowed', ofParts(['app', 'A']), 'web', [false, true]],
    ['where the part still holds something', ofParts(['app', 'A'], ['web', 'B']), 'web', [true, true]],
    ['where the part is not known', ofParts(['app', 'A']), undefined, [true, true]],
  ])('%s', (_title, read, part, expected) => {
    const source = sourceSnapshot(read);
    expect([false, true].map((allowed) => isCertain(source, definition(allowed), part))).toEqual(expected);
  });

  it('as the source was read whole', () => {
    const reads: readonly SourceReadResult[] = [
      { A: '1' },
      { secrets: {}, complete: false },
      { secrets: {}, unreadable: ['A'] },
    ];
    expect(reads.map((read) => isPartial(sourceSnapshot(read)))).toEqual([false, true, true]);
  });
});
