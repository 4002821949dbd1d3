import * as z from 'zod/mini';
import type { Clock } from '../../contracts/clock.js';
import type { Fetch } from '../../contracts/http.js';
import type { SourceLocation } from '../../contracts/source.js';
import type { RetryOptionsInput } from '../../http/backoff.js';
import { errorFromProblems } from '../../shared/problems.js';
import { unknownOptions } from '../../shared/arguments/check.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';

/** Options of `infisicalSource`. */
export interface InfisicalOptions {
  /** Of a machine identity with universal auth. */
  readonly clientId: string;
  readonly clientSecret: string;
  /**
   * `https://app.infisical.com` (the default), `https://eu.infisical.com`, or the address of your own server.
   * HTTPS, unless private networks are allowed.
   */
  readonly siteUrl?: string | undefined;
  /** Where a definition names no project. */
  readonly projectId?: string | undefined;
  /** The slug of an environment, where a definition names none. */
  readonly environment?: string | undefined;
  /** The folder, where a definition names none. Default: `/`. */
  readonly secretPath?: string | undefined;
  /** Whether the secrets that a folder imports are read too. Default: true. */
  readonly includeImports?: boolean | undefined;
  /** Whether `${…}` in values is replaced by what it refers to. Default: true. */
  readonly expandSecretReferences?: boolean | undefined;
  /** How often a watch reads the folder where Infisical pushes no events, in ms. Default: 60,000. */
  readonly pollInterval?: number | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Allows HTTPS to private addresses and plain HTTP to loopback. Default: false. */
  readonly allowPrivateNetwork?: boolean | undefined;
  /** How long one request may take, in ms. Default: 30,000. */
  readonly timeout?: number | undefined;
  readonly retry?: RetryOptionsInput | undefined;
  /** The largest number of requests at the same time. Default: 10. */
  readonly concurrency?: number | undefined;
  /** Default: that of the machine. */
  readonly clock?: Clock | undefined;
  /** From 0 up to, not including, 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** A folder of one environment. */
export interface InfisicalPlace {
  readonly projectId: string;
  readonly environment: string;
  /** Starts with a slash, and ends with none but that. */
  readonly secretPath: string;
}

const text = z.string('it must be a string').check(z.minLength(1, 'it is empty'));
const flag = z.optional(z.boolean('it must be true or false'));

const optionsSchema = z.object(
  {
    clientId: text,
    clientSecret: text,
    siteUrl: z.optional(z.string('it must be a string')),
    projectId: z.optional(text),
    environment: z.optional(text),
    secretPath: z.optional(text),
    includeImports: flag,
    expandSecretReferences: flag,
    pollInterval: z.optional(z.number('it must be a number').check(z.positive('it must be more than 0'))),
  },
  'they are missing',
);

/** Those that the http client checks, beside those of the schema. */
const OPTIONS = [
  ...Object.keys(optionsSchema.shape),
  ...['fetch', 'allowPrivateNetwork', 'timeout', 'retry', 'concurrency', 'clock', 'random'],
];

function invalid(subject: string, problems: readonly ErrorProblem[]) {
  return errorFromProblems('INVALID_OPTION', subject, problems);
}

/** Throws `INVALID_OPTION` that names every option that is not valid; the http client checks those that it takes. */
export function checkOptions(options: InfisicalOptions): void {
  const { error } = optionsSchema.safeParse(options);
  const unknown = unknownOptions(options, OPTIONS);
  if (error === undefined && unknown.length === 0) return;
  throw invalid('infisicalSource was given options that are not valid', [
    ...(error?.issues ?? []).map(({ path, message }): ErrorProblem => ({
      code: 'INVALID_OPTION',
      path: path.map(String).join('.') || 'options',
      message,
    })),
    ...unknown,
  ]);
}

/** The folder that a location names, completed by the options; `INVALID_OPTION` where both say too little. */
export function placeOf(location: SourceLocation, options: InfisicalOptions): InfisicalPlace {
  const projectId = location.projectId ?? options.projectId ?? '';
  const environment = location.environment ?? options.environment ?? '';
  const secretPath = location.secretPath ?? options.secretPath ?? '';
  const problems = Object.entries({ projectId, environment }).flatMap(([path, value]): ErrorProblem[] =>
    value === ''
      ? [{ code: 'INVALID_OPTION', path, message: 'set it in the definition or in infisicalSource' }]
      : [],
  );
  if (problems.length > 0) throw invalid('Infisical needs a project and an environment to read', problems);
  return { projectId, environment, secretPath: `/${secretPath.split('/').filter(Boolean).join('/')}` };
}
