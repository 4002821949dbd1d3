/** A text in double quotes with everything escaped that could act on a terminal or hide in a log. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(INVISIBLE, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Quoted texts in a row; past `most`, the number of the others. */
export function quoteList(texts: readonly string[], most = 50): string {
  const shown = texts.slice(0, most).map(quote).join(', ');
  return texts.length > most ? `${shown} and ${texts.length - most} more` : shown;
}

/**
 * Control and format characters, lone surrogates, bidi marks, what takes no room, and every blank but the plain one:
 * what a terminal would act on, or nobody would see.
 */
export const INVISIBLE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;

/** Compares by UTF-16 code units: the same on every machine, whatever its locale. */
export const compareText = (first: string, second: string): number =>
  first < second ? -1 : first > second ? 1 : 0;

/** Orders by a text of each item. */
export function byText<Item>(text: (item: Item) => string): (first: Item, second: Item) => number {
  return (first, second) => compareText(text(first), text(second));
}

/** Why a value is no text that an environment variable can hold; `undefined` when it is. */
export function checkText(value: string): string | undefined {
  if (value.includes('\0')) return 'it holds a NUL character; remove it';
  // With the u flag, a surrogate that is half of a pair does not match.
  return /\p{Surrogate}/u.test(value)
    ? 'it holds half of a surrogate pair; write it as valid Unicode'
    : undefined;
}
