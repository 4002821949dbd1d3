import assert from 'node:assert/strict';
import { SecretValue } from '../../../contracts/secret.js';
import type { DestinationEntry, WriteBatch, WriteChange } from '../../../contracts/destination.js';
import { isSecretSyncError } from '../../../contracts/errors.js';
import { createCanaries } from '../../leaks/canaries.js';
import { calm, failureOf } from '../calls.js';
import { assertHolds, assertThrows, writeBatch } from './assertions.js';
import { PREFIX, type Kit } from './kit.js';

type Test = (title: string, body: (kit: Kit) => Promise<void>) => void;

const [A, B, C] = [`${PREFIX}A`, `${PREFIX}B`, `${PREFIX}C`];
const REASON = new Error('enough');

const kindOf = (kit: Kit) => {
  const { kind } = kit.capabilitiesOf();
  return kind === undefined ? {} : { kind };
};
const change = (kit: Kit, key: string, value: string | undefined, entry?: DestinationEntry): WriteChange => ({
  key,
  action: value === undefined ? 'delete' : entry === undefined ? 'create' : 'update',
  ...kindOf(kit),
  ...(value === undefined ? {} : { value: new SecretValue(value) }),
  ...(entry === undefined ? {} : { entry }),
});
const upsert = (...changes: WriteChange[]): WriteBatch => ({ phase: 'upsert', changes });
const plainEntries = async (kit: Kit, connection = kit.open()) => {
  const { entries } = await connection.read(calm());
  const { kind } = kit.capabilitiesOf();
  const own = entries.filter((entry) => entry.fixed !== 'inherited' && entry.kind === kind);
  assert.equal(new Set(own.map(({ key }) => key)).size, own.length, 'a key exists there twice in one kind');
  return new Map(own.map((entry) => [entry.key, entry]));
};

/** What a driver reads. */
function testReads(test: Test): void {
  test('reads what exists there, as plain entries of its kind', async (kit) => {
    await kit.place.set(A, 'one');
    await kit.place.set(B, '');
    const entries = await plainEntries(kit);
    for (const [key, value] of [
      [A, 'one'],
      [B, ''],
    ] as const) {
      const entry = entries.get(key);
      assert(entry !== undefined, `${key} is not read`);
      assert.equal(entry.fixed, undefined);
      assert.equal(entry.reserved, undefined);
      if (!kit.capabilitiesOf().import) continue;
      assert(
        typeof entry.value === 'string' || SecretValue.is(entry.value),
        `the value of ${key} is not read`,
      );
      assert(SecretValue.from(entry.value).equals(value), `${key} is read with another value`);
    }
  });

  test('reads the same when nothing changed, and a moved revision when something did', async (kit) => {
    await kit.place.set(A, 'one');
    const first = (await plainEntries(kit)).get(A);
    assert.deepEqual((await plainEntries(kit)).get(A), first);
    await kit.place.set(A, 'two');
    const second = (await plainEntries(kit)).get(A);
    assert.equal(second?.id, first?.id);
    if (first?.revision !== undefined) assert.notEqual(second?.revision, first.revision);
  });
}

/** What a driver writes, and what it tells of it. */
function testWrites(test: Test): void {
  test('creates, updates and deletes what it is told, and tells one outcome for each key', async (kit) => {
    await kit.place.set(A, 'old');
    await kit.place.set(C, 'stays');
    const before = await kit.place.peek();
    const connection = kit.open();
    const entry = (await plainEntries(kit, connection)).get(A);
    const written = await writeBatch(connection, upsert(change(kit, A, 'new', entry), change(kit, B, 'two')));
    assert.deepEqual([...written.keys()].sort(), [A, B]);
    for (const { key, status } of written.values()) assert.equal(status, 'applied', `${key} was not written`);
    await assertHolds(kit.place, before, [
      [A, 'new'],
      [B, 'two'],
    ]);

    const now = (await plainEntries(kit, connection)).get(B);
    const deleted = await writeBatch(connection, {
      phase: 'delete',
      changes: [change(kit, B, undefined, now)],
    });
    assert.equal(deleted.get(B)?.status, 'applied');
    await assertHolds(kit.place, before, [[A, 'new']]);
  });

  test('shows the id and revision that it told for what it wrote', async (kit) => {
    const connection = kit.open();
    await connection.read(calm());
    const outcome = (await writeBatch(connection, upsert(change(kit, A, 'one')))).get(A);
    assert(outcome?.status === 'applied');
    const entry = (await plainEntries(kit)).get(A);
    if (outcome.id !== undefined) assert.equal(entry?.id, outcome.id);
  });

  test('tells no value in ids, revisions or kinds', async (kit) => {
    const canaries = createCanaries();
    const takes = ({ text }: { readonly text: string }) =>
      kit.capabilitiesOf().checkValue(text) === undefined;
    const text = canaries.values.find(takes)?.text;
    assert(text !== undefined, 'the destination takes none of the planted values');
    const connection = kit.open();
    await connection.read(calm());
    const outcomes = await writeBatch(connection, upsert(change(kit, A, text)));
    canaries.assertAbsent('the outcome of a write', outcomes);
    for (const { value: _, ...entry } of (await connection.read(calm())).entries)
      canaries.assertAbsent('an entry, beside its value,', entry);
  });

  test('leaves one entry where a key is created that exists already', async (kit) => {
    await kit.place.set(A, 'old');
    const connection = kit.open();
    await connection.read(calm());
    const outcome = (await writeBatch(connection, upsert(change(kit, A, 'new')))).get(A);
    assert(outcome !== undefined);
    assert.equal((await kit.place.peek()).get(A) === 'new', outcome.status === 'applied');
    await plainEntries(kit);
  });
}

