import { describe, expect, it } from 'vitest';
import { canonicalId, identifier, isUuid, label, uuid } from '../../../src/drivers/support/ids.js';

const UUID = '3f2a1b4c-00aa-4bcd-8def-000000000001';
const messageOf = (schema: typeof identifier | typeof label, input: unknown) =>
  schema.safeParse(input).error?.issues[0]?.message;

describe('an identifier', () => {
  it.each(['a', 'A-z_0.~', '...', '.a', '..a', 'x'.repeat(256), UUID])('can be %j', (id) => {
    expect(identifier.parse(id)).toBe(id);
  });

  it.each(['', '.', '..', 'a/b', 'a b', 'a\n', '%2e', 'ä', 'x'.repeat(257)])('can not be %j', (id) => {
    expect(messageOf(identifier, id)).toBe(
      'it is not an id; use 1 to 256 of A-Z a-z 0-9 _ - . ~, and neither "." nor ".."',
    );
  });

  it('must be a string', () => {
    expect(messageOf(identifier, 1)).toBe('it must be a string');
  });
});

describe('a UUID', () => {
  it.each([UUID, UUID.toUpperCase(), UUID.replaceAll('-', '')])('can be written as %j', (id) => {
    expect(isUuid(id)).toBe(true);
    expect(uuid.parse(id)).toBe(id);
  });

  it.each([
    '',
    `${UUID}0`,
    `0${UUID}`,
    UUID.replace('-', ''),
    UUID.replace('-4', '4'),
    UUID.replace('-8', '8'),
    UUID.replace('-0000', '0000'),
    UUID.replace('a', 'g'),
    UUID.slice(1),
    UUID.slice(0, -1),
    'x'.repeat(32),
  ])('is not %j', (id) => {
    expect(isUuid(id)).toBe(false);
    expect(messageOf(uuid, id)).toBe(
      'it is not a UUID, and the service takes no other id; copy it from the address bar of the console',
    );
  });

  it('must be a string', () => {
    expect(messageOf(uuid, 1)).toBe('it must be a string');
  });
});

describe('a label', () => {
  it('may be missing, and has 256 characters at most', () => {
    expect(label.parse(undefined)).toBeUndefined();
    expect(label.parse('x'.repeat(256))).toHaveLength(256);
    expect(messageOf(label, 'x'.repeat(257))).toBe('it is too long; shorten it to 256 characters');
    expect(messageOf(label, 1)).toBe('it must be a string');
  });
});

describe('canonicalId', () => {
  it.each([
    [UUID, UUID],
    [UUID.toUpperCase(), UUID],
    [UUID.replaceAll('-', ''), UUID],
    ['Project_1', 'Project_1'],
    [`${UUID}0`, `${UUID}0`],
    [`z${UUID}`, `z${UUID}`],
  ])('of %j is %j', (id, canonical) => {
    expect(canonicalId(id)).toBe(canonical);
  });
});
