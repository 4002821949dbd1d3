import { describe, expect, it } from 'vitest';
import { accessToken, baseUrlText } from '../../../src/drivers/support/credentials.js';

const messageOf = (schema: typeof accessToken | typeof baseUrlText, input: unknown) =>
  schema.safeParse(input).error?.issues[0]?.message;

describe('an access token', () => {
  it.each(['t', '!token~', 'x'.repeat(8192)])('can be %j', (token) => {
    expect(accessToken.parse(token)).toBe(token);
  });

  it.each(['', 'a b', 'token\n', '\ttoken', 'tökén', 'x'.repeat(8193)])('can not be %j', (token) => {
    expect(messageOf(accessToken, token)).toBe(
      'it is not a token; use visible ASCII characters only, without spaces and line breaks',
    );
  });

  it('must be a string', () => {
    expect(messageOf(accessToken, 1)).toBe('it must be a string');
  });
});

describe('the text of a base URL', () => {
  it('may be missing, and is a URL otherwise', () => {
    expect(baseUrlText.parse(undefined)).toBeUndefined();
    expect(baseUrlText.parse('https://api.example.com/base')).toBe('https://api.example.com/base');
    expect(messageOf(baseUrlText, 'api.example.com')).toBe('it is not a URL; write it as https://host/path');
    expect(messageOf(baseUrlText, 1)).toBe('it must be a string');
  });
});
