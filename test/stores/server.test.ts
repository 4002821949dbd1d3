import { describe, expect, it } from 'vitest';
import {
  damaged,
  notSaved,
  parseDocument,
  propertyOf,
  statesBelow,
  unreachable,
  unreadable,
} from '../../src/stores/server.js';
import { failure } from '../support/engine.js';

describe('what a store on a server says', () => {
  const broken = { reason: 'the disk is full; free some space', retryable: true };

  it('names the document, the reason and the remedy', () => {
    expect(unreadable('The state "a"', broken)).toMatchObject({
      code: 'STATE_UNREADABLE',
      message: 'The state "a" could not be read: the disk is full; free some space.',
      retryable: true,
    });
    expect(notSaved('a', { ...broken, retryable: false })).toMatchObject({
      code: 'STATE_NOT_SAVED',
      message: 'The state "a" could not be saved: the disk is full; free some space.',
      retryable: false,
    });
    expect(damaged('a', 'it is cut off')).toMatchObject({
      code: 'STATE_UNREADABLE',
      message: 'The state "a" could not be read: it is cut off: restore it, or delete it.',
      retryable: false,
    });
    expect([statesBelow(''), statesBelow('syncs/')]).toEqual(['The state', 'The state below "syncs/"']);
  });

  it('shows nothing of what is stored and is not JSON', async () => {
    expect(parseDocument('a', '{"b":[1]}')).toEqual({ b: [1] });
    const error = await failure(() => parseDocument('a', '{"secret'), 'STATE_UNREADABLE');
    expect(error.message).toBe(
      'The state "a" could not be read: what is stored is not JSON: restore it, or delete it.',
    );
  });

  it.each([
    ['ECONNREFUSED', ' (ECONNREFUSED)'],
    ['E_A', ' (E_A)'],
    ['EA', ''],
    [`E${'A'.repeat(30)}`, ` (E${'A'.repeat(30)})`],
    [`E${'A'.repeat(31)}`, ''],
    ['econnrefused', ''],
    ['XECONNREFUSED', ''],
    ['ECONNREFUSED 127.0.0.1', ''],
    [7, ''],
    [undefined, ''],
  ])('shows, of the code %j of a lost connection, %j', (code, shown) => {
    expect(unreachable('Redis', Object.assign(new Error('no'), { code }))).toEqual({
      reason: `Redis could not be reached, or its response was lost${shown}; check that it runs, and the connection to it`,
      retryable: true,
    });
  });

  it('reads only text, and only of errors', () => {
    expect(propertyOf(new Error('no'), 'message')).toBe('no');
    expect(propertyOf({ message: 'no' }, 'message')).toBe('');
    expect(propertyOf(undefined, 'code')).toBe('');
  });
});
