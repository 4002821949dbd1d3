/** An organization, project or environment to set up. `id`: any text without `/`; by default the next of a fixed sequence. */
export interface QoveryPlaceSetup {
  readonly id?: string;
  readonly name: string;
}

/** An organization, project or environment. */
export interface QoveryPlace {
  readonly id: string;
  readonly name: string;
}

/** An entry of the Qovery emulator, with its value. */
export interface QoveryVariable {
  readonly id: string;
  readonly key: string;
  readonly value: string;
  readonly is_secret: boolean;
  /** `PROJECT`, `ENVIRONMENT`, `BUILT_IN`, `APPLICATION` or any other text. */
  readonly scope: string;
  /** `VALUE`, `ALIAS`, `OVERRIDE`, `BUILT_IN`, `FILE` or any other text. */
  readonly variable_type: string;
  /** The project or environment at which it exists. */
  readonly parent_id: string;
  readonly mount_path: string | null;
  readonly description: string | null;
  readonly enable_interpolation_in_file: boolean | null;
  /** The entry of which it is an alias. */
  readonly aliased_variable_id: string | null;
  /** The entry that it overrides. */
  readonly overridden_variable_id: string | null;
  readonly service_id: string | null;
  readonly service_name: string | null;
  readonly service_type: string | null;
  readonly owned_by: string | null;
  /** In microseconds since the Unix epoch. */
  readonly created_at: number;
  /** In microseconds since the Unix epoch. */
  readonly updated_at: number;
}

/** What can be given of an entry. Its times follow the emulator's clock. */
export type QoveryVariableFields = Omit<QoveryVariable, 'id' | 'created_at' | 'updated_at'>;

/**
 * An entry to set up. By default it is an empty variable, its `scope` that of its parent, and its `variable_type`
 * follows from what is given: `ALIAS`, `OVERRIDE`, `FILE` (with a `mount_path`), else `VALUE`.
 */
export interface QoveryVariableSetup extends Partial<Omit<QoveryVariableFields, 'key' | 'parent_id'>> {
  readonly id?: string;
  readonly key: string;
  readonly parent_id: string;
}

/** A deployment that was asked for. */
export interface QoveryDeployment {
  readonly id: string;
  readonly environmentId: string;
  /** In ms since the Unix epoch. */
  readonly startedAt: number;
  readonly finished: boolean;
  /** `DEPLOYING` until it has finished, then the state in which it ended. */
  readonly state: string;
}
