import { describe, expect, it } from 'vitest';
import { graphqlError } from '../../../src/drivers/hasura-cloud/graphql-error.js';

const QUERY = { operation: 'list the projects', field: 'projects' };
const MUTATION = {
  operation: 'set the variables of the project',
  field: 'updateTenantEnv',
  changedKeys: ['PORT', 'maintenance_window'],
};

const UNAUTHORIZED = 'the access token is not accepted. Check it';
const FORBIDDEN = 'the access token does not allow it. Check the rights of its owner';
const NOT_FOUND = 'it does not exist, or is not shown to the access token. Check the ids';
const INTERNAL = 'Hasura Cloud had an internal error. Try again later';
const MAINTENANCE =
  "the project is in maintenance mode, in which its environment can't be changed. Turn it off in the console, or try again later";
const REFUSED_QUERY =
  'Hasura Cloud refused, for a reason that is not shown since it can hold secrets. Check in its console';
const REFUSED_MUTATION =
  'Hasura Cloud refused. Check in its console whether the project is in maintenance mode and takes these keys';

const withCode = (code: unknown) => [{ message: 'no', extensions: { code } }];

describe('the error of a query', () => {
  it.each([
    ['access-denied', 'UNAUTHORIZED', UNAUTHORIZED, false],
    ['unauthenticated', 'UNAUTHORIZED', UNAUTHORIZED, false],
    ['UNAUTHORIZED', 'UNAUTHORIZED', UNAUTHORIZED, false],
    ['invalid-headers', 'UNAUTHORIZED', UNAUTHORIZED, false],
    ['invalid-jwt', 'UNAUTHORIZED', UNAUTHORIZED, false],
    ['INVALID_TOKEN', 'UNAUTHORIZED', UNAUTHORIZED, false],
    ['forbidden', 'FORBIDDEN', FORBIDDEN, false],
    ['permission-denied', 'FORBIDDEN', FORBIDDEN, false],
    ['permission-error', 'FORBIDDEN', FORBIDDEN, false],
    ['not-found', 'NOT_FOUND', NOT_FOUND, false],
    ['not-exists', 'NOT_FOUND', NOT_FOUND, false],
    ['internal-server-error', 'DESTINATION_UNAVAILABLE', INTERNAL, true],
    ['generic-server-error', 'DESTINATION_UNAVAILABLE', INTERNAL, true],
    ['unexpected', 'DESTINATION_UNAVAILABLE', INTERNAL, true],
    ['maintenance', 'DESTINATION_UNAVAILABLE', MAINTENANCE, true],
    ['under-maintenance', 'DESTINATION_UNAVAILABLE', MAINTENANCE, true],
    ['MAINTENANCE_MODE', 'DESTINATION_UNAVAILABLE', MAINTENANCE, true],
    // Only what is known as a whole counts.
    ['not-access-denied', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['access-denied-not', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['not-forbidden', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['forbidden-word', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['is-not-found', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['not-found-yet', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['quite-unexpected', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['unexpected-end', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['no-maintenance', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    ['maintenance-model', 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    [7, 'DESTINATION_REJECTED', REFUSED_QUERY, false],
    [null, 'DESTINATION_REJECTED', REFUSED_QUERY, false],
  ])('with the code %j is %s', (code, expected, reason, retryable) => {
    const error = graphqlError(QUERY, withCode(code));
    expect(error).toMatchObject({ code: expected, retryable, maybeWritten: false, status: 200 });
    expect(error.message).toBe(`Could not list the projects: ${reason}.`);
  });

  it.each([
    ['at the top', [{ code: 'not-found' }]],
    ['in a single error', { code: 'not-found' }],
    ['below errors', { errors: [{ extensions: { code: 'not-found' } }] }],
    ['below error', { error: { code: 'not-found' } }],
    ['in JSON in the message', [{ message: '{"code":"not-found"}' }]],
    ['in JSON in JSON', [{ message: JSON.stringify(JSON.stringify({ code: 'not-found' })) }]],
    ['in a list in JSON', [{ message: ' [{"code":"not-found"}]' }]],
    ['in a message that is an object', [{ message: { code: 'not-found' } }]],
  ])('has its code %s', (_, errors) => {
    expect(graphqlError(QUERY, errors).code).toBe('NOT_FOUND');
  });

  it.each([
    ['in a field that holds other things', [{ path: { code: 'not-found' } }]],
    ['in a field whose name only begins so', [{ messages: { code: 'not-found' } }]],
    ['in a field whose name only ends so', [{ lasterror: { code: 'not-found' } }]],
    ['in text that is not JSON', [{ message: '{"code":"not-found"' }]],
    ['in JSON after other text', [{ message: 'x {"code":"not-found"}' }]],
    ['too deep', [[[[[[[[[{ code: 'not-found' }]]]]]]]]]],
    ['in none', null],
  ])('has no code %s', (_, errors) => {
    expect(graphqlError(QUERY, errors).code).toBe('DESTINATION_REJECTED');
  });

  it('is looked at as deep as 8 levels, and in 100 errors', () => {
    const nested = (depth: number): unknown => (depth === 0 ? { code: 'not-found' } : [nested(depth - 1)]);
    expect(graphqlError(QUERY, nested(8)).code).toBe('NOT_FOUND');
    expect(graphqlError(QUERY, nested(9)).code).toBe('DESTINATION_REJECTED');
    const others = (count: number) => Array.from({ length: count }, () => ({ message: 'no' }));
    expect(graphqlError(QUERY, [...others(99), { code: 'not-found' }]).code).toBe('NOT_FOUND');
    expect(graphqlError(QUERY, [...others(100), { code: 'not-found' }]).code).toBe('DESTINATION_REJECTED');
  });

  it('is about maintenance where a word of it says so', () => {
    const error = graphqlError(QUERY, [{ message: 'the project is under maintenance' }]);
    expect(error.message).toBe(`Could not list the projects: ${MAINTENANCE}.`);
    expect(graphqlError(QUERY, [{ message: 'maintenances' }]).code).toBe('DESTINATION_REJECTED');
  });
});

describe('a schema without the field that was asked for', () => {
  const unknown = (message: string, code = 'validation-failed') =>
    graphqlError(QUERY, [{ message, extensions: { code } }]).code;

  it.each([
    [`field "projects" not found in type: 'query_root'`],
    [`field 'projects' not found in type: 'query_root'`],
    [`field 'projects' not found in type: 'mutation_root'`],
  ])('is a refused token: %s', (message) => {
    expect(unknown(message)).toBe('UNAUTHORIZED');
  });

  it.each([
    [`field 'other' not found in type: 'query_root'`, 'validation-failed'],
    [`field 'projects" not found in type: 'query_root'`, 'validation-failed'],
    [`field 'projects' not found in type: 'subscription_root'`, 'validation-failed'],
    [`field 'projects' not found in type: 'query_root'`, 'other'],
    ['no mutations exist', 'validation-failed'],
  ])('is none: %s, %s', (message, code) => {
    expect(unknown(message, code)).toBe('DESTINATION_REJECTED');
  });

  it.each([
    ['no mutations exist', 'UNAUTHORIZED'],
    ['there no mutations exist', 'DESTINATION_REJECTED'],
  ])('may say of a mutation %j: %s', (message, code) => {
    const errors = [{ message, extensions: { code: 'validation-failed' } }];
    const error = graphqlError(MUTATION, errors);
    expect(error).toMatchObject({ code, maybeWritten: code !== 'UNAUTHORIZED' });
  });
});

describe('the error of a mutation', () => {
  it.each([
    ['internal-server-error', 'DESTINATION_REJECTED', REFUSED_MUTATION, false],
    ['maintenance', 'DESTINATION_UNAVAILABLE', MAINTENANCE, true],
    ['forbidden', 'FORBIDDEN', FORBIDDEN, false],
    ['other', 'DESTINATION_REJECTED', REFUSED_MUTATION, false],
  ])('with the code %j is %s, and it may have been carried out', (code, expected, reason, retryable) => {
    const error = graphqlError(MUTATION, withCode(code));
    expect(error).toMatchObject({ code: expected, retryable, maybeWritten: true, status: 200 });
    expect(error.message).toBe(`Could not set the variables of the project: ${reason}.`);
  });

  it('names the changed keys that it mentions as words, and nothing else of it', () => {
    const errors = [{ message: 'PORT is 5432 like SUPPORT, and so is maintenance_window2' }];
    expect(graphqlError(MUTATION, errors).message).toBe(
      `Could not set the variables of the project: ${REFUSED_MUTATION}; its response names "PORT".`,
    );
  });

  it('is not about maintenance where that is a key', () => {
    const errors = [{ message: 'maintenance is not a valid name' }];
    const asked = { ...MUTATION, changedKeys: ['maintenance'] };
    expect(graphqlError(asked, errors).code).toBe('DESTINATION_REJECTED');
    expect(graphqlError(MUTATION, errors).code).toBe('DESTINATION_UNAVAILABLE');
  });

  it('is looked at in the first 65,536 characters of a message', () => {
    const keys = { ...MUTATION, changedKeys: ['KEY'] };
    const message = (length: number) =>
      graphqlError(keys, [{ message: `${'x'.repeat(length)} KEY` }]).message;
    expect(message(65_532)).toContain('names "KEY"');
    expect(message(65_533)).not.toContain('names');
  });
});
