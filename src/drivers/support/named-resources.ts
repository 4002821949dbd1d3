import { checkArguments } from '../../shared/arguments/check.js';
import { objects } from '../../shared/arguments/rules.js';
import * as z from 'zod/mini';

/** Something that a definition can point at. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

/** Schema of a list of resources with an id and a name. */
export const namedList = z.array(z.object({ id: z.string(), name: z.string() }));

/** Returns the resources sorted by name, then id, whatever the order of the response. */
export function sortByName(resources: readonly Named[]): Named[] {
  checkArguments('sortByName', { resources }, { resources: objects });
  const compare = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  return [...resources].sort((left, right) => compare(left.name, right.name) || compare(left.id, right.id));
}
