import { parse } from 'dotenv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairsOf, parseDotenvText } from '../../../src/sources/dotenv/parse.js';
import { editDotenvText } from '../../../src/sources/dotenv/edit.js';

const edit = (text: string, values: Record<string, string>) => {
  const { text: edited, refused } = editDotenvText(text, Object.entries(values));
  expect(refused).toEqual([]);
  return edited;
};

describe('editDotenvText', () => {
  it('keeps comments, order, blanks, quotes and all other lines', () => {
    const text = [
      '# The database',
      'export URL = "postgres://old"  # ask the team',
      '',
      "NAME='old' # a name",
      'PORT: 1 # a port',
      'EMPTY= # nothing yet',
      'LINES=`one',
      'two` # three',
      'LAST=x',
    ].join('\n');
    const edited = edit(text, {
      LINES: 'a\nb\nc',
      URL: 'new # value',
      NAME: 'new',
      PORT: '2',
      EMPTY: 'full',
      NEW: 'y',
    });
    expect(edited.split('\n')).toEqual([
      '# The database',
      'export URL = "new # value"  # ask the team',
      '',
      "NAME='new' # a name",
      'PORT: 2 # a port',
      'EMPTY=full # nothing yet',
      'LINES=`a',
      'b',
      'c` # three',
      'LAST=x',
      'NEW=y',
      '',
    ]);
  });

  it.each([
    ['A=1', '', 'A='],
    ['A=1', 'two words', "A='two words'"],
    ['A=1', "it's", 'A="it\'s"'],
    ['A=1', 'a\\nb', "A='a\\nb'"],
    ['A=1', '"\'', 'A=`"\'`'],
    ['A=1', 'C:\\dir\\', 'A=C:\\dir\\'],
    ['A=1', '#', "A='#'"],
    ['A=1', '$HOME', "A='$HOME'"],
    ['A=1', 'a\rb', 'A="a\\rb"'],
    ['A="1"', 'a\\nb', "A='a\\nb'"],
    ['A="1"', '"', "A='\"'"],
    ['A=`1`', 'a', 'A=`a`'],
    ['A="a\nb"', 'c', 'A="c"'],
  ])('writes into %j the value %j as %j', (before, value, after) => {
    expect(edit(before, { A: value })).toBe(after);
    expect(parse(after)).toEqual({ A: value });
  });

  it('leaves a line alone whose value is right already', () => {
    for (const text of ['A="x\\ny"', 'A=a b #c', "A  =  'x'\r\n"]) {
      expect(edit(text, { A: parse(text)['A'] ?? '' })).toBe(text);
    }
  });

  it('ends a last line before it adds one, and keeps the kind of line end and a byte order mark', () => {
    expect(edit('', { A: '1' })).toBe('A=1\n');
    expect(edit('B=1', { A: '1' })).toBe('B=1\nA=1\n');
    expect(edit('B=1\n\n', { A: '1' })).toBe('B=1\n\nA=1\n');
    expect(edit('\ufeffB=1\r\n# c', { A: 'x\ny', B: '2' })).toBe("\ufeffB=2\r\n# c\r\nA='x\r\ny'\r\n");
    expect(edit('A="1\r\n2"\r\nB=3\n', { A: '4' })).toBe('A="4"\r\nB=3\n');
  });

  it('takes names that objects treat in their own way', () => {
    expect(edit('__proto__=1\n', { __proto__x: '1' })).toBe('__proto__=1\n__proto__x=1\n');
    const { text } = editDotenvText('constructor=1\n', [
      ['__proto__', '2'],
      ['constructor', '3'],
    ]);
    expect(text).toBe('constructor=3\n__proto__=2\n');
  });

  it.each([
    ['a name of other letters', 'Ä', '1', /name/],
    ['a name with a blank', 'A B', '1', /name/],
    ['an empty name', '', '1', /name/],
    ['a value with all quotes and a hash', 'A', '\'"`#', /quotes/],
    ['a value with all quotes and line breaks', 'A', '\'\n"`', /quotes/],
    ['a carriage return that double quotes would have to hold beside a quote', 'A', '\r"', /quotes/],
    ['half of a surrogate pair', 'A', '\ud800', /surrogate/],
    ['a key that stands twice', 'TWICE', '3', /twice/],
  ])('refuses %s, without quoting the value', (_title, key, value, message) => {
    const text = 'TWICE=1\nTWICE=2\n';
    const { text: edited, refused } = editDotenvText(text, [
      [key, value],
      ['FINE', '1'],
    ]);
    expect(refused).toMatchObject([{ key }]);
    expect(refused[0]?.message).toMatch(message);
    expect(edited).toBe(`${text}FINE=1\n`);
  });

  it('changes nothing where another value would then swallow a line', () => {
    const text = "A='x\\'\nB=1\n";
    expect(parseDotenvText(text).assignments).toHaveLength(2);
    const { text: edited, refused } = editDotenvText(text, [['B', 'a"`\'']]);
    expect(refused).toMatchObject([{ key: 'B' }]);
    expect(edited).toBe(text);
    expect(edit('B=1\n', { B: 'a"`\'' })).toBe('B=a"`\'\n');
  });

  it('reads back, for any text and values, as it was told to, or refuses', () => {
    const unit = fc.constantFrom(...'ab \'"`\\#n=$', '\n', '\r', '\\n', '\u2028', '\ufeff', 'é');
    const value = fc.string({ unit, maxLength: 8 });
    const line = fc.oneof(
      fc
        .tuple(fc.constantFrom('A=', 'B = ', 'export C=', 'D: '), fc.constantFrom('', "'", '"', '`'), value)
        .map(([head, quote, text]) => `${head}${quote}${text}${quote} # note`),
      fc.constantFrom('', '# comment', "# dogs'", 'X=1', "Y='z\\'"),
    );
    const texts = fc
      .tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom('\n', '\r\n'))
      .map(([lines, end]) => lines.join(end));
    const values = fc.uniqueArray(fc.tuple(fc.constantFrom('A', 'B', 'C', 'D', 'Y', '__proto__'), value), {
      selector: ([key]) => key,
    });
    let written = 0;
    fc.assert(
      fc.property(texts, values, (text, wanted) => {
        const before = parseDotenvText(text);
        fc.pre(before.malformed.length === 0);
        const { text: edited, refused } = editDotenvText(text, wanted);
        const names = new Set(refused.map(({ key }) => key));
        const due = new Map<string, string>(wanted.filter(([key]) => !names.has(key)));
        const after = parseDotenvText(edited);
        const held = new Set<string>(before.assignments.map(([name]) => name));
        expect(after.malformed).toEqual([]);
        expect(pairsOf(after)).toEqual([
          ...before.assignments.map(([name, old]) => [name, due.get(name) ?? old]),
          ...[...due].filter(([name]) => !held.has(name)),
        ]);
        written += due.size;
      }),
      { numRuns: 1_000 },
    );
    expect(written).toBeGreaterThan(500);
  });
});
