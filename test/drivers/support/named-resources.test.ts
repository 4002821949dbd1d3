import { describe, expect, it } from 'vitest';
import { listed, namedList, sortByName } from '../../../src/drivers/support/named-resources.js';
import { failure } from '../../support/engine.js';

describe('sortByName', () => {
  it('sorts by name, then by id, and leaves what it was given as it is', () => {
    const given = [
      { id: '2', name: 'b' },
      { id: '3', name: 'a' },
      { id: '1', name: 'b' },
      { id: '1', name: 'b' },
    ];
    const copy = structuredClone(given);
    expect(sortByName(given)).toEqual([
      { id: '3', name: 'a' },
      { id: '1', name: 'b' },
      { id: '1', name: 'b' },
      { id: '2', name: 'b' },
    ]);
    expect(given).toEqual(copy);
  });

  it('refuses what is no list of objects', async () => {
    await failure(() => sortByName([1] as never), 'INVALID_OPTION');
  });
});

describe('listed', () => {
  it('shows what was listed, sorted', () => {
    const resources = [
      { id: '2', name: 'b' },
      { id: '1', name: 'a' },
    ];
    expect(listed('Hasura Cloud', { accessToken: 'long-enough-token' }, resources)).toEqual(
      sortByName(resources),
    );
  });

  it.each([
    ['a name', { id: '1', name: 'shop long-enough-token' }],
    ['an id', { id: 'long-enough-token', name: 'shop' }],
  ])('shows nothing where %s holds the credentials', async (_, resource) => {
    const list = () => listed('Hasura Cloud', { accessToken: 'long-enough-token' }, [resource]);
    const error = await failure(list, 'INVALID_RESPONSE');
    expect(error.message).toBe(
      'Hasura Cloud returned a list that holds the credentials of this call; it is not shown. ' +
        'Check the URL, and whether a proxy echoes requests.',
    );
  });
});

describe('namedList', () => {
  it.each([[[{ id: 1, name: 'a' }]], [[{ id: '1' }]], [{}]])('does not take %j', (input) => {
    expect(namedList.safeParse(input).success).toBe(false);
  });
});
