import type { SyncOptionsInput } from '../../src/contracts/definition.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { memoryDefinition, type DefinitionFields } from './engine.js';

/** A destination with two kinds: secrets, which can't be read back, and variables. */
export const twoKinds = () =>
  memoryDestination({ kind: 'secret', readable: (kind) => kind !== 'secret', reservedPrefix: 'PLATFORM_' });

/** The definition of a sync that writes secrets there. */
export const secret = (options: SyncOptionsInput = {}, fields: DefinitionFields = {}) =>
  memoryDefinition({ syncOptions: options, ...fields });

/** The definition of a sync that writes variables there. */
export const variable = (options: SyncOptionsInput = {}, fields: DefinitionFields = {}) =>
  memoryDefinition({ syncOptions: options, ...fields }, { kind: 'variable' });
