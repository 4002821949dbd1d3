import { describe, expect, it } from 'vitest';
import type { DestinationEntry } from '../../../src/contracts/destination.js';
import type { Operation, PlannedChange } from '../../../src/contracts/plan.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import type { RememberedEntry } from '../../../src/contracts/state-store.js';
import { fingerprint } from '../../../src/core/fingerprint/fingerprint.js';
import type { Step, WriteAction, WriteStep } from '../../../src/core/step.js';
import { createPlaceMemory } from '../../../src/engine/state/place-memory.js';
import { createRecorder } from '../../../src/engine/state/recorder.js';
import { createKeyring } from '../../../src/core/fingerprint/keyring.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

const CURRENT = 'c'.repeat(32);
const PREVIOUS = 'p'.repeat(32);
const PLACE = 'custom:place';
const ME = 'nightly';
const KIND = 'secret';

/** The fingerprint of a value of the key `A`. */
const print = (text: string, key = CURRENT): string =>
  fingerprint(createKeyring(key).current, PLACE, KIND, 'A', new SecretValue(text));

const entry: DestinationEntry = { key: 'A', kind: KIND, id: 'id-1', revision: 'r-1' };
const mine: RememberedEntry = { key: 'A', kind: KIND, syncId: ME };
const theirs: RememberedEntry = { key: 'A', kind: KIND, syncId: 'other' };

const change = (action: PlannedChange['action'], kind: string | undefined = KIND): PlannedChange => ({
  key: 'A',
  ...(kind === '' ? {} : { kind }),
  action,
  reason: 'value-equal',
});

interface Scene {
  readonly remembered?: readonly RememberedEntry[];
  readonly change?: PlannedChange;
  readonly entry?: DestinationEntry | undefined;
  readonly value?: string | undefined;
  readonly operation?: Operation;
  readonly isSourceCertain?: boolean;
}

function scene(made: Scene) {
  const { remembered = [], change: planned, entry: at, value, operation = 'sync' } = made;
  const memory = createPlaceMemory({ syncs: [], entries: remembered }, new Map());
  const step: Step | undefined = planned && {
    change: planned,
    before: at,
    after: value === undefined ? undefined : new SecretValue(value),
  };
  const recorder = createRecorder({
    memory,
    keyring: createKeyring([CURRENT, PREVIOUS]),
    place: PLACE,
    syncId: ME,
    operation,
    isSourceCertain: () => made.isSourceCertain ?? true,
    hasParts: true,
    entries: at === undefined ? [] : [at],
  });
  const adopt = () => inOneGo(recorder.adopt(step === undefined ? [] : [step]));
  return { recorder, adopt, entries: () => inOneGo(memory.contents()).entries };
}

