import { describe, expect, it } from 'vitest';
import { canonicalJson, checksum } from '../../../src/shared/canonical-json.js';
import { canonicalJsonInTurns, checksumInTurns, jsonInTurns } from '../../../src/shared/turns/json.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

/** Longer than one turn, with fields that are out of order, and items that have no JSON. */
const items = Array.from({ length: 10_000 }, (_, index) =>
  index % 5_000 === 7 ? undefined : { key: `K${index}`, action: 'create', absent: undefined },
);
const documents: [string, object][] = [
  ['is empty', {}],
  ['holds an empty list', { b: [], a: { d: 1, c: [] } }],
  ['holds a long list', { z: items, absent: undefined, a: null, __proto__x: 'é' }],
  [
    'holds rows whose fields are in any order',
    { rows: [{ b: 1, a: '"é"' }, { a: 2 }, { c: null, a: true }] },
  ],
  [
    'holds rows that hold others',
    { rows: [{ b: 1, a: { d: 1, c: 2 } }, { a: [{ z: 1, y: 2 }] }, [2, 1], 3, null] },
  ],
  [
    'holds rows with names that keep an order of their own',
    {
      rows: [
        { b: 1, 10: 1, 9: 2 },
        { a: 1, 1: 2 },
      ],
    },
  ],
  [
    'holds rows with names that objects inherit',
    JSON.parse(
      '{"r":[{"valueOf":1,"a":2},{"a":1},{"__proto__":{"x":1},"a":1},{"__proto__":5,"a":1},{"toJSON":1}]}',
    ) as object,
  ],
  [
    'holds rows that inherit',
    { rows: [Object.assign(Object.create({ b: 1 }) as object, { c: 1, a: 2 }), { b: 1 }] },
  ],
  ['has a field of any name', JSON.parse('{"z":[1],"__proto__":{"y":1,"x":2},"2":0,"1":0}') as object],
];

describe('JSON that is made in turns', () => {
  it.each(documents)('is the JSON of a document that %s', (_, document) => {
    expect(inOneGo(jsonInTurns(document))).toBe(JSON.stringify(document));
    expect(inOneGo(canonicalJsonInTurns(document))).toBe(canonicalJson(document));
  });

  it('has the same checksum, piece by piece', () => {
    const text = 'é'.repeat(600_000);
    expect(inOneGo(checksumInTurns(text))).toBe(checksum(text));
  });
});
