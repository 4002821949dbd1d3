import { parse } from 'dotenv';

/** What a dotenv text holds, in its order. */
export interface DotenvText {
  /** One for each assignment, so a name can be listed twice. */
  readonly assignments: readonly (readonly [name: string, value: string, place: AssignmentPlace])[];
  /** Lines that are not an assignment, a comment or blank. */
  readonly malformed: readonly MalformedLine[];
}

/** The lines of one assignment, and what surrounds its value there. Line ends are `\n`. */
export interface AssignmentPlace {
  /** Counted from 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** From the start of the first line to the value and its quote. */
  readonly head: string;
  /** The quote around the value; empty where there is none. */
  readonly quote: string;
  /** From the end of the value and its quote to the end of the last line: blanks, a comment. */
  readonly tail: string;
}

export interface MalformedLine {
  /** Counted from 1. */
  readonly line: number;
  /** What is wrong, in words that do not quote the line. */
  readonly message: string;
}

/** The names that a text assigns, with their values, in its order. */
export const pairsOf = ({ assignments }: DotenvText): readonly (readonly [name: string, value: string])[] =>
  assignments.map(([name, value]) => [name, value]);

const LINE_END = '(?![^\\n])';
// U+2028 and U+2029 end a comment in dotenv, and what follows them would be an assignment that no editor shows.
const COMMENT = '(?:#[^\\n\\u2028\\u2029]*)?';
const BLANK = '[^\\S\\n]*';

const blankLine = new RegExp(`${BLANK}${COMMENT}${LINE_END}`, 'y');
const nameAndSign = new RegExp(`${BLANK}(?:export[^\\S\\n]+)?([\\w.-]+)(?:${BLANK}=|:[^\\S\\n])`, 'y');
const openingQuote = new RegExp(`${BLANK}['"\`]`, 'y');
// A quote after a backslash does not close, unless nothing else can: as in dotenv.
const quoted = ["'", '"', '`'].map((quote) => `${quote}(?:\\\\${quote}|[^${quote}])*${quote}`).join('|');
const quotedValue = new RegExp(`(${BLANK})(${quoted})(${BLANK}${COMMENT})${LINE_END}`, 'y');
const plainValue = new RegExp(`()([^#\\n]*)(${COMMENT})${LINE_END}`, 'y');

/**
 * Splits a dotenv text into its assignments, each of whose values the dotenv package reads. That package alone hides
 * names that are assigned twice, lines that are not assignments and quotes that are not closed, and loses a `__proto__`.
 */
export function parseDotenvText(text: string): DotenvText {
  const lines = text.replace(/\r\n?/g, '\n');
  const assignments: DotenvText['assignments'][number][] = [];
  const malformed: MalformedLine[] = [];
  let position = 0;
  let line = 1;

  const match = (pattern: RegExp, from: number): RegExpExecArray | null => {
    pattern.lastIndex = from;
    return pattern.exec(lines);
  };

  /** Reads what begins at a line; returns where it ends, or what is wrong with it. */
  const readLine = (): number | string => {
    const blank = match(blankLine, position);
    if (blank !== null) return position + blank[0].length;
    const head = match(nameAndSign, position);
    const name = head?.[1];
    if (head === null || name === undefined) return 'is not a KEY=value line, a comment or blank';
    const start = position + head[0].length;
    const isQuoted = match(openingQuote, start) !== null;
    const found = match(isQuoted ? quotedValue : plainValue, start);
    if (found === null) {
      return isQuoted
        ? 'opens a quote that is not closed at the end of a line'
        : 'holds an invisible line separator (U+2028 or U+2029) in its comment';
    }
    const [value, blanks = '', written = '', comment = ''] = found;
    const inner = isQuoted ? written : written.trim();
    const after = inner === '' ? 0 : written.indexOf(inner) + inner.length;
    const place = {
      firstLine: line,
      lastLine: line + value.split('\n').length - 1,
      head: head[0] + blanks + written.slice(0, inner === '' ? 0 : written.indexOf(inner)),
      quote: isQuoted ? inner.slice(0, 1) : '',
      tail: written.slice(after) + comment,
    };
    // Under a name that no object treats in its own way.
    assignments.push([name, parse(`VALUE=${value}`)['VALUE'] ?? '', place]);
    return start + value.length;
  };

  while (position < lines.length) {
    let end = readLine();
    if (typeof end === 'string') {
      malformed.push({ line, message: end });
      const lineEnd = lines.indexOf('\n', position);
      end = lineEnd === -1 ? lines.length : lineEnd;
    }
    for (let at = lines.indexOf('\n', position); at !== -1 && at <= end; at = lines.indexOf('\n', at + 1))
      line += 1;
    position = end + 1;
  }
  return { assignments, malformed };
}
