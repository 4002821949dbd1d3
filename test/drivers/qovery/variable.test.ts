import { describe, expect, it } from 'vitest';
import {
  kindOf,
  typeOf,
  valueOf,
  variableSchema,
  type Variable,
} from '../../../src/drivers/qovery/variable.js';

const ID = '00000000-0000-4000-8000-000000000001';
const variable = (more: Partial<Variable> = {}): Variable => ({ id: ID, key: 'A', ...more });
const parsed = (more: object) => variableSchema.parse({ id: ID, key: 'A', ...more });

describe('a variable in a response', () => {
  it.each([
    ['value', 'text', 7],
    ['is_secret', false, 'false'],
    ['scope', 'PROJECT', 7],
    ['variable_type', 'VALUE', 7],
    ['mount_path', '/a', 7],
    ['description', 'why', {}],
    ['enable_interpolation_in_file', true, 'true'],
    ['owned_by', 'QOVERY', []],
    ['updated_at', '2026-01-02T03:04:05Z', 7],
  ] as const)('has %s, which counts as absent where it is of another type, or null', (name, good, bad) => {
    expect(parsed({ [name]: good })[name]).toBe(good);
    expect(parsed({ [name]: bad })[name]).toBeUndefined();
    expect(parsed({ [name]: null })[name]).toBeUndefined();
    expect(parsed({})[name]).toBeUndefined();
  });

  it.each([
    '2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05.123456Z',
    '2026-01-02t03:04:05z',
    '2026-01-02 03:04:05+00:00',
    '2026-01-02T03:04:05.1-0800',
    '2026-01-02T03:04',
  ])('was changed at %s', (time) => {
    expect(parsed({ updated_at: time }).updated_at).toBe(time);
  });

  it.each([
    'x2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05Zx',
    '26-01-02T03:04:05Z',
    '2026-1-02T03:04:05Z',
    '2026-01-2T03:04:05Z',
    '2026-01-02X03:04:05Z',
    '2026-01-02T03:0',
    `2026-01-02T${'1'.repeat(21)}Z`,
    '2026-01-02T03:04:05+0',
    '2026-01-02T03:04:05+00:00:00',
    'yesterday',
    '',
  ])('was not changed at %j', (time) => {
    expect(parsed({ updated_at: time }).updated_at).toBeUndefined();
  });

  it.each([{ id: 'not-a-uuid' }, { id: 1 }, { key: 1 }, { key: undefined }])(
    'needs an id and a key: %j',
    (more) => {
      expect(variableSchema.safeParse({ id: ID, key: 'A', ...more }).success).toBe(false);
    },
  );
});

describe('the kind and value of a variable', () => {
  it.each([
    [{ is_secret: true }, 'secret', undefined],
    [{ is_secret: true, value: 'masked' }, 'secret', undefined],
    [{ is_secret: false, value: 'text' }, 'variable', 'text'],
    [{ is_secret: false, value: '' }, 'variable', ''],
    [{ is_secret: false }, 'variable', undefined],
    [{ value: 'text' }, 'variable', 'text'],
    [{}, 'secret', undefined],
  ])('%j', (more, kind, value) => {
    expect(kindOf(variable(more))).toBe(kind);
    expect(valueOf(variable(more))?.reveal()).toBe(value);
  });
});

describe('the type of a variable', () => {
  it.each([
    [{ variable_type: 'FILE', scope: 'BUILT_IN' }, 'FILE'],
    [{ scope: 'BUILT_IN', aliased_variable: {} }, 'BUILT_IN'],
    [{ aliased_variable: {}, overridden_variable: {} }, 'ALIAS'],
    [{ aliased_variable: null, overridden_variable: {} }, 'OVERRIDE'],
    [{ aliased_variable: null, overridden_variable: null }, 'VALUE'],
    [{ scope: 'PROJECT' }, 'VALUE'],
    [{}, 'VALUE'],
  ])('%j is %s', (more, type) => {
    expect(typeOf(variable(more))).toBe(type);
  });
});
