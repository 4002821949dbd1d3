import type { QoveryState } from './state.js';
import type { QoverySwitches } from './switches.js';
import type { QoveryVariable } from './types.js';

type Precision = 's' | 'ms' | 'us';

/** Returns an entry as the unified family shows it. */
export function present(
  state: QoveryState,
  switches: QoverySwitches,
  variable: QoveryVariable,
  precision: Precision,
): Record<string, unknown> {
  const time = (at: number) => timestamp(at, precision, switches);
  const shown = {
    id: variable.id,
    created_at: time(variable.created_at),
    key: variable.key,
    scope: variable.scope,
    variable_type: variable.variable_type,
    is_secret: variable.is_secret,
    ...valueOf(state, switches, variable),
  };
  const optional = {
    mount_path: variable.mount_path,
    description: variable.description,
    enable_interpolation_in_file: variable.enable_interpolation_in_file,
    aliased_variable: reference(state, switches, variable.aliased_variable_id),
    overridden_variable: reference(state, switches, variable.overridden_variable_id),
    service_id: variable.service_id,
    service_name: variable.service_name,
    service_type: variable.service_type,
  };
  const filled = Object.entries(optional).filter(
    ([, content]) => content !== null || switches.emptyFields === 'null',
  );
  const showsUpdate =
    switches.updatedAt === 'present' || (switches.updatedAt === 'after-edit' && state.isEdited(variable.id));
  return {
    ...shown,
    ...Object.fromEntries(filled),
    ...(showsUpdate ? { updated_at: time(variable.updated_at) } : {}),
    ...(variable.owned_by === null ? {} : { owned_by: variable.owned_by }),
  };
}

/** What an alias or override says of the entry on which it hangs. */
function reference(state: QoveryState, switches: QoverySwitches, id: string | null): unknown {
  const variable = id === null ? undefined : state.get(id);
  if (!variable) return null;
  const { key, scope, variable_type, mount_path } = variable;
  return { id, key, ...valueOf(state, switches, variable), scope, variable_type, mount_path };
}

/** The value: of an alias the name of what it stands for (captured), of a secret none. */
function valueOf(
  state: QoveryState,
  switches: QoverySwitches,
  { is_secret, value, aliased_variable_id }: QoveryVariable,
): { value?: string | null } {
  if (is_secret) return switches.secretValue === 'null' ? { value: null } : {};
  const aliased = aliased_variable_id === null ? undefined : state.get(aliased_variable_id);
  return { value: aliased?.key ?? value };
}

/**
 * Returns an entry as the older family shows it: secrets without a value and a path, also where an alias or override
 * shows what it is one of, and with fields of other names.
 */
export function presentOlder(
  state: QoveryState,
  switches: QoverySwitches,
  variable: QoveryVariable,
  precision: Precision,
): Record<string, unknown> {
  const { is_secret: isSecret, ...rest } = present(state, switches, variable, precision);
  if (!isSecret) return rest;
  const { value: _, mount_path: __, aliased_variable, overridden_variable, ...secret } = rest;
  const withoutValue = (shown: unknown) =>
    typeof shown === 'object' && shown !== null
      ? Object.fromEntries(Object.entries(shown).filter(([field]) => field !== 'value'))
      : shown;
  return {
    ...secret,
    aliased_secret: withoutValue(aliased_variable),
    overridden_secret: withoutValue(overridden_variable),
  };
}

/** Returns a time in microseconds since the Unix epoch as the API writes it. */
export function timestamp(microseconds: number, precision: Precision, switches: QoverySwitches): string {
  const { timeZone, trailingZeros } = switches;
  const iso = new Date(Math.floor(microseconds / 1000)).toISOString();
  if (precision === 's') return iso.slice(0, 19) + timeZone;
  const rest = precision === 'us' ? String(Math.floor(microseconds) % 1000).padStart(3, '0') : '';
  const full = iso.slice(0, 23) + rest;
  return (trailingZeros === 'cut' ? full.replace(/\.?0+$/, '') : full) + timeZone;
}
