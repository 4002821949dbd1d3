import assert from 'node:assert/strict';
import type { DestinationConnection, WriteBatch, WriteOutcome } from '../../../contracts/destination.js';
import type { ErrorCode } from '../../../contracts/error-codes.js';
import { isSecretSyncError } from '../../../contracts/errors.js';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { calm, failureOf } from '../calls.js';
import type { DriverPlace } from './fixture.js';

/** Parses by a Standard Schema that must return its result, not a promise. */
export function parse(schema: StandardSchemaV1, input: unknown): StandardSchemaV1.Result<unknown> {
  const result = schema['~standard'].validate(input);
  assert(!(result instanceof Promise), 'the schema is asynchronous');
  return result;
}

/** The parsed value; fails where there are issues. */
export function parsed(schema: StandardSchemaV1, input: unknown): unknown {
  const result = parse(schema, input);
  assert(result.issues === undefined, 'the schema refuses what the fixture gives');
  return result.value;
}

/** Fails unless the call throws a `SecretSyncError` of this code. */
export async function assertThrows(call: () => unknown, code: ErrorCode): Promise<void> {
  const error = await failureOf(call);
  assert(
    isSecretSyncError(error),
    `it threw no SecretSyncError but ${error instanceof Error ? error.name : typeof error}`,
  );
  assert.equal(error.code, code);
}

/**
 * Fails unless a place holds what it held `before`, with these changes; `undefined` stands for a deletion. Only keys
 * are shown, since a failed comparison of values would print them.
 */
export async function assertHolds(
  place: DriverPlace,
  before: ReadonlyMap<string, string>,
  changes: readonly (readonly [key: string, value: string | undefined])[],
): Promise<void> {
  const expected = new Map(before);
  for (const [key, value] of changes) {
    if (value === undefined) expected.delete(key);
    else expected.set(key, value);
  }
  const found = await place.peek();
  assert.deepEqual(
    [...found.keys()].sort(),
    [...expected.keys()].sort(),
    'other keys exist there than should',
  );
  const different = [...expected].filter(([key, value]) => found.get(key) !== value).map(([key]) => key);
  assert.deepEqual(different, [], 'these keys have another value than they should');
}

/** Writes a batch of frozen changes; fails unless each key has one outcome, the same in what is returned as was reported. */
export async function writeBatch(
  connection: DestinationConnection,
  batch: WriteBatch,
  signal = calm().signal,
): Promise<Map<string, WriteOutcome>> {
  const told: WriteOutcome[] = [];
  for (const change of batch.changes) Object.freeze(change);
  Object.freeze(batch.changes);
  const answered = await connection.write(Object.freeze(batch), {
    signal,
    onOutcome: (outcome) => void told.push(outcome),
  });
  const describe = (outcomes: readonly WriteOutcome[]) =>
    outcomes.map(({ key, status }) => `${key} ${status}`).sort();
  assert.deepEqual(
    describe(told),
    describe(answered),
    'the outcomes that were reported are not those that were returned',
  );
  const keys = answered.map(({ key }) => key);
  assert.equal(new Set(keys).size, keys.length, 'a key has more than one outcome');
  return new Map(answered.map((outcome) => [outcome.key, outcome]));
}
