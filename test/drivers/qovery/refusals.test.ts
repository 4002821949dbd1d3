import { describe, expect, it } from 'vitest';
import { levelOfExisting, missing, missingOrTaken } from '../../../src/drivers/qovery/refusals.js';

const refusal = (body: unknown, status = 400) => ({ status, body });

describe('a refusal', () => {
  it.each([
    [refusal({ detail: 'The environment does not Exist' }), 'NOT_FOUND'],
    [refusal({ message: 'does not exist' }), 'NOT_FOUND'],
    [refusal({ error: 'does not exist' }), 'NOT_FOUND'],
    [refusal({ detail: 7, error: 'does not exist' }), 'NOT_FOUND'],
    [refusal({ reason: 'does not exist' }), undefined],
    [refusal({ detail: 'no' }), undefined],
    [refusal({ detail: 'does not exist' }, 409), undefined],
    [refusal({}), undefined],
    [refusal('does not exist'), undefined],
    [refusal(null), undefined],
    [refusal(undefined), undefined],
  ])('%j of a missing resource is %j', (said, code) => {
    expect(missing(said)).toBe(code);
  });

  it.each([
    [refusal({ detail: 'the key already exists' }), 'CONFLICT'],
    [refusal({ detail: 'ALREADY taken' }), 'CONFLICT'],
    [refusal({ detail: 'A variable with this key Exists.' }), 'CONFLICT'],
    [refusal({ detail: 'does not exist' }), 'NOT_FOUND'],
    [refusal({ detail: 'existsence' }), 'NOT_FOUND'],
    [refusal({ detail: 'no' }), undefined],
    [refusal({ detail: 'the key already exists' }, 422), undefined],
  ])('%j of a create is %j', (said, code) => {
    expect(missingOrTaken(said)).toBe(code);
  });
});

describe('the level of the variable that is in the way', () => {
  it.each([
    ['service', 'service'],
    ['environment', 'environment'],
    ['project', 'project'],
    ['organization', 'organization'],
    ['cluster', undefined],
  ])('by %s_id is %j', (name, level) => {
    expect(levelOfExisting({ existing_variable: { [`${name}_id`]: 'x' } })).toBe(level);
  });

  it('is the narrowest one, and needs an id', () => {
    const at = (existing: object) => levelOfExisting({ existing_variable: existing });
    expect(at({ organization_id: 'o', project_id: 'p' })).toBe('project');
    expect(at({ environment_id: null, project_id: 'p' })).toBe('project');
    expect(at({})).toBeUndefined();
    expect(levelOfExisting({})).toBeUndefined();
    expect(levelOfExisting(undefined)).toBeUndefined();
  });
});
