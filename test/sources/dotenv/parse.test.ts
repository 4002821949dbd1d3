import { parse } from 'dotenv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairsOf, parseDotenvText } from '../../../src/sources/dotenv/parse.js';

const assignments = (text: string) => {
  const parsed = parseDotenvText(text);
  expect(parsed.malformed).toEqual([]);
  return pairsOf(parsed);
};
const malformedLines = (text: string) => parseDotenvText(text).malformed.map(({ line }) => line);

describe('parseDotenvText', () => {
  it.each<[string, string, string]>([
    ['a plain value', 'A=1', '1'],
    ['an empty value', 'A=', ''],
    ['an empty quoted value', 'A=""', ''],
    ['blanks around', '  A = 1 \t', '1'],
    ['export', 'export A=1', '1'],
    ['an equals sign in a value', 'A=b=c==', 'b=c=='],
    ['a hash in a plain value, which begins a comment', 'A=b#c', 'b'],
    ['a hash in a quoted value', 'A="b#c" # d', 'b#c'],
    ['a comment after a value', 'A=1 # b', '1'],
    ['a comment alone after the sign', 'A= # b', ''],
    ['single quotes', "A='x\\ny'", 'x\\ny'],
    ['double quotes, in which \\n is a line break', 'A="x\\ny"', 'x\ny'],
    ['backticks', 'A=`"x" \'y\'`', '"x" \'y\''],
    ['blanks within quotes', 'A=" x "', ' x '],
    ['several lines in double quotes', 'A="x\ny\n\nz"', 'x\ny\n\nz'],
    ['several lines in single quotes', "A='x\n#y\nB=z'", 'x\n#y\nB=z'],
    ['an escaped quote, kept as it is', 'A="x\\"y"', 'x\\"y'],
    ['a backslash before the closing quote', "A='C:\\dir\\'", 'C:\\dir\\'],
    ['a quote within a plain value', "A=it's", "it's"],
    ['a colon in place of the sign', 'A: 1', '1'],
    ['a colon and nothing', 'A: ', ''],
    ['a colon and quotes', 'A:  "1"', '1'],
    ['a colon within a value', 'A=http://host', 'http://host'],
    ['JSON', 'A={"b": [1]}', '{"b": [1]}'],
    ['a dollar sign, which is not expanded', 'A=$B${C}', '$B${C}'],
    ['carriage returns', 'A=1\r', '1'],
    ['carriage returns within quotes', 'A="x\r\ny"\r\n', 'x\ny'],
  ])('reads %s as dotenv does', (_, text, value) => {
    expect(assignments(text)).toEqual([['A', value]]);
    expect(parse(text)).toEqual({ A: value });
  });

  it('reads names with dots, dashes and digits, and one that is called export', () => {
    expect(assignments('a.b-C_1=1\n1=2\nexport=3')).toEqual([
      ['a.b-C_1', '1'],
      ['1', '2'],
      ['export', '3'],
    ]);
  });

  it('keeps what dotenv loses: a name that stands twice, and __proto__', () => {
    expect(assignments('A=1\n__proto__=2\nA=3\nconstructor=4')).toEqual([
      ['A', '1'],
      ['__proto__', '2'],
      ['A', '3'],
      ['constructor', '4'],
    ]);
  });

  it('skips blank lines and comments, whatever they hold', () => {
    expect(assignments('\n \t\n# A=1\n  #"\nB=2\n#')).toEqual([['B', '2']]);
  });

  it.each([
    ['words', 'some words'],
    ['a name alone', 'A'],
    ['export alone', 'export A'],
    ['no name', '=1'],
    ['a name with a blank in it', 'A B=1'],
    ['a name of other letters', 'ä=1'],
    ['a colon without a blank', 'A:1'],
    ['a colon at the end of the line, where dotenv would take the next line', 'A:'],
    ['an open double quote', 'A="1'],
    ['an open single quote', "A='1"],
    ['an open backtick', 'A=`1'],
    ['text after the closing quote', 'A="1" 2'],
    ['two quoted values', 'A="1","2"'],
    ['a comment that hides an assignment', 'A=1 # b\u2028C=2'],
    ['a comment line that hides an assignment', '# b\u2029C=2'],
    ['a lone quote', "A='"],
  ])('calls %s malformed, by its number, and reads the other lines', (_, line) => {
    const parsed = parseDotenvText(`X=1\n\n${line}\nY=2`);
    expect(parsed.malformed.map((one) => one.line)).toEqual([3]);
    expect(pairsOf(parsed)).toEqual([
      ['X', '1'],
      ['Y', '2'],
    ]);
  });

  it('counts lines across values of several lines and all kinds of line breaks', () => {
    expect(malformedLines('junk\r\nA="x\r\ny"\rjunk\n\njunk')).toEqual([1, 4, 6]);
    expect(malformedLines('A="x\ny" z\nB=1')).toEqual([1, 2]);
  });

  it('never quotes a line', () => {
    const { malformed } = parseDotenvText('hunter2\nA="hunter2\nA=1 # hunter2\u2028');
    expect(malformed).toHaveLength(3);
    expect(JSON.stringify(malformed)).not.toContain('hunter2');
  });

  it('takes a large value, and many open quotes, in its stride', () => {
    const large = 'x'.repeat(1_000_000);
    expect(assignments(`A="${large}"`)[0]?.[1]).toHaveLength(1_000_000);
    expect(malformedLines('A="x\n'.repeat(999))).toHaveLength(999);
  });

  const sameAsDotenv = (text: string): boolean => {
    const parsed = parseDotenvText(text);
    const found = pairsOf(parsed);
    const names = new Set(found.map(([name]) => name));
    if (parsed.malformed.length > 0 || names.size < found.length) return false;
    expect(Object.fromEntries(found)).toEqual(parse(text));
    return true;
  };

  it('reads every file without junk and names that stand twice as dotenv does', () => {
    const inner = fc.string({
      unit: fc.constantFrom('a', ' ', '#', '=', '\\', 'n', '$', 'é', '🔑', ':', '\t'),
    });
    const value = fc.oneof(
      inner.filter((text) => !/^\s*['"`]/.test(text)),
      ...['"', "'", '`'].map((quote) =>
        fc
          .string({ unit: fc.constantFrom('a', ' ', '#', '=', '\\\\', '\n', '\\n', '\r\n', '"', "'", '`') })
          .map((text) => `${quote}${text.replaceAll(quote, '')}${quote}`),
      ),
    );
    const blank = fc.constantFrom('', '', ' ', '\t', '  ');
    const comment = fc.constantFrom('', '', ' # comment', '# A=1', ' #"');
    const assignment = fc
      .tuple(
        blank,
        fc.constantFrom('', 'export '),
        fc.constantFrom('=', ' = ', '= ', ': '),
        value,
        blank,
        comment,
      )
      .map(
        ([before, exported, sign, text, after, end]) =>
          (name: string) =>
            `${before}${exported}${name}${sign}${text}${after}${end}`,
      );
    const line = fc.oneof(
      { weight: 4, arbitrary: assignment },
      blank.map((text) => () => text),
      comment.map((text) => () => text.trim()),
    );
    const newline = fc.constantFrom('\n', '\r\n', '\n\n');
    let compared = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(line, newline), { maxLength: 8 }), (lines) => {
        if (sameAsDotenv(lines.map(([make, end], index) => `${make(`K${index}`)}${end}`).join('')))
          compared += 1;
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(150);
  });

  it('reads any soup of characters as dotenv does, or calls a line of it malformed', () => {
    const unit = fc.constantFrom(
      ...'AB=: "\'`\\#n\t',
      '\n',
      '\n',
      '\r',
      '\u2028',
      '\ufeff',
      'export ',
      'A=',
      '\nB=',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 30 }), (text) => void sameAsDotenv(text)),
      { numRuns: 2_000 },
    );
  });
});
