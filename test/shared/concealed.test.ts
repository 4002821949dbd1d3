import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { concealed, unconcealed } from '../../src/shared/concealed.js';

const given = { token: 's3cret', organizationId: 'acme' };

describe('concealed credentials', () => {
  const credentials = concealed(given);

  it('are read by name', () => {
    expect([credentials.token, credentials.organizationId]).toEqual(['s3cret', 'acme']);
    expect(['token' in credentials, 'other' in credentials]).toEqual([true, false]);
    expect(Reflect.get(credentials, 'other')).toBeUndefined();
  });

  it.each<[string, (value: object) => unknown]>([
    ['JSON.stringify', JSON.stringify],
    ['JSON.stringify of what holds them', (value) => JSON.stringify({ value })],
    ['inspect', inspect],
    ['inspect of what holds them', (value) => inspect({ value }, { depth: null })],
  ])('show [redacted] and nothing else in %s', (_, show) => {
    expect(show(credentials)).toContain('[redacted]');
    expect(show(credentials)).not.toMatch(/s3cret|acme/);
  });

  it('have no fields to list or copy', () => {
    expect(Object.keys(credentials)).toEqual([]);
    expect({ ...credentials }).toEqual({});
    expect(inspect(credentials, { showProxy: true, customInspect: false })).not.toMatch(/s3cret|acme/);
  });

  it('can not be changed, and do not follow changes of what was given', () => {
    const object = { token: 's3cret' };
    const copy = concealed(object);
    object.token = 'other';
    expect(() => {
      copy.token = 'other';
    }).toThrow(TypeError);
    expect(() => Object.defineProperty(copy, 'token', { value: 'other' })).toThrow(TypeError);
    expect(copy.token).toBe('s3cret');
  });

  it('are shown whole to a schema that asks for all fields', () => {
    expect(unconcealed(credentials)).toEqual(given);
  });

  it.each([null, undefined, 'text', 0, given, unconcealed])('leave %s as it is', (value) => {
    expect(unconcealed(value)).toBe(value);
  });
});
