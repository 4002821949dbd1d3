import { SecretSyncError } from '../contracts/errors.js';
import type { SecretSource } from '../contracts/source.js';
import { quoteList } from '../shared/text.js';
import { errorFromProblems } from '../shared/problems.js';
import { type ErrorProblem } from '../contracts/error-codes.js';
import { unknownOptions } from '../shared/arguments/check.js';

/** Which variables of an environment are secrets of the source: exactly one of `pick` and `prefix` is given. */
export type EnvSourceOptions =
  | {
      /** The names of the variables. One that is not set fails the read: it is missing, not deleted. */
      readonly pick: readonly string[];
      readonly prefix?: undefined;
      readonly keepPrefix?: undefined;
    }
  | {
      /** What the names of the variables begin with; the source key is what follows. */
      readonly prefix: string;
      /** Whether the source key is the whole name, its prefix included. Default: false. */
      readonly keepPrefix?: boolean | undefined;
      readonly pick?: undefined;
    };

function problemsOf(environment: unknown, options: unknown): ErrorProblem[] {
  const problems: ErrorProblem[] = [];
  const add = (path: string, message: string) =>
    void problems.push({ code: 'INVALID_OPTION', path, message });
  if (typeof environment !== 'object' || environment === null) {
    add('environment', 'it must be an object of strings, such as process.env');
  }
  if (typeof options !== 'object' || options === null) {
    add('options', 'it must be an object with pick or prefix');
    return problems;
  }
  problems.push(...unknownOptions(options, ['pick', 'prefix', 'keepPrefix']));
  const { pick, prefix, keepPrefix }: Readonly<Record<string, unknown>> = { ...options };
  if ((pick === undefined) === (prefix === undefined)) add('options', 'give either pick or prefix');
  const isNames =
    Array.isArray(pick) && pick.length > 0 && pick.every((name) => typeof name === 'string' && name !== '');
  if (pick !== undefined && !isNames) add('pick', 'it must be a list of names that is not empty');
  if (prefix !== undefined && (typeof prefix !== 'string' || prefix === '')) {
    add('prefix', 'it must be a string that is not empty: a whole environment is not a set of secrets');
  }
  if (keepPrefix !== undefined && (typeof keepPrefix !== 'boolean' || prefix === undefined)) {
    add('keepPrefix', 'it must be true or false, beside a prefix');
  }
  return problems;
}

/**
 * Returns a read-only source of environment variables, such as `process.env`, which is read again at each read. Every
 * location reads the same variables.
 *
 * - `pick` names the variables. One that is not set is `SOURCE_READ_FAILED`, so that a variable that was forgotten
 *   deletes nothing. The source key is the name.
 * - `prefix` takes the variables whose names begin with it, and strips it from the source key unless `keepPrefix` is
 *   true: with `APP_`, the variable `APP_TOKEN` has the source key `TOKEN`. One that is no longer set is a secret that
 *   is gone.
 *
 * @throws SecretSyncError `INVALID_OPTION` that names every option that is not valid.
 *
 * @example
 * const source = envSource(process.env, { prefix: 'APP_' });
 */
export function envSource(
  environment: Readonly<Record<string, string | undefined>>,
  options: EnvSourceOptions,
): SecretSource {
  const problems = problemsOf(environment, options);
  if (problems.length > 0)
    throw errorFromProblems('INVALID_OPTION', 'envSource was given options that are not valid', problems);
  const { prefix = '', keepPrefix = false } = options;
  const picked = options.pick === undefined ? undefined : [...new Set(options.pick)];
  return {
    name: 'env',
    read(_location, { signal }) {
      signal.throwIfAborted();
      return picked === undefined
        ? prefixed(environment, prefix, keepPrefix)
        : pickedFrom(environment, picked);
    },
  };
}

type Pairs = (readonly [key: string, value: string])[];

function prefixed(
  environment: Readonly<Record<string, string | undefined>>,
  prefix: string,
  keepPrefix: boolean,
): Pairs {
  return Object.entries(environment).flatMap(([name, value]): Pairs => {
    // The prefix alone would be a key without a name.
    if (value === undefined || !name.startsWith(prefix) || name === prefix) return [];
    return [[keepPrefix ? name : name.slice(prefix.length), value]];
  });
}

function pickedFrom(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Pairs {
  const pairs: Pairs = [];
  const missing: string[] = [];
  for (const name of names) {
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (value === undefined) missing.push(name);
    else pairs.push([name, value]);
  }
  if (missing.length === 0) return pairs;
  throw new SecretSyncError(
    'SOURCE_READ_FAILED',
    `These environment variables are not set: ${quoteList(missing)}. Set them, or take them out of pick.`,
  );
}
