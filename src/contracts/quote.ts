import { INVISIBLE } from './invisible.js';

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
