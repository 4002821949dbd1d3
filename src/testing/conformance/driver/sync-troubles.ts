import assert from 'node:assert/strict';
import { isSecretSyncError } from '../../../contracts/errors.js';
import { memoryStore } from '../../../stores/memory.js';
import { calm, failureOf } from '../calls.js';
import { assertHolds, assertThrows } from './assertions.js';
import { below, FEW, PREFIX, type Kit, type Pairs } from './kit.js';

type Test = (title: string, body: (kit: Kit) => Promise<void>) => void;

const REASON = new Error('enough');

/** Conflicts, lost responses and bad credentials. */
function testConflicts(test: Test): void {
  test('keeps an edit by hand that came between read and write', async (kit) => {
    const before = await kit.place.peek();
    kit.watched.beforeWrite = async () => {
      kit.watched.beforeWrite = undefined;
      await kit.place.set('THEIRS', 'theirs');
    };
    const { status } = await kit.engine({ source: FEW }).sync(kit.definition());
    assert.equal(status, 'succeeded');
    await assertHolds(kit.place, before, [['THEIRS', 'theirs'], ...below(FEW)]);
  });

  test('gives up after some tries where every batch meets a conflict', async (kit) => {
    if (kit.capabilitiesOf().writes !== 'batch') return kit.skip('not tested: it writes no batches');
    let edits = 0;
    kit.watched.beforeWrite = () => kit.place.set('THEIRS', `${(edits += 1)}`);
    const error = await failureOf(() => kit.engine({ source: FEW }).sync(kit.definition()));
    assert(
      isSecretSyncError(error) && error.retryable,
      'it is not an error that says that a later try can succeed',
    );
    assert(edits < 20, 'it went on and on');
    const held = [...(await kit.place.peek()).keys()];
    assert.deepEqual(
      held.filter((key) => key.startsWith(PREFIX)),
      [],
    );
  });

  test('has one entry, applied, after the response to a write was lost, where a fixture can lose one', async (kit) => {
    if (kit.fixture.loseNextAnswer === undefined)
      return kit.skip('not tested: the fixture has no loseNextAnswer');
    const before = await kit.place.peek();
    await kit.fixture.loseNextAnswer();
    const { status } = await kit.engine({ source: FEW.slice(0, 1) }).sync(kit.definition());
    assert.equal(status, 'succeeded');
    await assertHolds(kit.place, before, below(FEW.slice(0, 1)));
    const { entries } = await kit.open().read(calm());
    assert.equal(entries.filter(({ key }) => key === `${PREFIX}A`).length, 1);
  });

  test('refuses bad credentials before anything is written', async (kit) => {
    const before = await kit.place.peek();
    const definition = kit.definition({ connectionId: 'refused' });
    const engine = kit.engine({ source: FEW });
    await assertThrows(() => engine.plan(definition), 'UNAUTHORIZED');
    await assertThrows(() => engine.sync(definition), 'UNAUTHORIZED');
    await assertHolds(kit.place, before, []);
  });
}

/** Aborts and concurrency. */
function testLimits(test: Test): void {
  test('stops on an abort before its writes, and a rerun ends as it should', async (kit) => {
    const before = await kit.place.peek();
    const abort = new AbortController();
    kit.watched.beforeWrite = () => abort.abort(REASON);
    const store = memoryStore();
    const engine = kit.engine({ source: FEW, store });
    assert.equal(await failureOf(() => engine.sync(kit.definition(), { signal: abort.signal })), REASON);
    await assertHolds(kit.place, before, []);
    kit.watched.beforeWrite = undefined;
    await engine.sync(kit.definition());
    await assertHolds(kit.place, before, below(FEW));
  });

  test('stops on an abort between its writes, and a rerun ends as it should', async (kit) => {
    await kit.place.set(`${PREFIX}OLD`, 'x');
    const before = await kit.place.peek();
    const abort = new AbortController();
    const engine = kit.engine({
      source: FEW,
      onEvent: ({ type }) => type === 'progress' && abort.abort(REASON),
    });
    assert.equal(await failureOf(() => engine.sync(kit.definition(), { signal: abort.signal })), REASON);
    assert((await kit.place.peek()).has(`${PREFIX}OLD`), 'it deleted after the abort');
    await engine.sync(kit.definition());
    await assertHolds(kit.place, before, [[`${PREFIX}OLD`, undefined], ...below(FEW)]);
  });

  test('is asked for no more at the same time than the engine was told', async (kit) => {
    const many: Pairs = Array.from({ length: 16 }, (_, index) => [`KEY_${index}`, `${index}`]);
    const before = await kit.place.peek();
    await kit.engine({ source: many, concurrency: 3 }).sync(kit.definition());
    const peak = Math.max(kit.network.peak(), kit.fixture.peakInFlight?.() ?? 0);
    assert(peak <= 3, `${peak} calls were in flight at the same time, with a concurrency of 3`);
    await assertHolds(kit.place, before, below(many));
  });
}

/** Tests the driver in an engine where something goes wrong. */
export function testSyncTroubles(test: Test): void {
  testConflicts(test);
  testLimits(test);
}
