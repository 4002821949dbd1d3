import type { SyncDefinition, SyncDefinitionInput, SyncOptionsInput } from '../../contracts/definition.js';
import type { AnyDestinationDriver, DefinitionInputFor } from '../../contracts/typed-definition.js';
import { errorFromProblems } from '../../shared/problems.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';
import { canonicalJson } from '../../shared/canonical-json.js';
import { isRecord } from '../../shared/arguments/rules.js';

/** `null` takes an optional field away. */
type Clearable<Fields> = { readonly [Name in keyof Fields]?: Fields[Name] | null | undefined };

/**
 * What `updateSync` changes; what is not named stays. `syncOptions` change field by field; `destinationConfig` is
 * replaced as a whole.
 */
export interface SyncChanges<ConfigInput = unknown> extends Clearable<
  Pick<SyncDefinitionInput, 'description' | 'projectId' | 'environment' | 'secretPath' | 'connectionId'>
> {
  readonly name?: string | undefined;
  readonly isEnabled?: boolean | undefined;
  readonly syncOptions?: Clearable<SyncOptionsInput> | undefined;
  readonly destinationConfig?: ConfigInput | undefined;
}

/** Changes of a record whose config is that of one of these drivers. */
export type SyncChangesFor<Drivers extends readonly AnyDestinationDriver[]> = SyncChanges<
  DefinitionInputFor<Drivers>['destinationConfig']
>;

const CLEARABLE: ReadonlySet<string> = new Set([
  'description',
  'projectId',
  'environment',
  'secretPath',
  'connectionId',
] satisfies (keyof SyncChanges)[]);

/** Every option can be cleared, and has its default then. */
const isOption = (name: string, options: object): boolean =>
  name === 'keySchema' || Object.hasOwn(options, name);

/** Sets what is named, and takes away what is `null` and can be: another `null` is left to be refused. */
function patched(
  fields: object,
  changes: object,
  isClearable: (name: string) => boolean,
): Record<string, unknown> {
  const result = new Map<string, unknown>(Object.entries(fields));
  for (const [name, value] of Object.entries(changes) as [string, unknown][]) {
    if (value === null && isClearable(name)) result.delete(name);
    else if (value !== undefined) result.set(name, value);
  }
  return Object.fromEntries(result);
}

/**
 * A definition as it is to become; not checked yet.
 *
 * @throws SecretSyncError `INVALID_DEFINITION` for what can't be changed.
 */
export function changedDefinition(definition: SyncDefinition, changes: SyncChanges): Record<string, unknown> {
  const { id: definitionId, destination, connectionId } = definition;
  const problems = ['id', 'destination'].flatMap((path): ErrorProblem[] => {
    const isNamed =
      Object.hasOwn(changes, path) && Reflect.get(changes, path) !== Reflect.get(definition, path);
    const message = "it can't be changed; delete this sync and create another one";
    return isNamed ? [{ code: 'INVALID_DEFINITION', path, message }] : [];
  });
  if (problems.length > 0)
    throw errorFromProblems('INVALID_DEFINITION', "The sync can't be changed", problems, {
      definitionId,
      destination,
      connectionId,
    });
  const next = patched(definition, changes, (name) => CLEARABLE.has(name));
  // What is no object is refused as it is.
  if (!isRecord(changes.syncOptions)) return next;
  const options = definition.syncOptions;
  return { ...next, syncOptions: patched(options, changes.syncOptions, (name) => isOption(name, options)) };
}

/** Whether two definitions say the same. */
export const sameDefinition = (first: SyncDefinition, second: SyncDefinition): boolean =>
  canonicalJson(first) === canonicalJson(second);

/** What a run depends on: not how the sync is called, nor whether it is switched on. */
function essence({ name: _name, description: _description, isEnabled: _isEnabled, ...rest }: SyncDefinition) {
  const { autoSyncEnabled: _autoSyncEnabled, ...syncOptions } = rest.syncOptions;
  return canonicalJson({ ...rest, syncOptions });
}

/** Whether the last run of a definition says something of the next one. */
export const needsNoRun = (before: SyncDefinition, after: SyncDefinition): boolean =>
  essence(before) === essence(after);
