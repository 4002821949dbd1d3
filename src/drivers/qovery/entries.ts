import type { DestinationEntry, Facts, FixedReason } from '../../contracts/destination.js';
import { isReserved, type QoveryVariableType } from './config.js';
import { kindOf, typeOf, valueOf, type Variable, type VariableScope } from './variable.js';

const OWNERS_FACT = 'ownedBy';

/**
 * The names under which the API shows what we created. Captured is `QOVERY`; what `owned_by` says of what an API token
 * created is not documented, so it is learned from the responses to our own creates and kept with the place.
 */
export function ownerNames(facts: Facts) {
  const known = new Set((facts.get(OWNERS_FACT) ?? '').split('\n'));
  const isUs = (name: string | undefined) => !name || name.toUpperCase() === 'QOVERY' || known.has(name);
  return {
    isUs,
    learn(name: string | undefined): void {
      if (isUs(name) || name === undefined || /\n/.test(name)) return;
      const all = [...known, name].filter(Boolean);
      // The newest ones, as far as a fact can hold them.
      while (all.join('\n').length > 1000) all.shift();
      facts.set(OWNERS_FACT, all.join('\n'));
      known.add(name);
    },
  };
}

export type OwnerNames = ReturnType<typeof ownerNames>;

const REASONS = {
  ALIAS: 'alias',
  OVERRIDE: 'override',
  FILE: 'file',
  BUILT_IN: 'built-in',
} satisfies Readonly<Record<string, FixedReason>>;

/** The types of variables that have a reason of their own for being left alone. */
export type FixedType = keyof typeof REASONS;

const TYPES = new Map<string, FixedReason>(Object.entries(REASONS));

/**
 * Why a variable of the list is not one to write over. Only plain values of the place's own scope are; and, as the core
 * knows from their ids, the overrides that we made.
 *
 * | scope | type | | |
 * |---|---|---|---|
 * | any | BUILT_IN (or the scope is) | | `built-in` |
 * | another | any | | `inherited` |
 * | own | ALIAS, OVERRIDE, FILE | | the same |
 * | own | EXTERNAL_SECRET, FILE_EXTERNAL_SECRET, unknown | | `external` |
 * | own | VALUE | mounted as a file | `file` |
 * | own | VALUE | plain | none |
 */
function fixedBy(variable: Variable, { scope }: VariableScope): FixedReason | undefined {
  const { scope: at, mount_path: mountPath } = variable;
  const type = typeOf(variable);
  if (at === 'BUILT_IN' || type === 'BUILT_IN') return 'built-in';
  if (at !== scope) return 'inherited';
  if (type === 'VALUE') return mountPath ? 'file' : undefined;
  return TYPES.get(type) ?? 'external';
}

/** Whether a variable is one of the project that an environment inherits. */
const isOfProject = (variable: Variable, { scope }: VariableScope): boolean =>
  scope === 'ENVIRONMENT' && variable.scope === 'PROJECT' && typeOf(variable) !== 'BUILT_IN';

/** Whether an environment can override a variable of its project with one of this kind. */
export const isOverridable = (variable: Variable, place: VariableScope, kind: string | undefined): boolean =>
  isOfProject(variable, place) &&
  typeOf(variable) === 'VALUE' &&
  !variable.mount_path &&
  kindOf(variable) === kind;

/**
 * Why a key of the project can't be written at the environment. The API refuses a second variable of the key with 409
 * (reported: terraform-provider-qovery #86, console #2900), and an override has the kind of what it overrides.
 */
function blockOf(variable: Variable, place: VariableScope, wanted: QoveryVariableType): string | undefined {
  if (!isOfProject(variable, place) || isOverridable(variable, place, wanted)) return undefined;
  const type = variable.mount_path ? 'file' : (TYPES.get(typeOf(variable)) ?? 'external');
  const what = typeOf(variable) === 'VALUE' && !variable.mount_path ? kindOf(variable) : type;
  return `the project has this key as ${what}, and Qovery lets its environments override it with nothing else`;
}

/** What aliases and overrides name: by id where they say one, else by key. */
function namedByDependents(variables: readonly Variable[]): ReadonlySet<string> {
  const named = new Set<string>();
  for (const variable of variables) {
    for (const target of [variable.aliased_variable, variable.overridden_variable]) {
      if (typeof target === 'string') named.add(`id ${target}`).add(`key ${target}`);
      if (typeof target !== 'object' || target === null) continue;
      if ('id' in target && typeof target.id === 'string') named.add(`id ${target.id}`);
      else if ('key' in target && typeof target.key === 'string') named.add(`key ${target.key}`);
    }
  }
  return named;
}

/** Returns the entries of a place, from all that its list shows. `wanted` is the kind that is written there. */
export function toEntries(
  variables: readonly Variable[],
  place: VariableScope,
  owners: OwnerNames,
  wanted: QoveryVariableType,
): DestinationEntry[] {
  const named = namedByDependents(variables);
  return variables.map((variable): DestinationEntry => {
    const { id, key, updated_at: revision, owned_by: owner } = variable;
    const fixed = fixedBy(variable, place) ?? (owners.isUs(owner) ? undefined : 'foreign-owner');
    const value = valueOf(variable);
    const blocks = blockOf(variable, place, wanted);
    return {
      key,
      id,
      kind: kindOf(variable),
      ...(revision !== undefined && { revision }),
      ...(value !== undefined && { value }),
      ...(fixed !== undefined && { fixed }),
      ...(blocks !== undefined && { blocks }),
      ...((fixed === 'built-in' || isReserved(key)) && { reserved: true }),
      ...((named.has(`id ${id}`) || named.has(`key ${key}`)) && { hasDependents: true }),
    };
  });
}
