import type { DestinationEntry } from '../../src/contracts/destination.js';
import type { RememberedEntry } from '../../src/contracts/state-store.js';
import type { ReconcileInput } from '../../src/core/reconcile.js';

/** The sync that is decided about. */
export const ME = 'me';
const THEM = 'them';
const [T1, T2] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'];

type Entry = Omit<DestinationEntry, 'key'>;
type Memory = Omit<RememberedEntry, 'key'>;

/** One case of one key. */
export interface Row {
  readonly title: string;
  readonly entries?: readonly Entry[];
  readonly memory?: readonly Memory[];
  readonly fingerprint?: string;
  /** Default: the value `v`. */
  readonly desired?: false | string;
  readonly unreadable?: true;
  readonly options?: ReconcileInput['options'];
  readonly expected: readonly string[];
  readonly warnings?: readonly string[];
}

export const secret: Entry = { kind: 'secret' };
export const variable: Entry = { kind: 'variable', value: 'v' };
const mine: Memory = { kind: 'secret', syncId: ME, fingerprint: 'k1.aa', revision: T1 };
export const changed = { entries: [{ ...secret, value: 'w' }], warnings: ['OVERWRITES_UNOWNED'] };

/** Of a key that the source holds. */
export const desiredRows: Row[] = [
  { title: 'absent: created', expected: ['create missing'] },
  {
    title: "absent, another sync's: created, with a warning",
    memory: [{ kind: 'secret', syncId: THEM }],
    expected: ['create missing'],
    warnings: ['OWNED_BY_OTHER_SYNC'],
  },
  {
    title: 'readable and equal: unchanged',
    entries: [{ ...secret, value: 'v' }],
    expected: ['unchanged value-equal'],
  },
  {
    title: 'readable, equal and written by another sync: unchanged, and not taken over',
    entries: [{ ...secret, value: 'v' }],
    memory: [{ kind: 'secret', syncId: THEM }],
    expected: ['unchanged value-equal'],
    warnings: ['SHARED_WITH_OTHER_SYNC'],
  },
  { title: 'readable and other: updated', ...changed, expected: ['update value-differs'] },
  {
    title: 'readable, empty and other: updated',
    entries: [{ ...secret, value: '' }],
    expected: ['update value-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'unreadable, fingerprint equal, revision as remembered: unchanged',
    entries: [{ ...secret, revision: T1 }],
    memory: [mine],
    fingerprint: 'k1.aa',
    expected: ['unchanged fingerprint-equal'],
  },
  {
    title: 'unreadable, fingerprint equal, no revision at the destination: unchanged',
    entries: [secret],
    memory: [mine],
    fingerprint: 'k1.aa',
    expected: ['unchanged fingerprint-equal'],
  },
  {
    title: 'unreadable, fingerprint equal, no revision remembered: unchanged',
    entries: [{ ...secret, revision: T2 }],
    memory: [{ kind: 'secret', syncId: ME, fingerprint: 'k1.aa' }],
    fingerprint: 'k1.aa',
    expected: ['unchanged fingerprint-equal'],
  },
  {
    title: 'unreadable, fingerprint equal, the very entry that is remembered: unchanged',
    entries: [{ ...secret, id: '1' }],
    memory: [{ ...mine, id: '1' }],
    fingerprint: 'k1.aa',
    expected: ['unchanged fingerprint-equal'],
  },
  {
    title: 'unreadable, fingerprint equal, no id remembered: unchanged',
    entries: [{ ...secret, id: '1' }],
    memory: [mine],
    fingerprint: 'k1.aa',
    expected: ['unchanged fingerprint-equal'],
  },
  {
    title: 'unreadable, fingerprint equal, no id at the destination: unchanged',
    entries: [secret],
    memory: [{ ...mine, id: '1' }],
    fingerprint: 'k1.aa',
    expected: ['unchanged fingerprint-equal'],
  },
  {
    title: 'unreadable, fingerprint equal, revision finer than the remembered one: unchanged',
    entries: [{ ...secret, revision: '2026-01-01T00:00:00.250Z' }],
    memory: [mine],
    fingerprint: 'k1.aa',
    expected: ['unchanged fingerprint-equal'],
  },
  {
    title: 'unreadable, fingerprint equal, revision moved: updated',
    entries: [{ ...secret, revision: T2 }],
    memory: [mine],
    fingerprint: 'k1.aa',
    expected: ['update changed-outside'],
  },
  {
    title: 'unreadable, fingerprint other: updated',
    entries: [{ ...secret, revision: T1 }],
    memory: [mine],
    fingerprint: 'k1.bb',
    expected: ['update value-differs'],
  },
  {
    title: 'unreadable, fingerprints without the id of a key: compared all the same',
    entries: [secret],
    memory: [{ kind: 'secret', syncId: ME, fingerprint: 'abc' }],
    fingerprint: 'xyz',
    expected: ['update value-differs'],
  },
  {
    title: 'unreadable, nothing remembered: updated',
    entries: [secret],
    fingerprint: 'k1.aa',
    expected: ['update not-verifiable'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'unreadable, remembered without a fingerprint: updated',
    entries: [secret],
    memory: [{ kind: 'secret', syncId: ME }],
    fingerprint: 'k1.aa',
    expected: ['update not-verifiable'],
  },
  {
    title: 'unreadable, remembered in another kind only: updated',
    entries: [secret],
    memory: [{ ...mine, kind: 'variable' }],
    fingerprint: 'k1.aa',
    expected: ['update not-verifiable'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'unreadable, fingerprint made with a key that we do not have: updated',
    entries: [secret],
    memory: [mine],
    expected: ['update not-verifiable'],
  },
  {
    title: 'unreadable, fingerprint made with another key than the one at hand: updated',
    entries: [secret],
    memory: [mine],
    fingerprint: 'k2.aa',
    expected: ['update not-verifiable'],
  },
  {
    title: 'unreadable, the end of the last write unknown: updated',
    entries: [secret],
    memory: [{ ...mine, pending: { syncId: ME, action: 'update' } }],
    fingerprint: 'k1.aa',
    expected: ['update not-verifiable'],
  },
  {
    title: 'unreadable, another entry than the remembered one: updated',
    entries: [{ ...secret, id: 'new', revision: T1 }],
    memory: [{ ...mine, id: 'old' }],
    fingerprint: 'k1.aa',
    expected: ['update not-verifiable'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'other kind, readable with the wanted value, not known to be written by a sync: replaced',
    entries: [variable],
    expected: ['replace kind-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'other kind, readable with another value, not known to be written by a sync: blocked',
    entries: [{ ...variable, value: 'w' }],
    expected: ['blocked kind-differs'],
  },
  {
    title: 'other kind, not a string but with the JSON that is wanted: replaced',
    entries: [{ ...variable, value: { notAString: true, json: 'v' } }],
    expected: ['replace kind-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'other kind, readable with another value, with allowReplace: replaced',
    entries: [{ ...variable, value: 'w' }],
    options: { allowReplace: true },
    expected: ['replace kind-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: "other kind, unreadable, this sync's own: replaced",
    entries: [{ kind: 'variable' }],
    memory: [{ kind: 'variable', syncId: ME }],
    expected: ['replace kind-differs'],
  },
  {
    title: "other kind, readable, another sync's: blocked",
    entries: [variable],
    memory: [{ kind: 'variable', syncId: THEM }],
    expected: ['blocked kind-differs'],
  },
  {
    title: "other kind, this sync's own, and another sync wants it: blocked",
    entries: [variable],
    memory: [{ kind: 'variable', syncId: ME, holders: [THEM] }],
    expected: ['blocked kind-differs'],
  },
  {
    title: "other kind, this sync's own, and only this sync wants it: replaced",
    entries: [variable],
    memory: [{ kind: 'variable', syncId: ME, holders: [ME] }],
    expected: ['replace kind-differs'],
  },
  {
    title: 'other kind, blocked, and inherited too: blocked, without a warning',
    entries: [
      { ...variable, value: 'w' },
      { ...secret, fixed: 'inherited' },
    ],
    expected: ['blocked kind-differs'],
  },
  {
    title: 'not a string, and without its JSON: updated',
    entries: [{ ...secret, value: { notAString: true } }],
    expected: ['update value-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'other kind, unreadable, unknown: blocked',
    entries: [{ kind: 'variable' }],
    expected: ['blocked kind-differs'],
  },
  {
    title: 'other kind, unreadable, recreated since this sync wrote it: blocked',
    entries: [{ kind: 'variable', id: 'new' }],
    memory: [{ kind: 'variable', syncId: ME, id: 'old' }],
    expected: ['blocked kind-differs'],
  },
  {
    title: "other kind, another sync's, with allowReplace: replaced",
    entries: [{ kind: 'variable' }],
    memory: [{ kind: 'variable', syncId: THEM }],
    options: { allowReplace: true },
    expected: ['replace kind-differs'],
    warnings: ['OWNED_BY_OTHER_SYNC'],
  },
  {
    title: 'other kind, with dependents: blocked',
    entries: [{ ...variable, hasDependents: true }],
    memory: [{ kind: 'variable', syncId: ME }],
    expected: ['blocked has-dependents'],
  },
  {
    title: 'other kind, with dependents, with allowReplace: replaced, with a warning',
    entries: [{ ...variable, hasDependents: true }],
    memory: [{ kind: 'variable', syncId: ME }],
    options: { allowReplace: true },
    expected: ['replace kind-differs'],
    warnings: ['DELETE_CASCADES'],
  },
  ...(['alias', 'override', 'file', 'external', 'foreign-owner', 'built-in'] as const).map((fixed): Row => ({
    title: `${fixed}: blocked, whatever allowReplace says`,
    entries: [{ ...secret, value: 'w', fixed }],
    options: { allowReplace: true },
    expected: ['blocked occupied'],
  })),
  {
    title: "another system's mark on the very entry that this sync made: by its value",
    entries: [{ ...secret, value: 'w', id: '1', fixed: 'foreign-owner' }],
    memory: [{ ...mine, id: '1' }],
    expected: ['update value-differs'],
  },
  {
    title: "another system's mark on an entry that was recreated: blocked",
    entries: [{ ...secret, value: 'w', id: '2', fixed: 'foreign-owner' }],
    memory: [{ ...mine, id: '1' }],
    expected: ['blocked occupied'],
  },
  {
    title: 'only inherited: created, with a warning',
    entries: [{ ...secret, value: 'v', fixed: 'inherited' }],
    expected: ['create missing'],
    warnings: ['SHADOWS_INHERITED'],
  },
  {
    title: 'inherited, which blocks the key: blocked',
    entries: [{ ...variable, fixed: 'inherited', blocks: 'the project has it as a variable' }],
    expected: ['blocked occupied'],
  },
  {
    title: 'inherited, which blocks the key, beside ours: by the row of ours',
    entries: [
      { ...variable, fixed: 'inherited', blocks: 'the project has it as a variable' },
      { ...secret, value: 'v' },
    ],
    expected: ['unchanged value-equal'],
  },
  {
    title: 'inherited, which blocks the key, beside our other kind: blocked, since nothing could replace it',
    entries: [{ ...secret, fixed: 'inherited', blocks: 'the project has it' }, variable],
    memory: [{ kind: 'variable', syncId: ME }],
    expected: ['blocked occupied'],
  },
  {
    title: 'an override whose id is remembered: by the row of its value',
    entries: [
      { ...secret, value: 'w', fixed: 'override', id: '1' },
      { ...secret, fixed: 'inherited' },
    ],
    memory: [{ kind: 'secret', syncId: ME, id: '1' }],
    expected: ['update value-differs'],
  },
  {
    title: 'an override whose id is another than the remembered one: blocked',
    entries: [{ ...secret, value: 'v', fixed: 'override', id: '2' }],
    memory: [{ kind: 'secret', syncId: ME, id: '1' }],
    expected: ['blocked occupied'],
  },
  {
    title: 'inherited in the other kind: created, with a warning',
    entries: [{ ...variable, fixed: 'inherited' }],
    expected: ['create missing'],
    warnings: ['SHADOWS_INHERITED'],
  },
  {
    title: 'inherited and at this scope: by what stands at this scope',
    entries: [
      { ...secret, value: 'w', fixed: 'inherited' },
      { ...secret, value: 'v' },
    ],
    expected: ['unchanged value-equal'],
  },
  {
    title: 'other kind at this scope, and inherited in ours: replaced, and nothing kept beside it',
    entries: [variable, { ...secret, value: 'w', fixed: 'inherited' }],
    memory: [{ kind: 'variable', syncId: ME }],
    expected: ['replace kind-differs'],
  },
  {
    title: 'with dependents, which an update leaves alone: updated without a warning about them',
    entries: [{ ...secret, value: 'w', hasDependents: true }],
    memory: [{ kind: 'secret', syncId: ME }],
    expected: ['update value-differs'],
  },
  {
    title: 'both kinds, and inherited: by the row of our kind, what is inherited is not named',
    entries: [variable, { ...secret, value: 'v' }, { ...variable, fixed: 'inherited' }],
    expected: ['unchanged value-equal', 'keep other-kind (variable)'],
    warnings: ['BOTH_KINDS'],
  },
  {
    title: 'both kinds: by the row of our kind, the other is kept with a warning',
    entries: [variable, { ...secret, value: 'w' }],
    expected: ['update value-differs', 'keep other-kind (variable)'],
    warnings: ['BOTH_KINDS', 'OVERWRITES_UNOWNED'],
  },
  {
    title: 'both kinds, ours equal: unchanged, the other is kept with a warning',
    entries: [{ ...secret, value: 'v' }, variable],
    expected: ['unchanged value-equal', 'keep other-kind (variable)'],
    warnings: ['BOTH_KINDS'],
  },
  {
    title: 'not a string, its JSON is the wanted text: unchanged',
    entries: [{ ...secret, value: { notAString: true, json: 'v' } }],
    expected: ['unchanged value-equal'],
  },
  {
    title: 'not a string, its JSON is the wanted one, spaced and ordered otherwise: unchanged',
    entries: [{ ...secret, value: { notAString: true, json: '{"a":1,"b":[true]}' } }],
    desired: ' {"b": [true],\n "a": 1}\n',
    expected: ['unchanged value-equal'],
  },
  {
    title: 'not a string but a number with other digits than the wanted one: updated',
    entries: [{ ...secret, value: { notAString: true, json: '1.1' } }],
    desired: '1.10',
    expected: ['update value-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'not a string but an object, and what is wanted only begins like one: updated',
    entries: [{ ...secret, value: { notAString: true, json: '{"a":1}' } }],
    desired: '{"a":1',
    expected: ['update value-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'not a string, its JSON is another: updated',
    entries: [{ ...secret, value: { notAString: true, json: '"v"' } }],
    expected: ['update value-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'not a string: updated',
    entries: [{ ...secret, value: { notAString: true } }],
    expected: ['update value-differs'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: "readable and other, another sync's: updated, with a warning",
    entries: [{ ...secret, value: 'w' }],
    memory: [{ kind: 'secret', syncId: THEM }],
    expected: ['update value-differs'],
    warnings: ['OWNED_BY_OTHER_SYNC'],
  },
  {
    title: 'readable and other, adopted by this sync: updated without a warning',
    entries: [{ ...secret, value: 'w' }],
    memory: [{ kind: 'secret', syncId: ME, adopted: true }],
    expected: ['update value-differs'],
  },
  {
    title: 'equal, with force: written all the same',
    entries: [{ ...secret, value: 'v' }],
    options: { force: true },
    expected: ['update forced'],
    warnings: ['OVERWRITES_UNOWNED'],
  },
  {
    title: 'fingerprint equal, with force: written all the same',
    entries: [secret],
    memory: [mine],
    fingerprint: 'k1.aa',
    options: { force: true },
    expected: ['update forced'],
  },
  {
    title: 'other, with force: the reason stays',
    ...changed,
    options: { force: true },
    expected: ['update value-differs'],
  },
];

/** Of a key that it does not hold. */
export const undesiredRows: Row[] = [
  { title: 'absent: nothing', expected: [] },
  { title: 'a value: a candidate for deletion', entries: [secret], expected: ['delete absent-from-source'] },
  {
    title: 'a value in each kind: two candidates',
    entries: [variable, secret],
    expected: ['delete absent-from-source', 'delete absent-from-source (variable)'],
  },
  {
    title: 'inherited as well: only what stands at this scope is a candidate',
    entries: [{ ...secret, fixed: 'inherited' }, secret],
    expected: ['delete absent-from-source'],
  },
  {
    title: 'inherited in the other kind: each is a candidate, of which the guard keeps the inherited one',
    entries: [{ kind: 'variable', fixed: 'inherited' }, secret],
    expected: ['delete absent-from-source', 'delete absent-from-source (variable)'],
  },
  {
    title: 'only inherited: a candidate, which the guard keeps',
    entries: [{ ...secret, fixed: 'inherited' }],
    expected: ['delete absent-from-source'],
  },
  {
    title: 'a value in each of three kinds: three candidates',
    entries: [variable, secret, { kind: 'other' }],
    expected: [
      'delete absent-from-source (other)',
      'delete absent-from-source',
      'delete absent-from-source (variable)',
    ],
  },
  {
    title: 'not a string: kept',
    entries: [{ ...secret, value: { notAString: true } }],
    expected: ['keep not-a-string'],
  },
  {
    title: 'not read by the source: kept',
    entries: [secret],
    unreadable: true,
    expected: ['keep unreadable-at-source'],
  },
  {
    title: 'not read by the source, in the other kind: kept',
    entries: [variable],
    unreadable: true,
    expected: ['keep unreadable-at-source (variable)'],
  },
  {
    title: 'not read by the source, and not a string: kept',
    entries: [{ ...secret, value: { notAString: true } }],
    unreadable: true,
    expected: ['keep unreadable-at-source'],
  },
  { title: 'not read by the source, and absent: nothing', unreadable: true, expected: [] },
];
