/** The middle one of some measurements, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((first, second) => first - second);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (lower + upper) / 2;
}

/** A time in ms, with three significant digits at most: `0.42 ms`, `57 ms`, `1.3 s`. */
export function duration(ms: number): string {
  if (ms >= 99_950) return `${Math.round(ms / 1_000)} s`;
  if (ms >= 999.5) return `${(ms / 1_000).toFixed(1)} s`;
  return ms >= 9.95 ? `${Math.round(ms)} ms` : `${ms.toFixed(ms >= 0.995 ? 1 : 2)} ms`;
}

/** How many times as much the second is: `5.1 ×`. */
export function ratio(ours: number, theirs: number): string {
  const times = theirs / ours;
  return `${times >= 9.95 ? Math.round(times) : times.toFixed(1)} ×`;
}

/** A whole number with commas. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** Bytes as kB, which is 1,000 of them. */
export const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} kB`;
