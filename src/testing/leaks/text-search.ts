/** How many UTF-16 units of a text are looked at before it is compared as a whole. */
const WIDTH = 4;
const CODES = 0x10000;

/** Takes one more unit in: what stands `WIDTH` units back is shifted out. */
const next = (code: number, unit: number): number => ((code << 4) ^ unit) & (CODES - 1);

/**
 * Prepares a search for many texts: what it returns says which of them are in a text, in the order given here. It
 * goes through that text once, since it may be long, and to go through it for each of hundreds takes most of a test.
 */
export function createTextSearch<Wanted extends { readonly text: string }>(
  wanted: readonly Wanted[],
): (text: string) => readonly Wanted[] {
  const short = wanted.filter(({ text }) => text.length < WIDTH);
  const byCode = new Map<number, Wanted[]>();
  const isCode = new Uint8Array(CODES);
  for (const one of wanted) {
    if (one.text.length < WIDTH) continue;
    let code = 0;
    for (let index = 0; index < WIDTH; index += 1) code = next(code, one.text.charCodeAt(index));
    byCode.set(code, [...(byCode.get(code) ?? []), one]);
    isCode[code] = 1;
  }

  return (text) => {
    const found = new Set(short.filter((one) => text.includes(one.text)));
    let code = 0;
    for (let index = 0; index < text.length; index += 1) {
      code = next(code, text.charCodeAt(index));
      if (isCode[code] !== 1) continue;
      for (const one of byCode.get(code) ?? [])
        if (!found.has(one) && text.startsWith(one.text, index - WIDTH + 1)) found.add(one);
    }
    return wanted.filter((one) => found.has(one));
  };
}
