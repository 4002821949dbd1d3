import assert from 'node:assert/strict';
import { calm, failureOf } from '../calls.js';
import { change, type SourceKit } from './kit.js';
import { FEW as few } from './options.js';

/** Adds the tests of `write` and `checkWrite`, or of their absence. */
export function addWriteTests({ options, canaries, test, assertHolds, write }: SourceKit): void {
  const { location = {}, writable = false } = options;
  if (!writable) {
    test('has no write, so that an import is refused before it begins', few, async (source) => {
      assert(!('write' in source));
    });
    return;
  }
  test('reads back what it wrote, and keeps the rest', few, async (source) => {
    const [random] = canaries.values;
    const text = random?.text ?? '';
    const changes = Object.freeze([
      change('A', 'new', 'update'),
      change('C', '', 'create'),
      change('D', text, 'create'),
    ]);
    await write(source, changes);
    await assertHolds(source, [['A', 'new'], ['C', ''], ['D', text], ...few.slice(1)]);
  });
  test('ends in the same state when a write is repeated', few, async (source) => {
    await write(source, [change('C', '3', 'create')]);
    await write(source, [change('C', '3', 'create')]);
    await assertHolds(source, [...few, ['C', '3']]);
  });
  test('writes nothing for no changes', few, async (source) => {
    await write(source, []);
    await assertHolds(source, few);
  });
  test('writes nothing when its signal was aborted, and rejects with the reason', few, async (source) => {
    const reason = new Error('enough');
    const call = { signal: AbortSignal.abort(reason) };
    assert.equal(await failureOf(() => write(source, [change('A', 'new', 'update')], call)), reason);
    await assertHolds(source, few);
  });
  test('says before a write which keys it would refuse, and writes nothing by it', few, async (source) => {
    const changes = [change('C', '3', 'create'), change('A', 'new', 'update')];
    const refused = (await source.checkWrite?.(location, changes, calm())) ?? [];
    assert.deepEqual([...refused], [], 'it refuses plain keys');
    await assertHolds(source, few);
  });
}
