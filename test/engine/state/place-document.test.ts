import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/contracts/json.js';
import type { RememberedEntry } from '../../../src/contracts/state-store.js';
import { parsePlace, renderPlace, sameContents } from '../../../src/engine/state/place-document.js';
import { canonicalJson } from '../../../src/shared/canonical-json.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

const full: RememberedEntry = {
  key: 'A',
  kind: 'secret',
  syncId: 'nightly',
  holders: ['other', 'third'],
  part: '.env',
  adopted: true,
  fingerprint: 'id.hmac',
  id: 'entry-1',
  revision: 'revision-1',
  pending: { syncId: 'nightly', action: 'update' },
};
const contents = (entry: RememberedEntry) => ({ syncs: [], entries: [entry], facts: [] });
const document = (entry: JsonValue) => ({
  formatVersion: 2,
  place: 'p',
  syncs: [],
  entries: [entry],
  facts: [],
});
const parse = (entry: JsonValue) => () => parsePlace('It', 'p', document(entry));

describe('the document of a place', () => {
  it('comes back as it was remembered, and is written in canonical order', () => {
    const rendered = inOneGo(renderPlace('p', contents(full)));
    expect(parsePlace('It', 'p', rendered).entries).toEqual([full]);
    expect(JSON.stringify(rendered)).toBe(canonicalJson(rendered));
  });

  it.each<[string, JsonValue]>([
    ['is no object', 'A'],
    ['is null', null],
    ['has no key', { syncId: 'n' }],
    ['has no sync', { key: 'A' }],
    ['has a key that is no string', { key: 1, syncId: 'n' }],
    ['has a field that is not known', { key: 'A', syncId: 'n', value: 'x' }],
    ['has a field named as one of every object', { key: 'A', syncId: 'n', constructor: 'x' }],
    ['is adopted by halves', { key: 'A', syncId: 'n', adopted: false }],
    ['has holders that are no strings', { key: 'A', syncId: 'n', holders: [1] }],
    ['has a pending write of no kind', { key: 'A', syncId: 'n', pending: { syncId: 'n', action: 'x' } }],
    ['has a pending write of no sync', { key: 'A', syncId: 'n', pending: { action: 'update' } }],
    [
      'has a pending write with more',
      { key: 'A', syncId: 'n', pending: { syncId: 'n', action: 'update', x: 1 } },
    ],
    ['has a pending write that is null', { key: 'A', syncId: 'n', pending: null }],
  ])('is refused where an entry %s', (_title, entry) => {
    expect(parse(entry)).toThrow('not a state document');
  });

  it.each<[string, RememberedEntry]>([
    ['key', { ...full, key: 'B' }],
    ['kind', { ...full, kind: 'variable' }],
    ['owner', { ...full, syncId: 'other' }],
    ['holders', { ...full, holders: ['other'] }],
    ['part', { ...full, part: '.env.local' }],
    ['fingerprint', { ...full, fingerprint: 'id.other' }],
    ['id', { ...full, id: 'entry-2' }],
    ['revision', { ...full, revision: 'revision-2' }],
    ['pending sync', { ...full, pending: { syncId: 'other', action: 'update' } }],
    ['pending action', { ...full, pending: { syncId: 'nightly', action: 'delete' } }],
  ])('differs where the %s of an entry does', (_title, entry) => {
    expect(sameContents(contents(full), contents({ ...full }))).toBe(true);
    expect(sameContents(contents(full), contents(entry))).toBe(false);
  });

  it('differs where a sync, a fact or the number of either does', () => {
    const one = { syncs: [{ syncId: 'a', importedAt: '1' }], entries: [], facts: [['x', 'y']] as const };
    expect(sameContents(one, { ...one })).toBe(true);
    for (const other of [
      { ...one, syncs: [] },
      { ...one, syncs: [{ syncId: 'b', importedAt: '1' }] },
      { ...one, syncs: [{ syncId: 'a', importedAt: '2' }] },
      { ...one, facts: [] },
      { ...one, facts: [['x', 'z']] as const },
      { ...one, entries: [full] },
    ])
      expect(sameContents(one, other)).toBe(false);
  });
});
