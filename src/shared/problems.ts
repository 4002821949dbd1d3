import type { ErrorCode, ErrorProblem } from '../contracts/error-codes.js';
import { quote } from './text.js';
import { SecretSyncError, type ErrorDetails } from '../contracts/errors.js';

/** What an error says beyond its code and message, for a copy of it; without its cause, result and plan. */
export function detailsOf(error: SecretSyncError): ErrorDetails {
  const { retryable, key, problems, status, retryAt, maybeWritten } = error;
  return {
    retryable,
    ...(key !== undefined && { key }),
    ...(problems !== undefined && { problems }),
    ...(status !== undefined && { status }),
    ...(retryAt !== undefined && { retryAt }),
    ...(maybeWritten !== undefined && { maybeWritten }),
  };
}

/**
 * One error for one or many problems: its code is the one that all problems share, else `general`; its message
 * names each.
 */
export function errorFromProblems(
  general: ErrorCode,
  subject: string,
  problems: readonly ErrorProblem[],
  details: ErrorDetails = {},
): SecretSyncError {
  const shared = problems[0]?.code;
  const code =
    shared !== undefined && problems.every((problem) => problem.code === shared) ? shared : general;
  const lines = problems.map((problem) => {
    const where = problem.path ?? problem.key;
    return where === undefined || where === '' ? problem.message : `${quote(where)}: ${problem.message}`;
  });
  const message = lines.length === 1 ? `${subject}: ${lines[0]}` : `${subject}:\n- ${lines.join('\n- ')}`;
  return new SecretSyncError(code, message, { ...details, problems });
}

interface Retelling {
  /** The key that it is about. */
  readonly key?: string;
  /** One more sentence at the end. */
  readonly after?: string;
  /** Default: as it was. */
  readonly maybeWritten?: boolean;
}

/** A copy of an error, told of one key or with the end of the story. */
export function retell(error: SecretSyncError, { key, after, maybeWritten }: Retelling): SecretSyncError {
  const { code, message } = error;
  const story = after === undefined ? message : `${message.replace(/\.$/, '')}. ${after}`;
  return new SecretSyncError(code, key === undefined ? story : `${quote(key)}: ${story}`, {
    ...detailsOf(error),
    ...(key !== undefined && { key }),
    maybeWritten: maybeWritten ?? error.maybeWritten ?? false,
  });
}
