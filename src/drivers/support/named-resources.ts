import { checkArguments } from '../../shared/arguments/check.js';
import { objects } from '../../shared/arguments/rules.js';
import { unconcealed } from '../../shared/concealed.js';
import * as z from 'zod/mini';
import { SecretSyncError } from '../../contracts/errors.js';
import { holdsCredentials } from '../../shared/echo-search.js';

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

/**
 * Returns what a server listed for a person to choose from, sorted.
 *
 * @throws SecretSyncError `INVALID_RESPONSE` where a name or an id holds a part of the credentials.
 */
export function listed(displayName: string, credentials: unknown, resources: readonly Named[]): Named[] {
  const texts = resources.flatMap(({ id, name }) => [id, name]);
  if (!holdsCredentials(unconcealed(credentials), texts)) return sortByName(resources);
  throw new SecretSyncError(
    'INVALID_RESPONSE',
    `${displayName} returned a list that holds the credentials of this call; it is not shown. ` +
      'Check the URL, and whether a proxy echoes requests.',
  );
}
