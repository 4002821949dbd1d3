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

type NamesOf<Drivers extends readonly AnyDestinationDriver[]> = Drivers[number]['name'];

type ConfigInputOf<Drivers extends readonly AnyDestinationDriver[], Name> = StandardSchemaV1.InferInput<
  Extract<Drivers[number], { readonly name: Name }>['configSchema']
>;

/** The type of `destination` in a call: completed to the names of the drivers, inferred from what is typed. */
export type DestinationName<Drivers extends readonly AnyDestinationDriver[]> =
  NamesOf<Drivers> | (string & {});

/**
 * A definition as an argument. Where the type of `destination` is a driver's name, all of it is checked by that
 * driver's types, and another name is an error that lists the drivers; where it is any string, as in a definition that
 * was read from JSON or declared without `satisfies`, it is checked when the call runs.
 */
export type DefinitionArgument<
  Drivers extends readonly AnyDestinationDriver[],
  Destination extends string,
> = string extends Destination | NamesOf<Drivers>
  ? SyncDefinitionInput<Destination>
  : Destination extends NamesOf<Drivers>
    ? SyncDefinitionInput<Destination, ConfigInputOf<Drivers, Destination>>
    : SyncDefinitionInput<NamesOf<Drivers>>;

/** A parsed definition for a list of drivers. */
export type DefinitionFor<Drivers extends readonly AnyDestinationDriver[]> = DefinitionOfDriver<
  Drivers[number]
>;
