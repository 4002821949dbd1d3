const TIMESTAMP = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:?\d{2})?$/i;

interface Instant {
  readonly seconds: number;
  readonly fraction: string;
}

function parseInstant(text: string): Instant | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [, base = '', fraction = '', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${base.replace(' ', 'T')}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  // Servers tell whole thousandths, and leave out zeros at the end: `.5` is `.500`, and not every time of that tenth.
  const digits = Math.ceil(fraction.length / 3) * 3;
  return { seconds: milliseconds / 1000, fraction: fraction.padEnd(digits, '0') };
}

/** The instant at `digits` after the second, as a whole number of that unit: cut off, and rounded. */
function atPrecision(instant: Instant, digits: number): { cut: bigint; rounded: bigint } {
  const { seconds, fraction } = instant;
  // Of a fraction that ends before, BigInt('') is 0 and Number(undefined) not 5 or more.
  const cut = BigInt(seconds) * 10n ** BigInt(digits) + BigInt(fraction.slice(0, digits));
  return { cut, rounded: Number(fraction[digits]) >= 5 ? cut + 1n : cut };
}

/**
 * Whether two revisions of one entry are the same. Timestamps are compared at the coarser precision of the two, in
 * any zone; a server may have cut off or rounded. Anything else is compared as text.
 *
 * | remembered | at the place | same |
 * |---|---|---|
 * | absent | any | yes: there is nothing to compare |
 * | any | absent | yes |
 * | the same text | | yes |
 * | `…:05Z` | `…:05.250Z` | yes, at the second |
 * | `…:05.1Z` | `…:05.2Z` | no |
 * | `…:05.5Z` | `…:05.500Z` | yes: zeros at the end were left out |
 * | `…:05.5Z` | `…:05.515Z` | no |
 */
export function sameRevision(remembered: string | undefined, current: string | undefined): boolean {
  if (remembered === undefined || current === undefined || remembered === current) return true;
  const [first, second] = [parseInstant(remembered), parseInstant(current)];
  if (first === undefined || second === undefined) return false;
  const [coarse, fine] = first.fraction.length <= second.fraction.length ? [first, second] : [second, first];
  const digits = coarse.fraction.length;
  const wanted = atPrecision(coarse, digits).cut;
  const { cut, rounded } = atPrecision(fine, digits);
  return cut === wanted || rounded === wanted;
}
