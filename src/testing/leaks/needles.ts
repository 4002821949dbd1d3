import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/** One way in which a text can show up. */
export interface Needle {
  /** What was done to the text: `raw`, `base64`, `sha256`… */
  readonly form: string;
  readonly text: string;
}

/** How much of a hash must be seen: a shortened one gives a guess away as well as a whole one. */
const HASH_PREFIX = 16;

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const base64url = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');
const percent = (bytes: Buffer): string => bytes.toString('hex').replace(/../g, '%$&');

/** The part of a base64 text that is the same whatever stands `offset` bytes (mod 3) before, and after it. */
function base64At(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function escapeUnicode(json: string, upper: boolean): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => {
    const digits = unit.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${upper ? digits.toUpperCase() : digits}`;
  });
}

function jsonForms(text: string): readonly string[] {
  const inner = (value: string): string => JSON.stringify(value).slice(1, -1);
  const once = inner(text);
  const slashes = once.replaceAll('/', '\\/');
  return [once, inner(once), slashes, escapeUnicode(once, false), escapeUnicode(once, true)];
}

function htmlForms(text: string): readonly string[] {
  const basic = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = basic.replaceAll('"', '&quot;');
  const numeric = (spell: (codePoint: number) => string): string =>
    quoted.replace(/[^ -~]/gu, (character) => `&#${spell(character.codePointAt(0) ?? 0)};`);
  return [
    basic,
    quoted,
    ...['&#39;', '&#x27;', '&apos;'].map((entity) => quoted.replaceAll("'", entity)),
    numeric(String),
    numeric((codePoint) => `x${codePoint.toString(16)}`),
  ];
}

function percentForms(text: string): readonly string[] {
  const component = encodeURIComponent(text);
  const all = percent(utf8(text));
  const form = new URLSearchParams({ '': text }).toString().slice(1);
  const encoded = [component, encodeURI(text), form, all, all.toUpperCase()];
  return [...encoded, ...encoded.map((one) => one.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()))];
}

/** Every form in which a piece of a secret, such as one of its lines, can be found inside of something longer. */
export function needlesOfPiece(piece: string, form = 'raw'): readonly Needle[] {
  const bytes = utf8(piece);
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((offset) => base64At(bytes, offset));
  const named = (name: string, texts: readonly string[]): readonly Needle[] =>
    texts.map((text) => ({ form: form === 'raw' ? name : `${form} ${name}`, text }));
  return [
    { form, text: piece },
    ...named('base64', base64),
    ...named('base64url', base64.map(base64url)),
    ...named('hex', [hex, hex.toUpperCase()]),
    ...named('percent-encoded', percentForms(piece)),
    ...named('JSON-escaped', jsonForms(piece)),
    ...named('HTML-escaped', htmlForms(piece)),
    ...named('inspected', [inspect(piece).slice(1, -1), inspect(`'${piece}`).slice(2, -1)]),
  ];
}

/** The hashes of a text that anybody can compute: a value that is guessed can be checked against them. */
export function needlesOfHashes(text: string): readonly Needle[] {
  return ['md5', 'sha1', 'sha256', 'sha512'].flatMap((form) => {
    const digest = createHash(form).update(text, 'utf8').digest();
    const [hex, base64] = [digest.toString('hex'), digest.toString('base64')];
    return [hex, hex.toUpperCase(), base64, base64url(base64)].map((one) => ({
      form,
      text: one.slice(0, HASH_PREFIX),
    }));
  });
}
