/** A folder of one environment. `secretPath` is `/` by default. */
export interface InfisicalFolderPlace {
  readonly projectId: string;
  readonly environment: string;
  readonly secretPath?: string;
}

/** A project to set up. `id`: any text without `/`; by default the next of a fixed sequence. */
export interface InfisicalProjectSetup {
  readonly id?: string;
  readonly name: string;
}

export interface InfisicalEnvironmentSetup {
  readonly projectId: string;
  readonly slug: string;
  /** Default: the slug. */
  readonly name?: string;
}

export interface InfisicalEnvironment {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
}

export interface InfisicalFolder {
  readonly id: string;
  /** Empty for the root. */
  readonly name: string;
  readonly path: string;
}

/** A secret of the emulator, as it was typed. */
export interface InfisicalSecret {
  readonly id: string;
  readonly key: string;
  /** With its references as they were typed. */
  readonly value: string;
  readonly comment: string;
  readonly type: 'shared' | 'personal';
  /** Whether the identity may not see its value. */
  readonly hidden: boolean;
  /** Counts the writes, from 1. */
  readonly version: number;
  /** In ms since the Unix epoch. */
  readonly createdAt: number;
  /** In ms since the Unix epoch. */
  readonly updatedAt: number;
}

/** A secret to set up. By default it is shared, visible and empty. */
export type InfisicalSecretSetup = Pick<InfisicalSecret, 'key'> &
  Partial<Pick<InfisicalSecret, 'value' | 'comment' | 'type' | 'hidden'>>;

/** A change that waits for approval: the keys that were to be written. */
export interface InfisicalApproval {
  readonly id: string;
  readonly place: Required<InfisicalFolderPlace>;
  readonly keys: readonly string[];
}
