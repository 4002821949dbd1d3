import * as z from 'zod/mini';

/** Something that a definition can point at. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

export const namedList = z.array(z.object({ id: z.string(), name: z.string() }));

/** By name, then id, whatever the order of the answer. */
export function sortByName(things: readonly Named[]): Named[] {
  const compare = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  return [...things].sort((left, right) => compare(left.name, right.name) || compare(left.id, right.id));
}
