/**
 * Control and format characters, lone surrogates, bidi marks, what takes no room, and every blank but the plain one:
 * what a terminal would act on, or a reader would not see.
 */
export const INVISIBLE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;

/** The longest name that is quoted in full, in UTF-16 code units. */
const LONGEST_NAME = 1_024;

/** A string in double quotes, with everything escaped that could act on a terminal or hide in a log. */
export function quote(text: string): string {
  const shown = text.length > LONGEST_NAME ? text.slice(0, LONGEST_NAME) : text;
  const quoted = JSON.stringify(shown).replace(INVISIBLE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
  return shown === text ? quoted : `${quoted} and ${text.length - shown.length} more characters`;
}

/** Quoted strings in a row; past `most`, the number of the others. */
export function quoteList(texts: readonly string[], most = 50): string {
  const shown = texts.slice(0, most).map(quote).join(', ');
  return texts.length > most ? `${shown} and ${texts.length - most} more` : shown;
}

/** Compares by UTF-16 code units: the same on every machine, whatever its locale. */
export const compareText = (first: string, second: string): number =>
  first < second ? -1 : first > second ? 1 : 0;

/** Orders items by a string of each. */
export function byText<Item>(text: (item: Item) => string): (first: Item, second: Item) => number {
  return (first, second) => compareText(text(first), text(second));
}

/** Why a value is not a string that an environment variable can hold; `undefined` when it is. */
export function checkText(value: string): string | undefined {
  const given: unknown = value;
  if (typeof given !== 'string') return 'it is not a string; make it one';
  if (value.includes('\0')) return 'it contains a NUL character; remove it';
  // With the u flag, a surrogate that is half of a pair does not match.
  return /\p{Surrogate}/u.test(value)
    ? 'it contains half of a surrogate pair; write it as valid Unicode'
    : undefined;
}
