import { SecretSyncError } from '../contracts/errors.js';
import { type ErrorCode } from '../contracts/error-codes.js';
import { toTimestamp } from '../shared/timestamps.js';

/** All that an error may say of a request. An allow list: nothing of headers, query or bodies. */
export interface RequestFacts {
  /** Follows "could not". */
  readonly operation: string;
  readonly method: string;
  /** The host that the request goes to, with its port where that is not the default. */
  readonly host: string;
  readonly path: string;
  /** An attempt before this one may have been carried out. */
  readonly doubt: boolean;
}

interface FailureDetails {
  readonly status?: number;
  /** When the server may be asked again, in ms since the epoch. */
  readonly retryAt?: number | undefined;
  /** Whether the server may have acted; for a GET it never matters. Default: false. */
  readonly maybeWritten?: boolean;
  /** Default: by the code. */
  readonly retryable?: boolean;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['RATE_LIMITED', 'DESTINATION_UNAVAILABLE', 'TIMEOUT']);

/** Makes an error about a request from {@link RequestFacts} alone; never with a cause. */
export function httpError(
  code: ErrorCode,
  facts: RequestFacts,
  reason: string,
  details: FailureDetails = {},
): SecretSyncError {
  const { status, retryAt, maybeWritten = false, retryable = RETRYABLE.has(code) } = details;
  return new SecretSyncError(
    code,
    `Could not ${facts.operation}: ${reason} (${facts.method} ${facts.host}${facts.path})`,
    {
      retryable,
      maybeWritten: facts.doubt || (maybeWritten && facts.method !== 'GET'),
      ...(status === undefined ? {} : { status }),
      ...(retryAt === undefined ? {} : { retryAt: toTimestamp(retryAt) }),
    },
  );
}

/** The error for too many requests: what the server said, or what it had said before and was not asked again. */
export function rateLimited(
  facts: RequestFacts,
  retryAt: number | undefined,
  status?: number,
): SecretSyncError {
  const when = retryAt === undefined ? 'later' : `after ${toTimestamp(retryAt)}`;
  return httpError('RATE_LIMITED', facts, `the server accepts no more requests for now. Try again ${when}`, {
    retryAt,
    ...(status === undefined ? {} : { status }),
  });
}

const REASONS: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: 'the server does not accept the credentials. Check the token',
  FORBIDDEN: 'the credentials do not allow it. Check their permissions, and the ids',
  NOT_FOUND: 'the server does not know what was asked for. Check the ids',
  CONFLICT: 'it conflicts with what exists there. Plan again',
  DESTINATION_UNAVAILABLE: 'the server is unavailable. Try again later',
};

function codeOfStatus(status: number): ErrorCode {
  if (status >= 500) return 'DESTINATION_UNAVAILABLE';
  switch (status) {
    case 401:
      return 'UNAUTHORIZED';
    case 403:
      return 'FORBIDDEN';
    case 404:
      return 'NOT_FOUND';
    case 409:
    case 412:
      return 'CONFLICT';
    case 429:
      return 'RATE_LIMITED';
    default:
      return 'DESTINATION_REJECTED';
  }
}

/**
 * Makes the error for a response that is not a success; `code` wins over the status. A redirect and a 5xx other than
 * 503 can come after the server acted; 503, 429 and other 4xx say that it did not.
 */
export function refusal(
  status: number,
  code: ErrorCode | undefined,
  facts: RequestFacts,
  retryAt: number | undefined,
): SecretSyncError {
  const meaning = code ?? codeOfStatus(status);
  if (meaning === 'RATE_LIMITED') return rateLimited(facts, retryAt, status);
  const redirect = status < 400;
  const reason = redirect
    ? 'the server redirects, and redirects are not followed. Check the URL'
    : (REASONS[meaning] ?? 'the server refused it');
  return httpError(meaning, facts, `${reason} (status ${status})`, {
    status,
    retryAt: RETRYABLE.has(meaning) ? retryAt : undefined,
    maybeWritten: redirect || (status >= 500 && status !== 503),
    // 408 and 425 are about how the request arrived, not about what it says.
    ...(status === 408 || status === 425 ? { retryable: true } : {}),
  });
}

/** Error codes of the platform that are safe to show, and whether the request certainly was not sent. */
const NETWORK_CODES = new Map([
  ['ECONNREFUSED', true],
  ['ENOTFOUND', true],
  ['EAI_AGAIN', true],
  ['UND_ERR_CONNECT_TIMEOUT', true],
  ['ConnectionRefused', true],
  ['ECONNRESET', false],
  ['EPIPE', false],
  ['ETIMEDOUT', false],
  ['EHOSTUNREACH', false],
  ['ENETUNREACH', false],
  ['UND_ERR_SOCKET', false],
]);

const CERTIFICATE = /^(?:CERT_\w+|ERR_TLS_\w+|UNABLE_TO_\w+|\w*SELF_SIGNED_CERT\w*)$/;

/**
 * Deno has no codes, only sentences; that the request was not sent is written as the stage at which it failed. The URL in
 * the sentence can't say the same: it has no spaces. (Cloudflare's workerd has one sentence for a refused connection and
 * for one that was lost later, so that nothing can be told from it.)
 */
const DENO_CONNECT = /\bclient error \(Connect\)/;
const DENO_CERTIFICATE = /\binvalid peer certificate\b/;

function textField(value: unknown, name: 'code' | 'syscall' | 'message'): string | undefined {
  const field: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof field === 'string' ? field : undefined;
}

/** Makes the error for a `fetch` that rejected. Only codes from a list are shown: messages can quote anything. */
export function networkFailure(error: unknown, facts: RequestFacts): SecretSyncError {
  const source: unknown =
    error instanceof Error && textField(error, 'code') === undefined ? error.cause : error;
  const code = textField(source, 'code') ?? '';
  const sentence = code === '' ? (textField(source, 'message') ?? '') : '';
  if (CERTIFICATE.test(code) || DENO_CERTIFICATE.test(sentence)) {
    const reason = 'the certificate of the server is not trusted. Check the URL, or the trusted certificates';
    return httpError('DESTINATION_UNAVAILABLE', facts, reason, { retryable: false });
  }
  const notSent =
    NETWORK_CODES.get(code) === true ||
    DENO_CONNECT.test(sentence) ||
    /^(?:connect|getaddrinfo)$/.test(textField(source, 'syscall') ?? '');
  const shown = NETWORK_CODES.has(code) ? ` (${code})` : '';
  const reason = `${notSent ? 'no connection to the server' : 'the connection was lost'}${shown}. Try again later`;
  return httpError('DESTINATION_UNAVAILABLE', facts, reason, { maybeWritten: !notSent });
}
