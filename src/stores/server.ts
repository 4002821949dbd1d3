import { SecretSyncError } from '../contracts/errors.js';
import type { JsonValue } from '../contracts/json.js';
import { quote } from '../shared/text.js';

/** Why a server did not do what it was asked: in words of this library, with nothing that the server or client said. */
export interface ServerFailure {
  /** Follows a colon; ends with the remedy, without a period. */
  readonly reason: string;
  /** False where only a person can fix it. */
  readonly retryable: boolean;
}

/** The document at `key`, as errors name it. */
export const stateAt = (key: string): string => `The state ${quote(key)}`;

/** The documents whose keys start with `prefix`, as errors name them. */
export const statesBelow = (prefix: string): string =>
  prefix === '' ? 'The state' : `The state below ${quote(prefix)}`;

/** The error of a read that failed. */
export function unreadable(what: string, { reason, retryable }: ServerFailure): SecretSyncError {
  return new SecretSyncError('STATE_UNREADABLE', `${what} could not be read: ${reason}.`, { retryable });
}

/** The error of a write that failed, or whose response was lost. */
export function notSaved(key: string, { reason, retryable }: ServerFailure): SecretSyncError {
  const message = `${stateAt(key)} could not be saved: ${reason}.`;
  return new SecretSyncError('STATE_NOT_SAVED', message, { retryable });
}

/** The error of a document that exists and is damaged: {@link unreadable} until a person restores or deletes it. */
export const damaged = (key: string, reason: string): SecretSyncError =>
  unreadable(stateAt(key), { reason: `${reason}: restore it, or delete it`, retryable: false });

/** The document that was stored as `text`. Throws `STATE_UNREADABLE` where that is not JSON. */
export function parseDocument(key: string, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw damaged(key, 'what is stored is not JSON');
  }
}

/** A string property of an error that a client threw. */
export function propertyOf(error: unknown, name: 'code' | 'message'): string {
  const value: unknown = error instanceof Error ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : '';
}

/** A connection that failed, with the code of the system where it is one, such as `ECONNREFUSED`. */
export function unreachable(server: string, error: unknown): ServerFailure {
  const code = propertyOf(error, 'code');
  const shown = /^E[A-Z_]{2,30}$/.test(code) ? ` (${code})` : '';
  return {
    reason: `${server} could not be reached, or its response was lost${shown}; check that it runs, and the connection to it`,
    retryable: true,
  };
}
