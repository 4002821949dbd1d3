import type { SourceLocation } from '../../contracts/source.js';
import type { SyncDefinition } from '../../contracts/definition.js';
import { canonicalJson } from '../../shared/canonical-json.js';

/** The part of a definition that is handed to the source. */
export function locationIn({ projectId, environment, secretPath }: SourceLocation): SourceLocation {
  return {
    ...(projectId === undefined ? {} : { projectId }),
    ...(environment === undefined ? {} : { environment }),
    ...(secretPath === undefined ? {} : { secretPath }),
  };
}

/** A location as text: equal for equal ones. */
export const locationKey = (location: SourceLocation): string => canonicalJson(location);

/** Whether two definitions read the same part of the source. */
export const sameLocation = (first: SyncDefinition, second: SyncDefinition): boolean =>
  locationKey(locationIn(first)) === locationKey(locationIn(second));
