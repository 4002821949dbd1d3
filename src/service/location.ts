import type { SyncDefinition } from '../contracts/definition.js';
import type { SourceLocation } from '../contracts/source.js';
import { canonicalJson } from '../core/fingerprint.js';

/** The part of the source that a definition reads. */
export function locationOf({ projectId, environment, secretPath }: SyncDefinition): SourceLocation {
  return {
    ...(projectId !== undefined && { projectId }),
    ...(environment !== undefined && { environment }),
    ...(secretPath !== undefined && { secretPath }),
  };
}

/** A location as text: equal for equal ones. */
export const locationKey = (location: SourceLocation): string => canonicalJson(location);

/** Whether two definitions read the same part of the source. */
export const sameLocation = (first: SyncDefinition, second: SyncDefinition): boolean =>
  locationKey(locationOf(first)) === locationKey(locationOf(second));
