import type { SyncDefinition } from '../../contracts/definition.js';
import type { ErrorProblem } from '../../contracts/error-codes.js';
import { resolveSyncOptions } from '../../core/definition/defaults.js';
import { parseDefinitionFields } from '../../core/definition/parse-definition.js';
import { changedDefinition, type SyncChanges } from './definition-patch.js';

/** Any definition to which changes can be made. With an environment, since the one that is changed may have one. */
const ANY: SyncDefinition = {
  id: 'any',
  name: 'any',
  environment: 'any',
  isEnabled: true,
  syncOptions: resolveSyncOptions(),
  destination: 'any',
  destinationConfig: {},
};

/** Returns what is wrong with a definition, as far as neither its driver nor its connection has to be asked. */
export const problemsOfDefinition = (definition: unknown): readonly ErrorProblem[] =>
  parseDefinitionFields(definition).problems;

/**
 * Returns what is wrong with changes, whatever the definition is that they are made to, and as far as neither its driver nor
 * its connection has to be asked.
 *
 * @throws SecretSyncError `INVALID_DEFINITION` for what can't be changed.
 */
export const problemsOfChanges = (changes: SyncChanges): readonly ErrorProblem[] =>
  problemsOfDefinition(changedDefinition(ANY, changes));
