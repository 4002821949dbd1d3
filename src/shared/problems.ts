import type { SyncDefinition } from '../contracts/definition.js';
import type { ErrorCode, ErrorProblem } from '../contracts/error-codes.js';
import { isSecretSyncError, SecretSyncError, type ErrorDetails } from '../contracts/errors.js';
import { quote } from './text.js';

/** The room for the list of problems in a message, in UTF-16 code units; a message is 16 KiB at most. */
const ROOM = 12_000;

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
    ...contextOf(error),
  };
}

/** Which run an error is about. */
export type ErrorContext = Pick<
  ErrorDetails,
  'definitionId' | 'place' | 'destination' | 'connectionId' | 'runId'
>;

/** What an error says of a sync whose place is known. */
export function contextOfSync(sync: {
  readonly definition: Pick<SyncDefinition, 'id'> &
    Partial<Pick<SyncDefinition, 'destination' | 'connectionId'>>;
  readonly place: string;
}): ErrorContext {
  const { id, destination, connectionId } = sync.definition;
  return { definitionId: id, place: sync.place, destination, connectionId };
}

function contextOf({ definitionId, place, destination, connectionId, runId }: ErrorContext): ErrorContext {
  return {
    ...(definitionId !== undefined && { definitionId }),
    ...(place !== undefined && { place }),
    ...(destination !== undefined && { destination }),
    ...(connectionId !== undefined && { connectionId }),
    ...(runId !== undefined && { runId }),
  };
}

/** Errors that came from the source, whatever their code: it can be that of a destination, such as `RATE_LIMITED`. */
const fromSource = new WeakSet<object>();

/** Notes that an error came from the source, and returns it. */
export function noteFromSource<Thrown>(error: Thrown): Thrown {
  if (typeof error === 'object' && error !== null) fromSource.add(error);
  return error;
}

/** Whether an error came from the source: then it says nothing of the server of the destination. */
export const isFromSource = (error: unknown): boolean =>
  (typeof error === 'object' && error !== null && fromSource.has(error)) ||
  isSecretSyncError(error, 'SOURCE_READ_FAILED') ||
  isSecretSyncError(error, 'SOURCE_WRITE_FAILED');

/**
 * Makes an error say which run it is about. It is the same error, unless it was another run's before: of an error that
 * several runs share, such as that of one login for all, each but the first gets a copy.
 */
export function withContext(error: SecretSyncError, context: ErrorContext): SecretSyncError {
  if (error.runId === undefined && Object.isExtensible(error)) {
    for (const [name, value] of Object.entries(contextOf(context))) {
      if (!Object.hasOwn(error, name)) Object.defineProperty(error, name, { value, enumerable: true });
    }
    return error;
  }
  const { code, message, result, plan, cause } = error;
  const copy = new SecretSyncError(code, message, {
    ...detailsOf(error),
    ...contextOf(context),
    ...(result !== undefined && { result }),
    ...(plan !== undefined && { plan }),
    ...(cause !== undefined && { cause }),
  });
  if (fromSource.has(error)) noteFromSource(copy);
  const stack = { value: error.stack, configurable: true, writable: true };
  return Object.defineProperty(copy, 'stack', stack);
}

/**
 * Does what comes before a run, or beside one, and makes its error say what it is about. The reason for which a call was
 * ended comes out as it is.
 */
export async function naming<Result>(
  context: () => ErrorContext,
  signal: AbortSignal | undefined,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const isReason = signal?.aborted === true && error === signal.reason;
    if (!isSecretSyncError(error) || error.runId !== undefined || isReason) throw error;
    throw withContext(error, context());
  }
}

const lineOf = ({ path, key, message }: ErrorProblem): string => {
  const where = path ?? key;
  return where === undefined || where === '' ? message : `${quote(where)}: ${message}`;
};

/** The lines that fit, and how many do not. */
function linesOf(problems: readonly ErrorProblem[]): readonly string[] {
  const lines: string[] = [];
  let length = 0;
  for (const problem of problems) {
    const line = lineOf(problem);
    length += line.length;
    if (length > ROOM && lines.length > 0) return [...lines, `and ${problems.length - lines.length} more`];
    lines.push(line);
  }
  return lines;
}

/**
 * Makes one error of one or many problems: its code is the one that all problems share, else `general`; its message
 * names each, as far as there is room.
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
  const lines = linesOf(problems);
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

/** A copy of an error that names a key, or says what happened after it. */
export function retell(error: SecretSyncError, retelling: Retelling): SecretSyncError {
  if (!isSecretSyncError(error)) {
    throw new SecretSyncError('INVALID_OPTION', 'retell() was not given a SecretSyncError; pass one.');
  }
  const { key, after, maybeWritten } = { ...retelling };
  const { code, message } = error;
  const story = after === undefined ? message : `${message.replace(/\.$/, '')}. ${after}`;
  return new SecretSyncError(code, key === undefined ? story : `${quote(key)}: ${story}`, {
    ...detailsOf(error),
    ...(key !== undefined && { key }),
    maybeWritten: maybeWritten ?? error.maybeWritten ?? false,
  });
}
