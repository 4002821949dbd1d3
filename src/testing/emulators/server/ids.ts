/**
 * Makes a generator of ids that have the form of a version 4 UUID, never repeat, and are the same in every run:
 * `0000000a-0000-4000-8000-000000000001` is the first one of seed 10. `seed` is a whole number from 0 to 2^32 - 1.
 */
export function createDeterministicIds(seed: number): () => string {
  let counter = 0;
  return () => {
    counter += 1;
    const prefix = seed.toString(16).padStart(8, '0');
    return `${prefix}-0000-4000-8000-${counter.toString(16).padStart(12, '0')}`;
  };
}
