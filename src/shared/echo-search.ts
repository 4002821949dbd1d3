// What comes back from a server can echo what was sent to it. Texts are compared as their UTF-8 bytes, each byte one
// character, so that what an encoding hides is found whatever stands around it.

/** Values shorter than this are found only where they are the whole text: shorter ones are often plain words. */
const CONTAINED_BYTES = 16;
/** Values shorter than this are not looked for. */
const WHOLE_BYTES = 8;
/** How many bytes at the start of a secret find it in the index. */
const PREFIX = 8;

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text, each as one character. */
function bytesOf(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text;
  let bytes = '';
  for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescapeHtml = (bytes: string): string =>
  bytes.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return ENTITIES[name.toLowerCase()] ?? whole;
    const point = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16);
    return point <= 0x10ffff ? bytesOf(String.fromCodePoint(point)) : whole;
  });

const LETTERS: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  0: '\0',
};

/** Undoes the escapes of JSON and JavaScript, those of half a surrogate pair with the other half. */
const unescapeJson = (bytes: string): string =>
  bytes.replace(/((?:\\u[0-9a-f]{4})+)|\\x([0-9a-f]{2})|\\(.)/gis, (_, units, byte, letter) => {
    if (typeof units === 'string') {
      const codes = units.match(/[0-9a-f]{4}/gi) ?? [];
      return bytesOf(codes.map((code) => String.fromCharCode(Number.parseInt(code, 16))).join(''));
    }
    if (typeof byte === 'string') return bytesOf(String.fromCharCode(Number.parseInt(byte, 16)));
    return LETTERS[String(letter)] ?? String(letter);
  });

const unescapePercent = (bytes: string): string =>
  bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const decodeHex = (run: string): string =>
  (run.match(/../g) ?? []).map((hex) => String.fromCharCode(Number.parseInt(hex, 16))).join('');

function decodeBase64(run: string): string {
  const whole = run.replaceAll('-', '+').replaceAll('_', '/');
  try {
    return atob(whole.slice(0, whole.length - (whole.length % 4 === 1 ? 1 : 0)));
  } catch {
    return '';
  }
}

/**
 * Returns all that a text can stand for, as bytes: itself, unescaped, and what its runs of hexadecimal or base64 digits
 * encode.
 */
export function readingsOf(text: string): readonly string[] {
  const bytes = bytesOf(text);
  const readings = [bytes];
  if (bytes.includes('%')) {
    const decoded = unescapePercent(bytes);
    readings.push(decoded, decoded.replaceAll('+', ' '), unescapePercent(bytes.replaceAll('+', ' ')));
  }
  if (bytes.includes('+')) readings.push(bytes.replaceAll('+', ' '));
  if (bytes.includes('\\')) {
    const once = unescapeJson(bytes);
    readings.push(once, unescapeJson(once));
  }
  if (bytes.includes('&')) readings.push(unescapeHtml(bytes));
  const encoded: string[] = [];
  for (const reading of readings) {
    for (const [run] of reading.matchAll(/[0-9a-f]{16,}/gi))
      encoded.push(decodeHex(run), decodeHex(run.slice(1)));
    for (const [run] of reading.matchAll(/[\w+/-]{11,}/g)) {
      // A run that is too short for a secret inside of it can still be the whole of one.
      const offsets = run.length >= 20 ? 4 : 1;
      for (let offset = 0; offset < offsets; offset += 1) encoded.push(decodeBase64(run.slice(offset)));
    }
  }
  return [...readings, ...encoded];
}

const LINE = /[\r\n]+/;

/** The strings in JSON. */
function leavesOf(text: string): string[] {
  if (!/^\s*[[{]/.test(text)) return [];
  try {
    const leaves: string[] = [];
    JSON.parse(text, (_, value: unknown) => {
      if (typeof value === 'string') leaves.push(value);
      return value;
    });
    return leaves;
  } catch {
    return [];
  }
}

/** Parts of a secret that are secret by themselves: its lines, the strings of JSON, the segments of a token. */
function partsOf(text: string): string[] {
  const lines = LINE.test(text) ? text.split(LINE) : [];
  const segments = /^[\w-]+(\.[\w-]+){2,}$/.test(text) ? text.split('.') : [];
  return [...lines, ...segments, ...leavesOf(text)];
}

/** Finds secrets in texts, raw or in a usual encoding: JSON, percent, HTML, hexadecimal, base64. */
export interface EchoSearch {
  /** Adds a secret. What is too short to be told from a plain word is left out. */
  add(secret: string): void;
  /** Whether one of the {@link readingsOf} a text holds one of them. */
  finds(readings: readonly string[]): boolean;
}

/** `contained`: how many bytes a secret needs to be looked for inside of a text as well as for the whole of it. */
export function createEchoSearch(contained = CONTAINED_BYTES): EchoSearch {
  const whole = new Set<string>();
  const byPrefix = new Map<string, string[]>();

  function insert(secret: string, isPart: boolean): void {
    const bytes = bytesOf(secret);
    if (bytes.length < WHOLE_BYTES || whole.has(bytes) || (isPart && bytes.length < CONTAINED_BYTES)) return;
    whole.add(bytes);
    if (bytes.length < contained) return;
    const prefix = bytes.slice(0, PREFIX);
    const known = byPrefix.get(prefix);
    if (known === undefined) byPrefix.set(prefix, [bytes]);
    else known.push(bytes);
  }

  function holds(reading: string): boolean {
    if (whole.has(reading)) return true;
    if (byPrefix.size === 0) return false;
    for (let at = 0; at + PREFIX <= reading.length; at += 1) {
      const candidates = byPrefix.get(reading.slice(at, at + PREFIX));
      if (candidates?.some((secret) => reading.startsWith(secret, at)) === true) return true;
    }
    return false;
  }

  return {
    add(secret) {
      insert(secret, false);
      for (const part of partsOf(secret)) insert(part, true);
    },
    finds: (readings) => whole.size > 0 && readings.some(holds),
  };
}

/** The strings of credentials that are no URL. */
export function tokensIn(credentials: unknown): readonly string[] {
  if (typeof credentials === 'string') return URL.canParse(credentials) ? [] : [credentials];
  if (typeof credentials !== 'object' || credentials === null) return [];
  return Object.values(credentials).flatMap(tokensIn);
}

/** Whether one of these names or ids holds a part of the credentials. */
export function holdsCredentials(credentials: unknown, texts: Iterable<string>): boolean {
  const tokens = createTokenSearch(tokensIn(credentials));
  for (const text of texts) if (tokens.finds(readingsOf(text))) return true;
  return false;
}

/** Finds tokens, which are no words: shorter ones than values are looked for inside of a text. */
export function createTokenSearch(tokens: Iterable<string>): EchoSearch {
  const search = createEchoSearch(WHOLE_BYTES);
  for (const token of tokens) search.add(token);
  return search;
}
