import type { ErrorProblem } from '../contracts/error-codes.js';
import { isSecretSyncError } from '../contracts/errors.js';
import { untilAborted } from '../shared/abort.js';
import { httpStatus } from '../shared/http-status.js';

/** What the handler itself refuses. Its message is sent as it is. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly problems: readonly ErrorProblem[] = [],
  ) {
    super(message);
  }
}

const clientGone = () =>
  new RestError(499, 'REQUEST_ABORTED', 'The client ended the request before it was done.');

/** Waits for what a client asked for, but no longer than for the client: code that never ends would keep the request for ever. */
export async function untilGone<Result>(
  { signal }: Pick<Request, 'signal'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await untilAborted(work(), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw clientGone();
  }
}

/**
 * Returns what a request failed with. Once its client has gone, what is not an error of this library counts as that: work
 * that is told to stop throws the reason, which can be anything.
 */
export function failureOf(error: unknown, { signal }: Pick<Request, 'signal'>): unknown {
  const isOwn = error instanceof RestError || isSecretSyncError(error);
  return signal.aborted && !isOwn ? clientGone() : error;
}

/** The body of each response that is an error. */
export interface ErrorBody {
  /** Identifies the request. */
  readonly reqId: string;
  readonly statusCode: number;
  readonly message: string;
  /** The code of the error. */
  readonly error: string;
  readonly details: readonly ErrorProblem[];
}

const problemOf = ({ code, path, key, message }: ErrorProblem): ErrorProblem => ({
  code,
  ...(path !== undefined && { path }),
  ...(key !== undefined && { key }),
  message,
});

/** What may be said of an error: nothing of one that is not ours. */
function told(error: unknown): Pick<RestError, 'status' | 'code' | 'message' | 'problems'> {
  if (error instanceof RestError) return error;
  if (isSecretSyncError(error)) {
    const { code, message, problems = [] } = error;
    return { status: httpStatus(error), code, message, problems };
  }
  const message = 'The request failed with an unexpected error; its reqId identifies it.';
  return { status: 500, code: 'UNEXPECTED', message, problems: [] };
}

/** JSON that no cache keeps. */
export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  Response.json(body, { status, headers: { 'cache-control': 'no-store', ...headers } });

/** The response for an error: no stack, and no more than its code, message and problems. */
export function errorResponse(error: unknown, reqId: string): Response {
  const { status, code, message, problems } = told(error);
  const body: ErrorBody = {
    reqId,
    statusCode: status,
    message,
    error: code,
    details: problems.map(problemOf),
  };
  const retryAt = isSecretSyncError(error) ? error.retryAt : undefined;
  return json(body, status, retryAt === undefined ? {} : { 'retry-after': new Date(retryAt).toUTCString() });
}