describe('a key that is right already', () => {
  const adopt = (remembered: RememberedEntry | undefined, at = entry, value: string | undefined = 'v') => {
    const made = scene({
      remembered: remembered === undefined ? [] : [remembered],
      change: change('unchanged'),
      entry: at,
      value,
    });
    made.adopt();
    return made.entries();
  };

  it('is adopted where nobody owns it, without a fingerprint', () => {
    expect(adopt(undefined)).toStrictEqual([{ ...mine, adopted: true, id: 'id-1', revision: 'r-1' }]);
  });

  it('stays what it is where this sync wrote or adopted it, with its id and revision brought up to date', () => {
    const written = { ...mine, fingerprint: print('v'), id: 'id-1', revision: 'r-0' };
    expect(adopt(written)).toStrictEqual([{ ...written, revision: 'r-1' }]);
    expect(adopt({ ...written, adopted: true })).toStrictEqual([
      { ...written, adopted: true, revision: 'r-1' },
    ]);
  });

  it('keeps the id and revision that are known where the destination shows none', () => {
    const written = { ...mine, fingerprint: print('v'), id: 'id-1', revision: 'r-0' };
    expect(adopt(written, { key: 'A', kind: KIND })).toStrictEqual([written]);
  });

  it('is remembered by its key and kind alone where the destination shows no id and no revision', () => {
    expect(adopt(undefined, { key: 'A', kind: KIND })).toStrictEqual([{ ...mine, adopted: true }]);
  });

  it('is remembered without a kind at a destination that has none', () => {
    const made = scene({
      change: change('unchanged', ''),
      entry: { key: 'A' },
      value: 'v',
    });
    made.adopt();
    expect(made.entries()).toStrictEqual([{ key: 'A', syncId: ME, adopted: true }]);
  });

  it('stays with the sync that owns it', () => {
    expect(adopt(theirs)).toStrictEqual([{ ...theirs, holders: [ME] }]);
  });

  it('is adopted anew where another entry stands in place of the one that was written', () => {
    const replaced = { ...mine, fingerprint: print('old'), id: 'id-0', revision: 'r-0' };
    expect(adopt(replaced)).toStrictEqual([{ ...mine, adopted: true, id: 'id-1', revision: 'r-1' }]);
  });

  it('was written by the write that this sync had begun', () => {
    const begun: RememberedEntry = { ...theirs, pending: { syncId: ME, action: 'update' } };
    const written = { ...mine, fingerprint: print('v'), id: 'id-1', revision: 'r-1' };
    expect(adopt(begun)).toStrictEqual([{ ...written, holders: ['other'] }]);
    expect(adopt({ ...mine, adopted: true, pending: { syncId: ME, action: 'update' } })).toStrictEqual([
      written,
    ]);
  });

  it('was written, without a fingerprint, where its value is not at hand', () => {
    const begun: RememberedEntry = { ...mine, pending: { syncId: ME, action: 'update' } };
    const made = scene({ remembered: [begun], change: change('unchanged'), entry });
    made.adopt();
    expect(made.entries()).toStrictEqual([{ ...mine, id: 'id-1', revision: 'r-1' }]);
  });

  it('stays in doubt where another sync had begun to write it', () => {
    const begun: RememberedEntry = { ...mine, pending: { syncId: 'other', action: 'update' } };
    expect(adopt(begun)).toStrictEqual([begun]);
  });

  it('has its fingerprint made anew under the current key where the value is at hand', () => {
    const old = { ...mine, fingerprint: print('v', PREVIOUS), id: 'id-1', revision: 'r-1' };
    expect(adopt(old)).toStrictEqual([{ ...old, fingerprint: print('v') }]);
    const { fingerprint: _, ...without } = old;
    const made = scene({ remembered: [old], change: change('unchanged'), entry });
    made.adopt();
    expect(made.entries()).toStrictEqual([without]);
  });

  it('is not remembered where nothing stands there', () => {
    const made = scene({ change: change('unchanged'), value: 'v' });
    made.adopt();
    expect(made.entries()).toStrictEqual([]);
  });
});

describe('a key that is kept', () => {
  const keep = (remembered: RememberedEntry) => {
    const made = scene({ remembered: [remembered], change: change('keep'), entry });
    made.adopt();
    return made.entries();
  };

  it('is not adopted', () => {
    const made = scene({ change: change('keep'), entry, value: 'v' });
    made.adopt();
    expect(made.entries()).toStrictEqual([]);
  });

  it('loses a fingerprint that a previous key made, since its value is not at hand', () => {
    expect(keep({ ...mine, id: 'id-1', fingerprint: print('v', PREVIOUS) })).toStrictEqual([
      { ...mine, id: 'id-1' },
    ]);
  });

  const begun = { syncId: ME, action: 'create' } as const;

  it('is known by its id from then on where this sync had begun to create it', () => {
    expect(keep({ ...mine, pending: { ...begun, fingerprint: print('v'), part: 'base' } })).toStrictEqual([
      { ...mine, part: 'base', id: 'id-1' },
    ]);
  });

  it.each<[string, RememberedEntry, Partial<DestinationEntry>]>([
    ['it can be read, so that a person may have made it', { ...mine, pending: begun }, { value: 'w' }],
    ['it only comes from a higher level', { ...mine, pending: begun }, { fixed: 'inherited' }],
    ['it is a built-in one', { ...mine, pending: begun }, { fixed: 'built-in' }],
    ['another sync had begun to create it', { ...theirs, pending: { ...begun, syncId: 'other' } }, {}],
    ['an update of it was begun', { ...mine, pending: { ...begun, action: 'update' } }, {}],
  ])('stays in doubt where %s', (_title, remembered, more) => {
    const at: DestinationEntry = { ...entry, ...more };
    const made = scene({ remembered: [remembered], change: change('keep'), entry: at, operation: 'remove' });
    made.adopt();
    expect(made.entries()).toStrictEqual([remembered]);
  });

  it.each<[string, () => RememberedEntry]>([
    ['the fingerprint is of the current key', () => ({ ...mine, fingerprint: print('v') })],
    ['it has none', () => mine],
    ['it is of another sync', () => ({ ...theirs, fingerprint: print('v', PREVIOUS) })],
  ])('stays as it is remembered where %s', (_title, remembered) => {
    expect(keep(remembered())).toStrictEqual([remembered()]);
  });
});

