import type { SyncDefinition } from '../../contracts/definition.js';
import { checkArguments } from '../../shared/arguments/check.js';
import { areObjects, type Rule } from '../../shared/arguments/rules.js';
import { quoteList } from '../../shared/text.js';
import { parseDefinitionFields } from '../../core/definition/parse-definition.js';
import { redeployProblem } from '../../core/follow-up.js';
import { validate, valueAt } from '../../shared/validation.js';
import { errorFromProblems, naming, type ErrorContext } from '../../shared/problems.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';
import type { AnyDestinationDriver, DefinitionFor } from '../../contracts/typed-definition.js';
import { capabilitiesOf } from '../boundary/guard-driver.js';

/** A definition whose config its driver has parsed. */
export interface RegisteredDefinition {
  readonly definition: SyncDefinition;
  readonly driver: AnyDestinationDriver;
}

export type Registered =
  | RegisteredDefinition
  | {
      readonly problems: readonly ErrorProblem[];
      /** What is known of the definition all the same. */
      readonly context: ErrorContext;
    };

/** Whether the driver can do, at this place, what `syncOptions.redeploy` asks for. */
function redeployProblemOf(
  plain: unknown,
  driver: AnyDestinationDriver,
  config: unknown,
): ErrorProblem | undefined {
  const redeploy = valueAt(plain, ['syncOptions', 'redeploy']);
  if (redeploy !== 'start' && redeploy !== 'wait') return undefined;
  return redeployProblem(redeploy, capabilitiesOf(driver, config), driver.name);
}

/** Finds the driver of a definition and parses all of it; returns every problem. */
export function registerDefinition(input: unknown, drivers: readonly AnyDestinationDriver[]): Registered {
  const { definition, problems, plain, context } = parseDefinitionFields(input);
  const all = [...problems];
  const destination = valueAt(plain, ['destination']);
  const driver = drivers.find((candidate) => candidate.name === destination);
  let destinationConfig: unknown;
  if (driver !== undefined) {
    const path = 'destinationConfig';
    const isObject = !problems.some((problem) => problem.path === path);
    // What is no object is told of already.
    const config = isObject
      ? validate(driver.configSchema, valueAt(plain, [path]), { code: 'INVALID_DEFINITION', path })
      : { problems: [] };
    if (config.problems === undefined) {
      destinationConfig = config.value;
      const unfit = redeployProblemOf(plain, driver, destinationConfig);
      if (unfit !== undefined) all.push(unfit);
    } else for (const problem of config.problems) all.push(problem);
  } else if (typeof destination === 'string' && destination !== '') {
    const known = quoteList(drivers.map((candidate) => candidate.name).sort());
    all.push({
      code: 'UNKNOWN_DESTINATION',
      path: 'destination',
      message: `no driver has this name; the drivers are ${known}; correct the name, or pass its driver to the engine`,
    });
  }
  if (definition === undefined || driver === undefined || all.length > 0)
    return { problems: all, context: { ...context, destination: driver?.name } };
  return { driver, definition: { ...definition, destinationConfig } };
}

/** Makes the one error for the problems of a definition. */
export function definitionError(problems: readonly ErrorProblem[], context?: ErrorContext) {
  return errorFromProblems('INVALID_DEFINITION', 'The definition is not valid', problems, context);
}

/** Does what comes before a run of a definition, whose errors say which it is, as far as it says so itself. */
export const namingSync = <Result>(
  input: unknown,
  drivers: readonly AnyDestinationDriver[],
  signal: AbortSignal | undefined,
  work: () => Result | Promise<Result>,
): Promise<Result> =>
  naming(
    () => {
      const { context, plain } = parseDefinitionFields(input);
      const destination = valueAt(plain, ['destination']);
      return { ...context, destination: drivers.find(({ name }) => name === destination)?.name };
    },
    signal,
    work,
  );

function isFor<Drivers extends readonly AnyDestinationDriver[]>(
  definition: SyncDefinition,
  driver: AnyDestinationDriver,
  drivers: Drivers,
): definition is SyncDefinition & DefinitionFor<Drivers> {
  return definition.destination === driver.name && drivers.includes(driver);
}

const driverList: Rule = ['a list of drivers', areObjects];

/**
 * Parses the JSON of a definition, for a list of drivers: `destinationConfig` gets the type of the driver that
 * `destination` names. Defaults are filled in. Sends nothing.
 *
 * @throws SecretSyncError `INVALID_DEFINITION`, `INVALID_KEY_SCHEMA` or `UNKNOWN_DESTINATION`: all problems in one;
 * `INVALID_OPTION` where `drivers` is not a list of drivers.
 */
export function parseDefinition<const Drivers extends readonly AnyDestinationDriver[]>(
  input: unknown,
  drivers: Drivers,
): DefinitionFor<Drivers> {
  checkArguments('parseDefinition', { drivers }, { drivers: driverList });
  const registered = registerDefinition(input, drivers);
  if ('problems' in registered) throw definitionError(registered.problems, registered.context);
  const { definition, driver } = registered;
  if (!isFor(definition, driver, drivers)) throw definitionError([]);
  return definition;
}
