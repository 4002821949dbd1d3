/** So many characters in common with the input are no coincidence. */
const TELLING = 4;
const MOST_STRINGS = 1_000;

function stringsIn(input: unknown): readonly string[] {
  const strings: string[] = [];
  const seen = new Set<unknown>();
  const waiting = [input];
  while (waiting.length > 0 && seen.size < MOST_STRINGS) {
    const part = waiting.pop();
    if (seen.has(part)) continue;
    seen.add(part);
    if (typeof part === 'string') strings.push(part);
    else if (typeof part === 'object' && part !== null) {
      for (const value of Object.values(part) as unknown[]) waiting.push(value);
    } else if (typeof part === 'number' || typeof part === 'bigint') strings.push(String(part));
  }
  return strings;
}

/** Returns a test whether a text shares nothing with input that may be a secret, so that it can be shown. */
export function hidesNothing(input: unknown): (text: string) => boolean {
  const strings = stringsIn(input);
  return (text) => {
    for (let start = 0; start + TELLING <= text.length; start += 1) {
      const piece = text.slice(start, start + TELLING);
      if (strings.some((string) => string.includes(piece))) return false;
    }
    return !strings.some((string) => string !== '' && string.length < TELLING && text.includes(string));
  };
}

/**
 * What is wrong with a credential, as far as it can be seen without knowing what it is for; `undefined` where nothing
 * is. Shows nothing of it.
 */
export function describeHidden(value: unknown, name: PropertyKey | undefined): string | undefined {
  if (value === null) return 'it is null; set it';
  if (typeof value !== 'string') return undefined;
  if (value === '') return 'it is empty; set it';
  if (/[\r\n]/.test(value)) return 'it contains a line break; remove it';
  if (value !== value.trim()) return 'it begins or ends with a space; remove it';
  if (/url|uri|endpoint/i.test(String(name)) && !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    return 'it has no scheme; write it as https://host/path';
  }
  return undefined;
}
