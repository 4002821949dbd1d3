import { describe, expect, it } from 'vitest';
import { byText, checkText, compareText, quote, quoteList } from '../../src/shared/text.js';

describe('a quoted text', () => {
  it.each([
    ['plain', '"plain"'],
    ['a "b" \\c', '"a \\"b\\" \\\\c"'],
    ['line\nbreak', '"line\\nbreak"'],
    ['\u001b[31m', '"\\u001b[31m"'],
    ['\u007f', '"\\u007f"'],
    ['\u0080\u009f', '"\\u0080\\u009f"'],
    ['\u00ad', '"\\u00ad"'],
    ['\u061c\u180e', '"\\u061c\\u180e"'],
    ['\u200b\u200f', '"\\u200b\\u200f"'],
    ['\u2028\u202e', '"\\u2028\\u202e"'],
    ['\u2060\u206f', '"\\u2060\\u206f"'],
    ['\ufeff\ufff9\ufffb', '"\\ufeff\\ufff9\\ufffb"'],
    ['\u00a0\u034f\u115f\u3164\ufe0f', '"\\u00a0\\u034f\\u115f\\u3164\\ufe0f"'],
    ['\u{e0041}', '"\\udb40\\udc41"'],
    ['\u{1f600}', '"\u{1f600}"'],
    ['\u00e9\u4e2d', '"\u00e9\u4e2d"'],
  ])('%j is shown without anything that acts or hides', (text, shown) => {
    expect(quote(text)).toBe(shown);
  });

  it('stands in a row with others, of which the ones past the most are counted', () => {
    expect(quoteList([])).toBe('');
    expect(quoteList(['a', 'b\n'])).toBe('"a", "b\\n"');
    expect(quoteList(['a', 'b'], 2)).toBe('"a", "b"');
    expect(quoteList(['a', 'b', 'c', 'd'], 2)).toBe('"a", "b" and 2 more');
    const many = Array.from({ length: 51 }, (_, index) => String(index));
    expect(quoteList(many)).toMatch(/"49" and 1 more$/);
    expect(quoteList(many.slice(1))).toMatch(/, "50"$/);
  });

  it('is quoted in full up to 1,024 characters, past which the others are counted', () => {
    expect(quote('x'.repeat(1_024))).toBe(`"${'x'.repeat(1_024)}"`);
    expect(quote('x'.repeat(1_027))).toBe(`"${'x'.repeat(1_024)}" and 3 more characters`);
  });
});

describe('a text that an environment variable can hold', () => {
  it.each(['', 'plain', 'line\nbreak', '\u{1f600}', '\ufffd'])('can be %j', (text) => {
    expect(checkText(text)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [5, 'it is not a string; make it one'],
    [undefined, 'it is not a string; make it one'],
    ['a\0b', 'it contains a NUL character; remove it'],
    ['a\ud83d', 'it contains half of a surrogate pair; write it as valid Unicode'],
    ['\ude00b', 'it contains half of a surrogate pair; write it as valid Unicode'],
  ])('can not be %j', (value, why) => {
    expect(Reflect.apply(checkText, undefined, [value])).toBe(why);
  });
});

describe('two texts', () => {
  it.each([
    ['A', 'B', -1],
    ['B', 'A', 1],
    ['A', 'A', 0],
    ['', 'A', -1],
    ['Z', 'a', -1],
    ['z', 'é', -1],
    ['\u{1f511}', '\uffff', -1],
  ])('%j and %j are ordered by code unit: %i', (first, second, order) => {
    expect(compareText(first, second)).toBe(order);
    expect(byText((item: { text: string }) => item.text)({ text: first }, { text: second })).toBe(order);
  });
});
