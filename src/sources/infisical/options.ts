import * as z from 'zod';
import type { Clock } from '../../contracts/clock.js';
import type { SourceLocation } from '../../contracts/source.js';
import type { RetryOptions } from '../../http/backoff.js';
import { errorFromProblems } from '../../shared/problems.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';

/** Options of `infisicalSource`. */
export interface InfisicalOptions {
  /** Of a machine identity with universal auth. */
  readonly clientId: string;
  readonly clientSecret: string;
  /**
   * `https://app.infisical.com` (the default), `https://eu.infisical.com`, or where Infisical is hosted by yourself.
   * HTTPS, unless private networks are allowed.
   */
  readonly siteUrl?: string;
  /** Where a definition names no project. */
  readonly projectId?: string;
  /** The slug of an environment, where a definition names none. */
  readonly environment?: string;
  /** The folder, where a definition names none. Default: `/`. */
  readonly secretPath?: string;
  /** Whether imported secrets belong to a folder. Default: true. */
  readonly includeImports?: boolean;
  /** Whether `${…}` in values is replaced by what it refers to. Default: true. */
  readonly expandSecretReferences?: boolean;
  /** How often a watch looks for changes where Infisical pushes no events, in ms. Default: 60,000. */
  readonly pollInterval?: number;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Lets HTTPS go to private addresses and plain HTTP to loopback. Default: false. */
  readonly allowPrivateNetwork?: boolean;
  /** How long one request may take, in ms. Default: 30,000. */
  readonly timeout?: number;
  readonly retry?: Partial<RetryOptions>;
  /** How many requests are under way at most. Default: 10. */
  readonly concurrency?: number;
  /** Default: that of the machine. */
  readonly clock?: Clock;
  /** From 0 up to, not including, 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** A folder of one environment. */
export interface InfisicalPlace {
  readonly projectId: string;
  readonly environment: string;
  /** Starts with a slash, and ends with none but that. */
  readonly secretPath: string;
}

const text = z.string('it must be text').min(1, 'it is empty');
const flag = z.boolean('it must be true or false').optional();

const optionsSchema = z.object(
  {
    clientId: text,
    clientSecret: text,
    siteUrl: z.string('it must be text').optional(),
    projectId: text.optional(),
    environment: text.optional(),
    secretPath: text.optional(),
    includeImports: flag,
    expandSecretReferences: flag,
    pollInterval: z.number('it must be a number').positive('it must be more than 0').optional(),
  },
  'they are missing',
);

function invalid(subject: string, problems: readonly ErrorProblem[]) {
  return errorFromProblems('INVALID_OPTION', subject, problems);
}

/** Throws `INVALID_OPTION` that names every option that can't be; what the http client takes, it checks itself. */
export function checkOptions(options: InfisicalOptions): void {
  const { error } = optionsSchema.safeParse(options);
  if (error === undefined) return;
  throw invalid(
    'infisicalSource was given options that are not valid',
    error.issues.map(({ path, message }) => ({
      code: 'INVALID_OPTION',
      path: path.map(String).join('.') || 'options',
      message,
    })),
  );
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
  if (problems.length > 0) throw invalid('Infisical needs to be told what to read', problems);
  return { projectId, environment, secretPath: `/${secretPath.split('/').filter(Boolean).join('/')}` };
}
