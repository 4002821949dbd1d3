import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isSecretSyncError, SecretSyncError } from '../../src/contracts/errors.js';
import { SecretValue } from '../../src/contracts/secret.js';
import { errorFromProblems } from '../../src/shared/problems.js';
import { ERROR_CODES } from '../../src/contracts/error-codes.js';

describe('a secret value', () => {
  const secret = new SecretValue('s3cret');

  it.each<[string, (value: SecretValue) => string]>([
    ['String', String],
    ['a concatenation', (value) => ['a', value].join(' ')],
    ['JSON.stringify', (value) => JSON.stringify([value])],
    ['util.inspect', (value) => inspect({ value }, { showHidden: true, depth: null })],
    ['the key of a record', (value) => Object.keys({ [String(value)]: 1 }).join()],
  ])('shows [redacted] and nothing else in %s', (_, show) => {
    expect(show(secret)).toContain('[redacted]');
    expect(show(secret)).not.toContain('s3cret');
  });

  it('has no field of its own', () => {
    expect(Reflect.ownKeys(secret)).toEqual([]);
    expect(structuredClone(secret)).toEqual({});
  });

  it('gives the text back when asked to, and compares', () => {
    expect(secret.reveal()).toBe('s3cret');
    expect(secret.equals('s3cret')).toBe(true);
    expect(secret.equals(new SecretValue('s3cret'))).toBe(true);
    expect(secret.equals('S3cret')).toBe(false);
    expect(secret.equals(new SecretValue(''))).toBe(false);
    expect([secret.isEmpty, new SecretValue('').isEmpty]).toEqual([false, true]);
  });

  it('is made of a text, or handed back', () => {
    expect(SecretValue.from('a').reveal()).toBe('a');
    expect(SecretValue.from(secret)).toBe(secret);
  });

  it('is known by its mark, also to another copy of the package', () => {
    const foreign = { [Symbol.for('secret-sync-engine.SecretValue')]: true };
    expect([secret, foreign].map((one) => SecretValue.is(one))).toEqual([true, true]);
    const others = [null, undefined, 's3cret', {}, () => 's3cret'];
    expect(others.filter((one) => SecretValue.is(one))).toEqual([]);
    expect(Reflect.get(secret, Symbol.for('secret-sync-engine.SecretValue'))).toBe(true);
  });
});

