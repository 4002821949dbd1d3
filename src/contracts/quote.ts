// C1 controls, soft hyphen, bidi marks, zero-width and other invisible characters, which JSON leaves as they are.
const INVISIBLE =
  /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A text in double quotes with everything escaped that could act on a terminal or hide in a log. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(
    INVISIBLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Quoted texts in a row; past `most`, the number of the others. */
export function quoteList(texts: readonly string[], most = 50): string {
  const shown = texts.slice(0, most).map(quote).join(', ');
  return texts.length > most ? `${shown} and ${texts.length - most} more` : shown;
}
