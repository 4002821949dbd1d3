import assert from 'node:assert/strict';
import { memorySource } from '../../../sources/memory.js';
import { memoryStore } from '../../../stores/memory.js';
import { createCanaries } from '../../leaks/canaries.js';
import { calm } from '../calls.js';
import { assertHolds, assertThrows } from './assertions.js';
import { below, FEW, PREFIX, type Kit, type Pairs } from './kit.js';

type Test = (title: string, body: (kit: Kit) => Promise<void>) => void;

/** What an engine writes through the driver, and when. */
function testWhatIsWritten(test: Test): void {
  test('is not written by a plan', async (kit) => {
    await kit.place.set(`${PREFIX}OLD`, 'x');
    const before = await kit.place.peek();
    const { summary } = await kit.engine({ source: FEW }).plan(kit.definition());
    assert.deepEqual([summary.create, summary.delete], [3, 1]);
    assert.deepEqual(kit.watched.batches, []);
    await assertHolds(kit.place, before, []);
  });

  test('ends with what the source holds: creates, updates, deletes', async (kit) => {
    const source = memorySource(FEW);
    const before = await kit.place.peek();
    const engine = kit.engine({ source });
    const created = await engine.sync(kit.definition());
    assert.deepEqual(
      created.outcomes.map(({ key, action, status }) => `${action} ${key} ${status}`),
      [`create ${PREFIX}A applied`, `create ${PREFIX}B applied`, `create ${PREFIX}C applied`],
    );
    await assertHolds(kit.place, before, below(FEW));

    source.set('A', '1 changed');
    source.delete('B');
    source.set('D', '4');
    const changed = await engine.sync(kit.definition());
    assert.deepEqual(
      changed.outcomes.map(({ key, action, status }) => `${action} ${key} ${status}`),
      [`update ${PREFIX}A applied`, `delete ${PREFIX}B applied`, `create ${PREFIX}D applied`],
    );
    await assertHolds(
      kit.place,
      before,
      below([
        ['A', '1 changed'],
        ['C', '3'],
        ['D', '4'],
      ]),
    );
  });

  test('gets no write where nothing changed, also from a new engine over the same store', async (kit) => {
    const store = memoryStore();
    await kit.engine({ source: FEW, store }).sync(kit.definition());
    kit.watched.batches.length = 0;
    for (const engine of [kit.engine({ source: FEW, store }), kit.engine({ source: FEW, store })]) {
      const { outcomes, plan } = await engine.sync(kit.definition());
      assert.deepEqual([outcomes.length, plan.summary.unchanged], [0, 3]);
    }
    assert.deepEqual(kit.watched.batches, []);
  });

  test('is written only what changed, and all of it when asked for', async (kit) => {
    const before = await kit.place.peek();
    const source = memorySource(FEW);
    const engine = kit.engine({ source });
    await engine.sync(kit.definition());
    kit.watched.batches.length = 0;
    source.set('B', '2 changed');
    await engine.sync(kit.definition());
    await assertHolds(kit.place, before, below([...FEW, ['B', '2 changed']]));
    const keys = () => kit.watched.batches.flatMap(({ changes }) => changes.map(({ key }) => key)).sort();
    assert.deepEqual(keys(), [`${PREFIX}B`]);
    kit.watched.batches.length = 0;
    const { status } = await engine.sync(kit.definition(), { force: true });
    assert.equal(status, 'succeeded');
    assert.deepEqual(keys(), [`${PREFIX}A`, `${PREFIX}B`, `${PREFIX}C`]);
  });
}

