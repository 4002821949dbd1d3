/**
 * Holds the first callers until so many are there together, and nobody from then on. What may be under way together is
 * so seen to be, however slowly it arrives.
 */
export function gather(count: number): () => Promise<void> {
  let left = count;
  let release = (): void => undefined;
  const complete = new Promise<void>((resolve) => (release = resolve));
  return () => {
    left -= 1;
    if (left <= 0) release();
    return complete;
  };
}
