/** Every code a {@link SecretSyncError} can have. `docs/guide/troubleshooting.md` lists the remedy of each. */
export const ERROR_CODES = [
  'INVALID_DEFINITION',
  'INVALID_OPTION',
  'INVALID_KEY_SCHEMA',
  'UNKNOWN_DESTINATION',
  'UNKNOWN_CONNECTION',
  'CONNECTION_MISMATCH',
  'UNSAFE_URL',
  'SOURCE_READ_FAILED',
  'SOURCE_NOT_WRITABLE',
  'SOURCE_WRITE_FAILED',
  'IMPORT_NOT_SUPPORTED',
  'DURABLE_STORE_REQUIRED',
  'FINGERPRINT_KEY_REQUIRED',
  'PLAN_BLOCKED',
  'DELETION_REFUSED',
  'PLAN_STALE',
  'PLAN_INVALID',
  'SYNC_DISABLED',
  'SYNC_BUSY',
  'SYNC_FAILED',
  'REDEPLOY_FAILED',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'RATE_LIMITED',
  'CONFLICT',
  'DESTINATION_UNAVAILABLE',
  'DESTINATION_REJECTED',
  'INVALID_RESPONSE',
  'TIMEOUT',
  'STATE_UNREADABLE',
  'STATE_NOT_SAVED',
  'STATE_CONFLICT',
  'SYNC_NOT_FOUND',
  'SYNC_EXISTS',
  'VERSION_CONFLICT',
  'CROSS_SYNC_CONFLICT',
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** One of several things that are wrong, as listed in {@link SecretSyncError.problems}. */
export interface ErrorProblem {
  readonly code: ErrorCode;
  /** Where in the input, in dots and brackets: `destinationConfig.projectId`. */
  readonly path?: string;
  /** The key at the destination, or at the source for errors about the source. */
  readonly key?: string;
  readonly message: string;
}
