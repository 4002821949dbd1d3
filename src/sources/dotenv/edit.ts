import type { UnwritableKey } from '../../contracts/source.js';
import { pairsOf, parseDotenvText, type AssignmentPlace } from './parse.js';

/** A text after some values were written into it, and the keys that could not be. */
export interface EditedText {
  readonly text: string;
  readonly refused: readonly UnwritableKey[];
}

/** What every reader takes without quotes: it holds nothing that a shell or another dotenv would read otherwise. */
const SIMPLE = /^[\w.,:/@%+=-]*$/;
/** From the most literal on. */
const QUOTES = ["'", '"', '`', ''];

/** A value in quotes; `undefined` where a backslash would make the quote at its end, or one within, another thing. */
function inQuotes(value: string, quote: string): string | undefined {
  if (quote === '') return value;
  if (value.endsWith('\\') || value.includes(`\\${quote}`)) return undefined;
  // A bare carriage return would be read as a line break; only double quotes know another way to write it.
  return quote + (quote === '"' ? value.replaceAll('\r', '\\r') : value) + quote;
}

/** True when a text holds these assignments and no malformed line. */
function isRead(text: string, expected: readonly (readonly [name: string, value: string])[]): boolean {
  const { assignments, malformed } = parseDotenvText(text);
  return (
    malformed.length === 0 &&
    assignments.length === expected.length &&
    expected.every(
      ([key, value], index) => assignments[index]?.[0] === key && assignments[index][1] === value,
    )
  );
}

/** The assignment, quoted as it was where that can be; `undefined` where no quotes make it read back equal. */
function render(
  key: string,
  value: string,
  { head, quote, tail }: Pick<AssignmentPlace, 'head' | 'quote' | 'tail'>,
): string | undefined {
  const isKept = quote !== '' || SIMPLE.test(value);
  for (const candidate of isKept ? [quote, ...QUOTES] : QUOTES) {
    const quoted = inQuotes(value, candidate);
    const text = head + (quoted ?? '') + tail;
    if (quoted !== undefined && isRead(text, [[key, value]])) return text;
  }
  return undefined;
}

function checkKeyAndValue(key: string, value: string): string | undefined {
  if (!/^[\w.-]+$/.test(key)) {
    return 'a dotenv file takes letters, digits, dots, dashes and underscores in a name; rename it';
  }
  return /\p{Surrogate}/u.test(value)
    ? 'its value holds half of a surrogate pair; write it as valid Unicode'
    : undefined;
}

/** What a text holds under a name, and which of its assignments that is, from 0 on. */
interface HeldAssignment {
  readonly index: number;
  readonly value: string;
  readonly place: AssignmentPlace;
}

/** Lines with their ends, numbered as the parser does. */
const linesOf = (text: string): string[] => text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];

/**
 * Writes values into a dotenv text so that they read back equal: in place, where the file holds the key, with its comment
 * and, where it can be, its quotes; else at the end. All other lines stay as they are, to the byte.
 */
export function editDotenvText(
  text: string,
  values: Iterable<readonly [key: string, value: string]>,
): EditedText {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : '';
  const lines = linesOf(text.slice(mark.length));
  const lineEnd = /\r\n|\r|\n/.exec(text)?.[0] ?? '\n';
  const parsed = parseDotenvText(text.slice(mark.length));
  const held = new Map<string, HeldAssignment[]>();
  for (const [index, [name, value, place]] of parsed.assignments.entries())
    held.set(name, [...(held.get(name) ?? []), { index, value, place }]);
  const refused: UnwritableKey[] = [];
  const added: string[] = [];
  const expected = [...pairsOf(parsed)];
  const wanted = [...values];

  for (const [key, value] of wanted) {
    const refuse = (message: string) => void refused.push({ key, message });
    const [found, another] = held.get(key) ?? [];
    const unfit = checkKeyAndValue(key, value);
    if (unfit !== undefined) {
      refuse(unfit);
      continue;
    }
    if (another !== undefined) {
      refuse('the file holds it twice; remove one');
      continue;
    }
    if (found?.value === value) continue;
    const rendered = render(key, value, found?.place ?? { head: `${key}=`, quote: '', tail: '' });
    if (rendered === undefined) {
      refuse('no quotes make its value read back equal, since it holds all of them; write it otherwise');
      continue;
    }
    const written = rendered.replaceAll('\n', lineEnd);
    if (found === undefined) {
      added.push(written + lineEnd);
      expected.push([key, value]);
    } else {
      const { index, place } = found;
      expected[index] = [key, value];
      const end = /[\r\n]*$/.exec(lines[place.lastLine - 1] ?? '')?.[0] ?? '';
      lines.fill('', place.firstLine - 1, place.lastLine);
      lines[place.firstLine - 1] = written + end;
    }
  }

  const kept = lines.join('');
  const separator = added.length > 0 && /[^\r\n]$/.test(kept) ? lineEnd : '';
  const edited = kept + separator + added.join('');
  // A backslash before a closing quote elsewhere can take the lines that follow for more of its value.
  if (isRead(edited, expected)) return { text: mark + edited, refused };
  const message =
    'the file would be read otherwise, since a value in it ends in a backslash; quote that one otherwise';
  return { text, refused: Array.from(wanted, ([key]) => ({ key, message })) };
}
