import type { DestinationEntry, Facts, FixedReason } from '../../contracts/destination.js';
import { SecretValue } from '../../contracts/secret.js';
import { isReserved, type QoveryVariableType } from './config.js';
import type { Variable, VariableScope } from './wire.js';

const OWNERS_FACT = 'ownedBy';

/**
 * Who we are to the API: what `owned_by` says of what a token created is documented nowhere, so it is learned from
 * the answers to our own creates and kept with the place.
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
      known.add(name);
      facts.set(OWNERS_FACT, all.join('\n'));
    },
  };
}

export type OwnerNames = ReturnType<typeof ownerNames>;

/** Whether a variable is a secret. An answer that leaves it open shows by the value, which secrets never have. */
export const kindOf = ({ is_secret, value }: Variable): QoveryVariableType =>
  (is_secret ?? value === undefined) ? 'secret' : 'variable';

/**
 * The value, where it can be read. A variable whose value is null counts as unreadable and not as empty: an empty
 * value is a text, and null says nothing about what the services will get.
 */
export const valueOf = (variable: Variable): SecretValue | undefined =>
  kindOf(variable) === 'secret' || variable.value === undefined ? undefined : new SecretValue(variable.value);

const TYPES = new Map<string, FixedReason>([
  ['ALIAS', 'alias'],
  ['OVERRIDE', 'override'],
  ['FILE', 'file'],
  ['BUILT_IN', 'built-in'],
]);

/**
 * Why a variable of the list is not one to write over. Only plain values of the place's own scope are.
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
export function fixedBy(variable: Variable, { scope }: VariableScope): FixedReason | undefined {
  const { scope: at, variable_type: type, mount_path: mountPath } = variable;
  if (at === 'BUILT_IN' || type === 'BUILT_IN') return 'built-in';
  if (at !== scope) return 'inherited';
  if (type === 'VALUE') return mountPath ? 'file' : undefined;
  return TYPES.get(type) ?? 'external';
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

/** The entries of a place, from all that its list shows. */
export function toEntries(
  variables: readonly Variable[],
  place: VariableScope,
  owners: OwnerNames,
): DestinationEntry[] {
  const named = namedByDependents(variables);
  return variables.map((variable): DestinationEntry => {
    const { id, key, updated_at: revision, owned_by: owner } = variable;
    const fixed = fixedBy(variable, place) ?? (owners.isUs(owner) ? undefined : 'foreign-owner');
    const value = valueOf(variable);
    return {
      key,
      id,
      kind: kindOf(variable),
      ...(revision !== undefined && { revision }),
      ...(value !== undefined && { value }),
      ...(fixed !== undefined && { fixed }),
      ...((fixed === 'built-in' || isReserved(key)) && { reserved: true }),
      ...((named.has(`id ${id}`) || named.has(`key ${key}`)) && { hasDependents: true }),
    };
  });
}
