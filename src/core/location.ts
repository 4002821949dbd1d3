import type { SourceLocation } from '../contracts/source.js';

/** The part of a definition that is handed to the source. */
export function locationIn({ projectId, environment, secretPath }: SourceLocation): SourceLocation {
  return {
    ...(projectId === undefined ? {} : { projectId }),
    ...(environment === undefined ? {} : { environment }),
    ...(secretPath === undefined ? {} : { secretPath }),
  };
}