describe('an error of this package', () => {
  it('says no more than it was given', () => {
    const error = new SecretSyncError('TIMEOUT', 'too slow');
    expect({ ...error }).toEqual({ code: 'TIMEOUT', name: 'SecretSyncError', retryable: false });
    expect(error.message).toBe('too slow');
    expect(Object.hasOwn(error, 'cause')).toBe(false);
    const unset: object = { status: undefined };
    expect(new SecretSyncError('TIMEOUT', 'too slow', unset)).not.toHaveProperty('status');
    expect([error.name, error.retryable, error instanceof Error]).toEqual(['SecretSyncError', false, true]);
  });

  it('keeps what it was given, and hands its cause on as one', () => {
    const cause = new Error('below');
    const error = new SecretSyncError('TIMEOUT', 'too slow', {
      cause,
      retryable: true,
      key: 'A',
      status: 504,
      retryAt: '2026-01-01T00:00:00.000Z',
      maybeWritten: false,
      problems: [],
    });
    expect({ ...error }).toMatchObject({
      retryable: true,
      key: 'A',
      status: 504,
      retryAt: '2026-01-01T00:00:00.000Z',
      maybeWritten: false,
      problems: [],
    });
    expect(error.cause).toBe(cause);
    expect(Object.keys(error)).not.toContain('cause');
  });

  it('is known by its mark and code, also to another copy of the package', () => {
    const error = new SecretSyncError('TIMEOUT', 'too slow');
    const brand = Symbol.for('secret-sync-engine.SecretSyncError');
    expect(Reflect.get(error, brand)).toBe(true);
    const foreign = Object.assign(new Error('x'), { [brand]: true, code: 'TIMEOUT' });
    const nameless = Object.assign(new Error('x'), { [brand]: true });
    expect([error, foreign, nameless].map((one) => isSecretSyncError(one))).toEqual([true, true, true]);
    expect([error, foreign, nameless].map((one) => isSecretSyncError(one, 'TIMEOUT'))).toEqual([
      true,
      true,
      false,
    ]);
    expect(isSecretSyncError(error, 'CONFLICT')).toBe(false);
    expect(isSecretSyncError(Object.assign(new Error('x'), { code: 'TIMEOUT' }), 'TIMEOUT')).toBe(false);
    expect([null, { [brand]: true, code: 'TIMEOUT' }, 'x'].map((one) => isSecretSyncError(one))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('is not taken for one where it throws whatever is asked of it', () => {
    const hostile: unknown = new Proxy(new SecretSyncError('TIMEOUT', 'too slow'), {
      has: () => {
        throw new Error('not yours to know');
      },
    });
    expect(isSecretSyncError(hostile)).toBe(false);
  });

  it('keeps a message of 16 KB, and of a longer one what fits, with the number of the others', () => {
    const messageOf = (message: string) => new SecretSyncError('TIMEOUT', message).message;
    for (const whole of ['x'.repeat(16_384), '€'.repeat(5_461), 'é'.repeat(8_192)])
      expect(messageOf(whole)).toBe(whole);
    const kept = 16_384 - 64;
    expect(messageOf('x'.repeat(16_385))).toBe(`${'x'.repeat(kept)} … (65 more characters were left out)`);
    expect(messageOf('€'.repeat(5_462))).toBe(`${'€'.repeat(5_440)} … (22 more characters were left out)`);
  });

  it('keeps its problems as they are, but for a message that is too long', () => {
    const short = { code: 'TIMEOUT', key: 'A', message: 'too slow' } as const;
    const long = { ...short, message: 'x'.repeat(20_000) };
    const { problems = [] } = new SecretSyncError('TIMEOUT', 'too slow', { problems: [short, long] });
    expect(problems[0]).toBe(short);
    expect(problems[1]).toMatchObject({ code: 'TIMEOUT', key: 'A' });
    expect(problems[1]?.message).toMatch(/ … \(3680 more characters were left out\)$/);
  });

  it('has each code once', () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
    expect(ERROR_CODES.every((code) => /^[A-Z_]{8,}$|^TIMEOUT$|^CONFLICT$/.test(code))).toBe(true);
  });
});

describe('one error for many problems', () => {
  const missing = { code: 'INVALID_OPTION', path: 'source', message: 'it is missing' } as const;
  const unsafe = { code: 'UNSAFE_URL', message: 'it is not safe' } as const;
  const ofKey = { code: 'INVALID_OPTION', key: 'A', message: 'it is wrong' } as const;

  it('has the code that all share, else the general one', () => {
    expect(errorFromProblems('INVALID_DEFINITION', 'x', [missing, ofKey]).code).toBe('INVALID_OPTION');
    expect(errorFromProblems('INVALID_DEFINITION', 'x', [missing, unsafe]).code).toBe('INVALID_DEFINITION');
    expect(errorFromProblems('INVALID_DEFINITION', 'x', []).code).toBe('INVALID_DEFINITION');
  });

  it('names each, on one line or on lines of their own', () => {
    const one = errorFromProblems('INVALID_OPTION', 'The options are not valid', [missing]);
    expect(one.message).toBe('The options are not valid: "source": it is missing');
    expect(one.problems).toEqual([missing]);
    const rootless = errorFromProblems('INVALID_OPTION', 'No', [{ ...missing, path: '' }]);
    expect(rootless.message).toBe('No: it is missing');
    const many = errorFromProblems('INVALID_OPTION', 'No', [missing, unsafe, ofKey], { retryable: true });
    expect(many.message).toBe('No:\n- "source": it is missing\n- it is not safe\n- "A": it is wrong');
    expect(many.retryable).toBe(true);
  });
});
