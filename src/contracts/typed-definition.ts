import type { SyncDefinition, SyncDefinitionInput } from './definition.js';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { DestinationDriver } from './destination.js';

/** Any driver, as an element of a registry. */
export type AnyDestinationDriver = DestinationDriver<string, unknown, unknown, unknown>;

type DefinitionInputOfDriver<Driver> = Driver extends AnyDestinationDriver
  ? SyncDefinitionInput<Driver['name'], StandardSchemaV1.InferInput<Driver['configSchema']>>
  : never;

type DefinitionOfDriver<Driver> = Driver extends AnyDestinationDriver
  ? SyncDefinition<Driver['name'], StandardSchemaV1.InferOutput<Driver['configSchema']>>
  : never;

/** What a user may type for a list of drivers: `destinationConfig` follows from `destination`. */
export type DefinitionInputFor<Drivers extends readonly AnyDestinationDriver[]> = DefinitionInputOfDriver<
  Drivers[number]
>;

/**
 * A definition as an argument. Where the type of `destination` is a driver's name, all of it is checked by that
 * driver's types; where it is any string, as in a definition that was read from JSON or declared without `as const`, it
 * is checked when the call runs.
 */
export type DefinitionArgument<
  Drivers extends readonly AnyDestinationDriver[],
  Destination extends string,
> = { readonly destination: Destination } & (string extends Destination
  ? SyncDefinitionInput
  : DefinitionInputFor<Drivers>);

/** A parsed definition for a list of drivers. */
export type DefinitionFor<Drivers extends readonly AnyDestinationDriver[]> = DefinitionOfDriver<
  Drivers[number]
>;
