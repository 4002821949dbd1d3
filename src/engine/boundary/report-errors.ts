import { isSecretSyncError } from '../../contracts/errors.js';
import { notify } from '../../shared/async.js';

/**
 * Gets a raw error of foreign code, and which call threw it: `source.read`, `store.put`, `driver.write`, `connections`,
 * `fetch`.
 */
export type OnForeignError = (error: unknown, where: string) => void;

/** Whether a call was told to stop, by the signal that it was given. */
function wasStopped(given: readonly unknown[]): boolean {
  return given.some((argument) => {
    const signal: unknown =
      typeof argument === 'object' && argument !== null ? Reflect.get(argument, 'signal') : undefined;
    return signal instanceof AbortSignal && signal.aborted;
  });
}

function tell(report: OnForeignError, error: unknown, where: string, given: readonly unknown[]): void {
  // An error of ours says all that it knows already.
  if (wasStopped(given) || (isSecretSyncError(error) && error.cause === undefined)) return;
  notify(report, error, where);
}

/** Returns the same function, which tells of what it throws. */
export function reporting<Arguments extends readonly unknown[], Result>(
  call: (...given: Arguments) => Result,
  where: string,
  report: OnForeignError,
): (...given: Arguments) => Result {
  return (...given) => {
    try {
      const returned = call(...given);
      if (returned instanceof Promise) {
        returned.catch((error: unknown) => tell(report, error, where, given));
      }
      return returned;
    } catch (error) {
      tell(report, error, where, given);
      throw error;
    }
  };
}

type Callable = (...given: unknown[]) => unknown;

// A schema can be a function with properties.
const isMethod = (value: unknown, name: string | symbol): value is Callable =>
  typeof value === 'function' && typeof name === 'string' && !name.endsWith('Schema');

/** Returns the same object, whose methods tell of what they throw. Its methods keep it as their `this`. */
export function reportingMethods<Subject extends object>(
  subject: Subject,
  name: string,
  report: OnForeignError,
): Subject {
  const get = (_target: object, property: string | symbol): unknown => {
    const value: unknown = Reflect.get(subject, property, subject);
    if (!isMethod(value, property)) return value;
    const method = reporting(
      (...given: unknown[]) => Reflect.apply(value, subject, given),
      `${name}.${String(property)}`,
      report,
    );
    if (name !== 'driver' || property !== 'connect') return method;
    // What it returns is foreign code as well.
    return (...given: unknown[]) => {
      const connection = method(...given);
      const isObject = typeof connection === 'object' && connection !== null;
      return isObject ? reportingMethods(connection, name, report) : connection;
    };
  };
  // Of an object without properties: those of a frozen one could not be replaced.
  const target: object = Object.create(null) as object;
  return new Proxy(target, { get, has: (_target, property) => property in subject }) as Subject;
}
