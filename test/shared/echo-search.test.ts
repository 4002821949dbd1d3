import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEchoSearch, readingsOf } from '../../src/shared/echo-search.js';
import { createCanaries } from '../../src/testing/leaks/canaries.js';
import { needlesOfPiece } from '../../src/testing/leaks/needles.js';

const finder = (secrets: readonly string[], contained?: number) => {
  const search = createEchoSearch(contained);
  for (const secret of secrets) search.add(secret);
  return (text: string) => search.finds(readingsOf(text));
};

describe('the search for echoes', () => {
  const { values, tokens } = createCanaries();

  it.each([...values, ...tokens].map(({ name, text }) => [name, text] as const))(
    'finds a secret in each encoding that the leak tests know: %s',
    (_name, text) => {
      const finds = finder([text]);
      const needles = needlesOfPiece(text).filter(({ form }) => !form.startsWith('base64'));
      const encoded = [0, 1, 2].map((offset) => {
        const all = Buffer.from(`${'-'.repeat(offset)}${text}${offset === 0 ? '' : '--'}`, 'utf8');
        return [all.toString('base64'), all.toString('base64url')];
      });
      // What is shorter than 16 bytes is found as the whole of a text only.
      const isLong = Buffer.byteLength(text) >= 16;
      for (const one of isLong ? encoded.flat() : (encoded[0] ?? [])) expect(finds(one), one).toBe(true);
      for (const { form, text: needle } of needles) {
        for (const more of isLong ? ['', '.', ' of '] : ['']) {
          expect(finds(`${more}${needle}${more}`), `${form} ${more}`).toBe(true);
        }
      }
    },
  );

  it.each([
    ['a line of several', 'first line\nthe second line, which is secret', 'the second line, which is secret'],
    ['a string of JSON', '{"user":"x","password":"correct horse battery"}', 'correct horse battery'],
    ['a segment of a token', 'eyJhbGciOi.c2VnbWVudC1vZi1h.c2lnbmF0dXJlLW9m', 'c2lnbmF0dXJlLW9m'],
  ])('finds a part that is secret by itself: %s', (_what, secret, part) => {
    expect(finder([secret])(`id-${part}`)).toBe(true);
  });

  it('finds a short secret as the whole of a text only, and none that is a word', () => {
    const finds = finder(['hunter2hunter', 'short']);
    expect(finds('hunter2hunter')).toBe(true);
    expect(finds(btoa('hunter2hunter'))).toBe(true);
    expect(finds('eu-hunter2hunter-1')).toBe(false);
    expect(finds('short')).toBe(false);
    expect(finder(['hunter2hunter'], 8)('eu-hunter2hunter-1')).toBe(true);
  });

  it('finds any secret of 16 bytes and more anywhere, raw and in base64, and nothing where it is not', () => {
    const anySecret = fc.string({ unit: 'grapheme', minLength: 16, maxLength: 60 });
    fc.assert(
      fc.property(anySecret, fc.string(), fc.string(), (secret, before, after) => {
        const finds = finder([secret]);
        expect(finds(before + secret + after)).toBe(true);
        const bytes = Buffer.from(before + secret + after, 'utf8');
        expect(finds(bytes.toString('base64'))).toBe(true);
        expect(finds(bytes.toString('hex'))).toBe(true);
        expect(finds('0b5e7a30-1c2d-4e5f-8a9b-0c1d2e3f4a5b')).toBe(false);
      }),
    );
  });

  it('takes a text of a megabyte in linear time', () => {
    const finds = finder(['a secret that is nowhere in it']);
    for (const text of [
      '%41'.repeat(300_000),
      '\\u0041'.repeat(150_000),
      'A'.repeat(1_000_000),
      '&lt;'.repeat(250_000),
    ]) {
      expect(finds(text)).toBe(false);
    }
  });
});
