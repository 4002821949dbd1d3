import { describe, expect, it } from 'vitest';
import { SecretValue } from '../../../src/contracts/secret.js';
import { createBody, editBody, listQuery, overrideBody } from '../../../src/drivers/qovery/bodies.js';

const place = { scope: 'ENVIRONMENT', parentId: 'e' } as const;
const value = new SecretValue('1');
const variable = { key: 'A', value, kind: undefined };
const extras = { description: 'why', enable_interpolation_in_file: false };

describe('a body', () => {
  it.each([
    [undefined, true],
    ['secret', true],
    ['variable', false],
  ])('of a create of the kind %j says whether it is a secret: %j', (kind, isSecret) => {
    expect(createBody(place, { ...variable, kind })).toEqual({
      key: 'A',
      value,
      is_secret: isSecret,
      variable_scope: 'ENVIRONMENT',
      variable_parent_id: 'e',
    });
  });

  it('of an override has no key', () => {
    expect(overrideBody(place, variable)).toEqual({
      value,
      override_scope: 'ENVIRONMENT',
      override_parent_id: 'e',
    });
  });

  it('of an edit has a key and a value only', () => {
    expect(editBody(variable)).toEqual({ key: 'A', value });
  });

  it('sends along what would be lost', () => {
    const with_ = { ...variable, extras };
    expect(createBody(place, with_)).toMatchObject(extras);
    expect(overrideBody(place, with_)).toMatchObject(extras);
    expect(editBody(with_)).toEqual({ key: 'A', value, ...extras });
    expect(editBody({ ...variable, extras: { description: '' } })).toEqual({
      key: 'A',
      value,
      description: '',
    });
  });

  it('is none of a list, which has a query', () => {
    expect(listQuery(place)).toEqual({ parent_id: 'e', scope: 'ENVIRONMENT' });
  });
});
