import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { validate, valueAt } from '../../src/shared/validation.js';

/** A Standard Schema that answers as it is told, such as that of a driver that somebody else wrote. */
const answering = (
  answer: StandardSchemaV1.Result<string> | Promise<StandardSchemaV1.Result<string>>,
): StandardSchemaV1<unknown, string> => ({
  '~standard': { version: 1, vendor: 'test', validate: () => answer },
});

const CODE = { code: 'INVALID_DEFINITION', path: 'destinationConfig' } as const;

describe('what a schema of a driver answers', () => {
  it('is the value, where there is nothing to say against it', () => {
    expect(validate(answering({ value: 'parsed' }), 'given', CODE)).toStrictEqual({ value: 'parsed' });
  });

  it('is a problem where it comes later: decisions do not wait', () => {
    expect(validate(answering(Promise.resolve({ value: 'parsed' })), 'given', CODE)).toStrictEqual({
      problems: [
        {
          ...CODE,
          message: 'its schema is asynchronous or threw; make it return issues',
        },
      ],
    });
  });

  it.each<[string, StandardSchemaV1.Issue['path'], string]>([
    ['in a field', ['region'], 'destinationConfig.region'],
    ['in a field of a field', ['a', 'b'], 'destinationConfig.a.b'],
    ['in an item of a list', ['list', 0, 'name'], 'destinationConfig.list[0].name'],
    ['in what is given as a segment', [{ key: 'list' }, { key: 1 }], 'destinationConfig.list[1]'],
    ['in all of it', [], 'destinationConfig'],
    ['nowhere in particular', undefined, 'destinationConfig'],
  ])('is a problem %s, with its path', (_title, path, shown) => {
    const input = { region: 'x', a: { b: 1 }, list: [{ name: 7 }, 8] };
    const schema = answering({
      issues: [{ message: 'it is wrong', ...(path === undefined ? {} : { path }) }],
    });
    expect(validate(schema, input, CODE)).toStrictEqual({
      problems: [{ code: 'INVALID_DEFINITION', path: shown, message: 'it is wrong' }],
    });
  });

  it('has paths without a root where there is none', () => {
    const schema = answering({ issues: [{ message: 'it is wrong', path: ['a', 0] }, { message: 'no' }] });
    expect(validate(schema, { a: [1] }, { code: 'INVALID_OPTION' })).toStrictEqual({
      problems: [
        { code: 'INVALID_OPTION', path: 'a[0]', message: 'it is wrong' },
        { code: 'INVALID_OPTION', path: '', message: 'no' },
      ],
    });
  });

  it.each<[string, unknown, readonly string[], string]>([
    ['a field is missing', {}, ['region'], 'it is missing; set it'],
    ['a field of a missing one is missing', {}, ['a', 'b'], 'it is missing; set it'],
    ['all of it is missing', undefined, [], 'it is missing; set it'],
    ['a field is null, which is not missing', { region: null }, ['region'], 'it is wrong'],
    ['a field is empty, which is not missing', { region: '' }, ['region'], 'it is wrong'],
    ['all of it is null', null, [], 'it is wrong'],
  ])('says so where %s', (_title, input, path, message) => {
    expect(validate(answering({ issues: [{ message: 'it is wrong', path }] }), input, CODE)).toMatchObject({
      problems: [{ message }],
    });
  });

  it.each<[string, string, string, string]>([
    [
      'what the schema says quotes it',
      'hunter2',
      '"hunter2" is wrong',
      'it is not valid; check it for missing and extra characters',
    ],
    [
      'what the schema says quotes a part of it',
      'correct horse',
      'it begins with corr',
      'it is not valid; check it for missing and extra characters',
    ],
    ['the schema says it in words of its own', 'hunter2', 'use visible ASCII', 'use visible ASCII'],
    ['it is empty', '', 'no "canary"', 'it is empty; set it'],
    ['it contains a line break', 'canary\n', 'no "canary"', 'it contains a line break; remove it'],
    ['it begins with a blank', ' canary', 'no "canary"', 'it begins or ends with a space; remove it'],
  ])(
    'shows nothing of what may be a secret, and says what is wrong with it, where %s',
    (_title, token, said, shown) => {
      const issues = [
        { message: said, path: ['token'] },
        { message: said, path: ['other'] },
      ];
      const discreet = { ...CODE, path: 'credentials', discreet: true };
      expect(validate(answering({ issues }), { token }, discreet)).toStrictEqual({
        problems: [
          { code: 'INVALID_DEFINITION', path: 'credentials.token', message: shown },
          { code: 'INVALID_DEFINITION', path: 'credentials.other', message: 'it is missing; set it' },
        ],
      });
    },
  );

  it('says of a URL that may be a secret that its scheme is missing', () => {
    const issue = { message: 'no URL: api.example.com', path: ['instanceUrl'] };
    const discreet = { ...CODE, path: 'credentials', discreet: true };
    expect(
      validate(answering({ issues: [issue] }), { instanceUrl: 'api.example.com' }, discreet),
    ).toMatchObject({
      problems: [{ message: 'it has no scheme; write it as https://host/path' }],
    });
  });

  it('names unknown fields of what may be a secret only where they look like names of fields', () => {
    const keys = ['acessToken', 'ghp_16C7e42F292c6912E7'];
    const issue = { message: 'unknown', path: [], keys };
    const discreet = { ...CODE, path: 'credentials', discreet: true };
    expect(validate(answering({ issues: [issue] }), {}, discreet)).toMatchObject({
      problems: [
        { path: 'credentials.acessToken', message: 'it is unknown; remove it, or correct its name' },
        { path: 'credentials', message: 'it has 1 more field that is unknown; remove it' },
      ],
    });
  });

  it('names a hundred unknown fields and counts the others', () => {
    const keys = Array.from({ length: 200_000 }, (_, index) => `field${index}`);
    const unknown: StandardSchemaV1.Issue = Object.assign({ message: 'unknown' }, { keys });
    const { problems = [] } = validate(answering({ issues: [unknown] }), {}, CODE);
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)?.message).toBe('it has 199900 more fields that are unknown; remove them');
  });

  it('names each field that is not known', () => {
    const issue = { message: 'unknown', path: ['deep'], keys: ['x', 'y'] };
    const message = 'it is unknown; remove it, or correct its name';
    expect(validate(answering({ issues: [issue] }), { deep: { x: 1, y: 2 } }, CODE)).toStrictEqual({
      problems: [
        { code: 'INVALID_DEFINITION', path: 'destinationConfig.deep.x', message },
        { code: 'INVALID_DEFINITION', path: 'destinationConfig.deep.y', message },
      ],
    });
  });
});

describe('what stands at a path', () => {
  it.each<[unknown, readonly PropertyKey[], unknown]>([
    [{ a: { b: 1 } }, ['a', 'b'], 1],
    [{ a: [7, 8] }, ['a', 1], 8],
    [{ a: 1 }, [], { a: 1 }],
    [{ a: 1 }, ['b'], undefined],
    [{ a: null }, ['a', 'b'], undefined],
    [{ a: 'text' }, ['a', 'length'], undefined],
    [null, ['a'], undefined],
    [undefined, ['a'], undefined],
    [{}, ['constructor'], undefined],
    [{}, ['__proto__'], undefined],
  ])('of %j: %j is %j', (input, path, found) => {
    expect(valueAt(input, path)).toEqual(found);
  });

  it('is read without calling anything', () => {
    const input = {
      get a(): never {
        throw new Error('called');
      },
    };
    expect(valueAt(input, ['a'])).toBeUndefined();
  });
});
