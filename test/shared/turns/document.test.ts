import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/contracts/json.js';
import { hasLongList, parseDocument, renderDocument } from '../../../src/shared/turns/document.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

/** Longer than one turn, with items that have no JSON. */
const items = Array.from({ length: 10_000 }, (_, index) =>
  index % 5_000 === 7 ? undefined : { key: `K${index}`, value: 'é', absent: undefined },
);
const documents: readonly [title: string, document: unknown, isInTurns: boolean][] = [
  ['is no object', 'text', false],
  ['is a long list', items, false],
  ['is short', { a: [1, 2], b: { c: null } }, false],
  ['holds a long list', { z: 1, entries: items, absent: undefined, a: [1], b: { c: null } }, true],
  ['holds two long lists', { entries: items, others: [...items].reverse() }, true],
  ['has a field of a special name', JSON.parse(`{"__proto__":1,"x":[${items.map(() => 0).join()}]}`), true],
];

describe.each(documents)('a document that %s', (_title, document, isInTurns) => {
  it('is read back as its JSON says', () => {
    const json = inOneGo(renderDocument(document as JsonValue));
    const back = inOneGo(parseDocument(json));
    expect(JSON.stringify(back)).toBe(JSON.stringify(document));
    expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(JSON.parse(JSON.stringify(document))));
  });

  it(`is made and read ${isInTurns ? 'in turns' : 'in one go'}`, () => {
    expect(hasLongList(document as JsonValue)).toBe(isInTurns);
    const rendering = renderDocument(document as JsonValue);
    expect(rendering.next().done).toBe(!isInTurns);
    const reading = parseDocument(inOneGo(renderDocument(document as JsonValue)));
    expect(reading.next().done).toBe(!isInTurns);
  });
});