describe('a key that is about to be written', () => {
  const update = change('update');

  it('leaves what is planned for later to its own time', () => {
    const made = scene({ change: update, entry, value: 'v' });
    made.adopt();
    expect(made.entries()).toStrictEqual([]);
  });

  it('keeps a fingerprint of a previous key until then', () => {
    const known = { ...mine, fingerprint: print('old', PREVIOUS), id: 'id-1' };
    const made = scene({ remembered: [known], change: update, entry, value: 'v' });
    made.adopt();
    expect(made.entries()).toStrictEqual([known]);
  });

  it('is forgotten where it does not stand at the place any more, by a sync only', () => {
    const gone = scene({ remembered: [mine] });
    gone.adopt();
    expect(gone.entries()).toStrictEqual([]);
    const removal = scene({ remembered: [mine], operation: 'remove' });
    removal.adopt();
    expect(removal.entries()).toStrictEqual([mine]);
  });

  it('is no longer held where it does not stand at the place any more and the source does not hold it', () => {
    const held = { ...theirs, holders: [ME] };
    const gone = scene({ remembered: [held] });
    gone.adopt();
    expect(gone.entries()).toStrictEqual([theirs]);
    const wanted = scene({ remembered: [held], change: change('create'), value: 'v' });
    wanted.adopt();
    expect(wanted.entries()).toStrictEqual([held]);
    const unsure = scene({ remembered: [held], isSourceCertain: false });
    unsure.adopt();
    expect(unsure.entries()).toStrictEqual([held]);
  });

  const work = (action: WriteAction, more: Partial<WriteStep> = {}): WriteStep => ({
    change: { ...change(action), action },
    after: action === 'delete' ? undefined : new SecretValue('v'),
    before: action === 'create' ? undefined : entry,
    ...more,
  });

  it('is remembered as begun, beside what was known', () => {
    const fresh = scene({});
    inOneGo(fresh.recorder.begin([work('create')]));
    const made = { fingerprint: print('v') };
    expect(fresh.entries()).toStrictEqual([{ ...mine, pending: { syncId: ME, action: 'create', ...made } }]);
    const known = { ...theirs, fingerprint: print('old'), id: 'id-1' };
    const overwritten = scene({ remembered: [known] });
    inOneGo(overwritten.recorder.begin([work('update')]));
    expect(overwritten.entries()).toStrictEqual([
      { ...known, pending: { syncId: ME, action: 'update', ...made } },
    ]);
    const kindless = scene({});
    inOneGo(
      kindless.recorder.begin([
        work('create', { change: { key: 'A', action: 'create', reason: 'missing' } }),
      ]),
    );
    expect(kindless.entries()).toMatchObject([
      { key: 'A', syncId: ME, pending: { syncId: ME, action: 'create' } },
    ]);
    expect(kindless.entries()[0]).not.toHaveProperty('kind');
  });

  it('is remembered as begun with the part of the source that it comes from', () => {
    const { recorder, entries } = scene({});
    inOneGo(recorder.begin([work('create', { part: 'base' })]));
    expect(entries()).toMatchObject([{ key: 'A', syncId: ME, pending: { action: 'create', part: 'base' } }]);
  });

  it("is this sync's when it was written, with what the destination answered", () => {
    const { recorder, entries } = scene({
      remembered: [{ ...theirs, adopted: true, id: 'id-1', revision: 'r-1' }],
    });
    const item = work('update');
    inOneGo(recorder.begin([item]));
    recorder.applied(item, { id: 'id-1', revision: 'r-2' });
    const owned = { ...mine, holders: ['other'], fingerprint: print('v') };
    expect(entries()).toStrictEqual([{ ...owned, id: 'id-1', revision: 'r-2' }]);
    recorder.applied(item, {});
    expect(entries()).toStrictEqual([owned]);
  });

  it('is forgotten when it was deleted', () => {
    const { recorder, entries } = scene({ remembered: [mine] });
    const item = work('delete');
    inOneGo(recorder.begin([item]));
    expect(entries()).toStrictEqual([{ ...mine, pending: { syncId: ME, action: 'delete' } }]);
    recorder.applied(item, { id: 'id-1' });
    expect(entries()).toStrictEqual([]);
  });

  const variable: DestinationEntry = { key: 'A', kind: 'variable', id: 'id-0', revision: 'r-0' };
  const wasVariable: RememberedEntry = {
    key: 'A',
    kind: 'variable',
    syncId: ME,
    id: 'id-0',
    revision: 'r-0',
  };

  it('is remembered in its new kind alone when it was replaced', () => {
    const { recorder, entries } = scene({ remembered: [wasVariable] });
    const item = work('replace', { before: variable });
    inOneGo(recorder.begin([item]));
    expect(entries().map(({ kind }) => kind)).toStrictEqual([KIND, 'variable']);
    recorder.applied(item, { id: 'id-2' });
    expect(entries()).toStrictEqual([{ ...mine, fingerprint: print('v'), id: 'id-2' }]);
  });

  it('is what it was before when it surely was not written', () => {
    const known = { ...mine, fingerprint: print('old'), id: 'id-1' };
    const updated = scene({ remembered: [known] });
    const item = work('update');
    inOneGo(updated.recorder.begin([item]));
    updated.recorder.notWritten(item);
    expect(updated.entries()).toStrictEqual([known]);
    const created = scene({});
    const fresh = work('create');
    inOneGo(created.recorder.begin([fresh]));
    created.recorder.notWritten(fresh);
    expect(created.entries()).toStrictEqual([]);
  });

  it('keeps the old kind without id and revision when a replace failed, which may have put it back', () => {
    const { recorder, entries } = scene({ remembered: [wasVariable] });
    const item = work('replace', { before: variable });
    inOneGo(recorder.begin([item]));
    recorder.failed(item);
    expect(entries()).toStrictEqual([{ key: 'A', kind: 'variable', syncId: ME }]);
  });

  it('keeps the id when a replace failed of what is known as ours by its id alone', () => {
    const { recorder, entries } = scene({ remembered: [wasVariable] });
    const item = work('replace', { before: { ...variable, fixed: 'override' } });
    inOneGo(recorder.begin([item]));
    recorder.failed(item);
    expect(entries()).toStrictEqual([wasVariable]);
  });

  it('keeps id and revision when an update failed, and remembers nothing of a replaced stranger', () => {
    const known = { ...mine, id: 'id-1', revision: 'r-1' };
    const updated = scene({ remembered: [known] });
    const item = work('update');
    inOneGo(updated.recorder.begin([item]));
    updated.recorder.failed(item);
    expect(updated.entries()).toStrictEqual([known]);
    const stranger = scene({});
    const replace = work('replace', { before: variable });
    inOneGo(stranger.recorder.begin([replace]));
    stranger.recorder.failed(replace);
    expect(stranger.entries()).toStrictEqual([]);
  });
});
