import { describe, expect, it } from 'vitest';
import { assertStoreKey, stateConflict } from '../../src/stores/store-key.js';
import { failure } from '../support/engine.js';

describe('the key of a state store', () => {
  it.each(['a', 'syncs/1-a', 'a/b/c', 'x'.repeat(200), `${'x'.repeat(200)}/${'y'.repeat(200)}`])(
    'can be %j',
    (key) => {
      expect(() => assertStoreKey(key)).not.toThrow();
    },
  );

  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    'A',
    'a b',
    'a.b',
    '../a',
    'a\n',
    'x'.repeat(201),
    `a/${'x'.repeat(201)}`,
  ])('can not be %j', async (key) => {
    const { message } = await failure(() => assertStoreKey(key), 'INVALID_OPTION');
    expect(message).toContain(
      'is not a key of a state store: use slash-separated segments of a-z, 0-9 and "-", at most 200 characters each.',
    );
  });

  it('is named where another run has changed what it holds', () => {
    expect(stateConflict('syncs/a')).toMatchObject({
      code: 'STATE_CONFLICT',
      message: 'The state "syncs/a" was changed by another run: read it again before writing it.',
      retryable: true,
    });
  });
});
