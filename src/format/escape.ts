import { INVISIBLE } from '../shared/text.js';

const MARKUP = /[\\`*_[\]<>|~$&@#]|:(?=\/\/)|(?<=www)\./gi;

/** Nearly all text is of these alone, which is soon seen. */
const PLAIN = /^[ -~]*$/;

/** Writes what a terminal would act on, or a reader would not see, as `\u{…}`. */
export function escapeText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Returns a name as it is where it is plain, else in quotes, so that it can't be taken for the words around it. */
export function showName(name: string): string {
  return /^[\w./-]+$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
}

/** Escapes text for Markdown: no markup, link, HTML or line break, and no mention of a user. */
export function escapeMarkdown(text: string): string {
  // The comment keeps hosts from seeing "@name" and "#1" in the finished page.
  return escapeText(text).replace(MARKUP, '\\$&').replace(/[@#]/g, '$&<!-- -->');
}

/** Writes text as code in Markdown. */
export function markdownCode(text: string): string {
  return `\`${escapeText(text).replaceAll('`', '\\u{60}')}\``;
}