/** A place that is not what was read. */
function testMoved(test: Test): void {
  test('takes the deletion of what is gone already as done, as a conflict, or as unknown to be settled', async (kit) => {
    await kit.place.set(A, 'one');
    await kit.place.set(B, 'stays');
    const connection = kit.open();
    const entry = (await plainEntries(kit, connection)).get(A);
    await kit.place.delete(A);
    const before = await kit.place.peek();
    try {
      const ends = await writeBatch(connection, {
        phase: 'delete',
        changes: [change(kit, A, undefined, entry)],
      });
      const outcome = ends.get(A);
      assert(outcome?.status === 'applied' || outcome?.status === 'unknown', 'it is told as failed');
    } catch (error) {
      if (!isSecretSyncError(error, 'CONFLICT')) throw error;
      assert.equal(kit.capabilitiesOf().writes, 'batch');
    }
    await assertHolds(kit.place, before, []);
  });

  test('throws CONFLICT for a batch when the place moved since it was read, before or after it is read again', async (kit) => {
    if (kit.capabilitiesOf().writes !== 'batch') return kit.skip('not tested: it writes no batches');
    await kit.place.set(A, 'old');
    const connection = kit.open();
    const entry = (await plainEntries(kit, connection)).get(A);
    await kit.place.set(A, 'by hand');
    const before = await kit.place.peek();
    const write = () => writeBatch(connection, upsert(change(kit, A, 'new', entry), change(kit, B, 'two')));
    await assertThrows(async () => {
      const outcomes = await write();
      // Where the service does not say why it refused, only the next read tells.
      for (const { key, status } of outcomes.values()) assert.equal(status, 'unknown', key);
      await assertHolds(kit.place, before, []);
      await plainEntries(kit, connection);
      await write();
    }, 'CONFLICT');
    await assertHolds(kit.place, before, []);
  });
}

/** Aborts and credentials. */
function testCalls(test: Test): void {
  test('does not start what was aborted before, and rejects with the reason', async (kit) => {
    const connection = kit.open();
    const aborted = AbortSignal.abort(REASON);
    assert.equal(await failureOf(() => connection.read({ signal: aborted })), REASON);
    await connection.read(calm());
    const before = await kit.place.peek();
    assert.equal(
      await failureOf(() => writeBatch(connection, upsert(change(kit, A, 'one')), aborted)),
      REASON,
    );
    await assertHolds(kit.place, before, []);
  });

  test('validates credentials: resolves for good ones, UNAUTHORIZED for others, heeds its signal', async (kit) => {
    const { driver, accepted, refused, callOptions } = kit;
    await driver.validateConnection(accepted, callOptions);
    await assertThrows(() => driver.validateConnection(refused, callOptions), 'UNAUTHORIZED');
    const aborted = { ...callOptions, signal: AbortSignal.abort(REASON) };
    assert.equal(await failureOf(() => driver.validateConnection(accepted, aborted)), REASON);
  });
}

/** Tests the driver's own contract, without an engine. */
export function testConnection(test: Test): void {
  testReads(test);
  testWrites(test);
  testMoved(test);
  testCalls(test);
}
