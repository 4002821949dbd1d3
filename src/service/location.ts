import type { SyncDefinition } from '../contracts/definition.js';
import type { SourceLocation } from '../contracts/source.js';
import { canonicalJson } from '../core/fingerprint.js';
import { locationIn } from '../core/location.js';

/** A location as text: equal for equal ones. */
export const locationKey = (location: SourceLocation): string => canonicalJson(location);

/** Whether two definitions read the same part of the source. */
export const sameLocation = (first: SyncDefinition, second: SyncDefinition): boolean =>
  locationKey(locationIn(first)) === locationKey(locationIn(second));