/** Values and keys of every kind, and what is not the sync's. */
function testWhatIsTaken(test: Test): void {
  test('is made right again after an edit by hand', async (kit) => {
    const before = await kit.place.peek();
    const engine = kit.engine({ source: FEW });
    await engine.sync(kit.definition());
    await kit.place.delete(`${PREFIX}B`);
    const entry = (await kit.open().read(calm())).entries.find(({ key }) => key === `${PREFIX}A`);
    const shows = entry?.value !== undefined || entry?.revision !== undefined;
    if (shows) await kit.place.set(`${PREFIX}A`, 'by hand');
    await engine.sync(kit.definition());
    await assertHolds(kit.place, before, below(FEW));
  });

  test('takes every value as it is: empty, several lines, JSON, quotes, Unicode', async (kit) => {
    const capabilities = kit.capabilitiesOf();
    const texts = ['', ' ', ' padded ', 'line\r\n', ...createCanaries().values.map(({ text }) => text)];
    const values: Pairs = texts
      .filter((text) => capabilities.checkValue(text) === undefined)
      .map((text, index) => [`KEY_${index}`, text]);
    const before = await kit.place.peek();
    const engine = kit.engine({ source: values });
    await engine.sync(kit.definition());
    await assertHolds(kit.place, before, below(values));
    assert.equal((await engine.plan(kit.definition())).summary.unchanged, values.length);
  });

  test('takes __proto__ and its like for keys as any other, where it takes them at all', async (kit) => {
    const capabilities = kit.capabilitiesOf();
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
    const values: Pairs = names
      .filter((name) => capabilities.checkKey(name) === undefined && !capabilities.isReserved(name))
      .map((name) => [name, `of ${name}`]);
    const before = await kit.place.peek();
    const source = memorySource(values);
    const engine = kit.engine({ source });
    const definition = kit.definition({
      withoutSchema: true,
      syncOptions: { deletionScope: 'owned', allowEmptySource: true },
    });
    await engine.sync(definition);
    await assertHolds(kit.place, before, values);
    assert.equal((await engine.plan(definition)).summary.unchanged, values.length);
    for (const [name] of values) source.delete(name);
    await engine.sync(definition);
    await assertHolds(kit.place, before, []);
  });

  test('loses nothing that is outside the key schema, whatever is written or removed', async (kit) => {
    await kit.place.set('THEIRS', 'theirs');
    const before = await kit.place.peek();
    const source = memorySource(FEW);
    const engine = kit.engine({ source });
    await engine.sync(kit.definition());
    source.delete('A');
    await engine.sync(kit.definition());
    await assertHolds(kit.place, before, below(FEW.slice(1)));
    await engine.removeSecrets(kit.definition());
    await assertHolds(kit.place, before, []);
  });

  test('loses none of its reserved keys, where a fixture names one', async (kit) => {
    const { reservedKey } = kit.fixture;
    if (reservedKey === undefined) return kit.skip('not tested: the fixture has no reservedKey');
    await kit.place.set(reservedKey, 'of the platform');
    await kit.place.set('OLD', 'x');
    const before = await kit.place.peek();
    const engine = kit.engine({ source: [['NEW', '1']] });
    const definition = kit.definition({ withoutSchema: true });
    await engine.sync(definition);
    await assertHolds(kit.place, before, [
      ['OLD', undefined],
      ['NEW', '1'],
    ]);
    await engine.removeSecrets(definition);
    await assertHolds(kit.place, before, [['OLD', undefined]]);
  });
}

/** Places, kinds and imports. */
function testPlaces(test: Test): void {
  test('keeps its places apart', async (kit) => {
    const { otherPlace } = kit.fixture;
    const [here, there] = [await kit.place.peek(), await otherPlace.peek()];
    const engine = kit.engine({ source: FEW });
    await engine.sync(kit.definition());
    await assertHolds(otherPlace, there, []);
    await engine.sync(kit.definition({ config: otherPlace.config }));
    await engine.removeSecrets(kit.definition());
    await assertHolds(kit.place, here, []);
    await assertHolds(otherPlace, there, below(FEW));
  });

  test('replaces what it wrote in another kind, and leaves one entry, where there is another kind', async (kit) => {
    const { otherKindConfig } = kit.fixture;
    if (otherKindConfig === undefined) return kit.skip('not tested: the fixture has no otherKindConfig');
    const before = await kit.place.peek();
    const engine = kit.engine({ source: FEW });
    await engine.sync(kit.definition());
    const { plan, outcomes } = await engine.sync(kit.definition({ config: otherKindConfig }));
    assert.deepEqual(
      outcomes.map(({ action, status }) => `${action} ${status}`),
      FEW.map(() => 'replace applied'),
    );
    assert.equal(plan.summary.replace, FEW.length);
    await assertHolds(kit.place, before, below(FEW));
    const { entries } = await kit.open().read(calm());
    assert.equal(entries.filter(({ key }) => key.startsWith(PREFIX)).length, FEW.length);
  });

  test('gives its values to an import, where it can, and is not written by it', async (kit) => {
    await kit.place.set(`${PREFIX}THEIRS`, 'theirs');
    const before = await kit.place.peek();
    const source = memorySource(FEW);
    const engine = kit.engine({ source });
    if (!kit.capabilitiesOf().import) {
      await assertThrows(() => engine.importSecrets(kit.definition()), 'IMPORT_NOT_SUPPORTED');
      return;
    }
    await engine.importSecrets(kit.definition());
    const imported = new Map(source.entries()).get('THEIRS');
    assert(imported?.equals('theirs') === true, 'the value was not imported');
    assert.deepEqual(kit.watched.batches, []);
    await assertHolds(kit.place, before, []);
  });
}

/** Tests the driver at work in an engine. */
export function testSyncs(test: Test): void {
  testWhatIsWritten(test);
  testWhatIsTaken(test);
  testPlaces(test);
}
