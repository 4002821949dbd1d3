import type { EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import { conflict, findRival, type QoveryService } from './conflict.js';
import type { QoveryVariable, QoveryVariableSetup } from './types.js';
import { missing, refusal } from './wire.js';

/** A variable that a write made or changed, or the response that refuses it. */
export type Written = { readonly variable: QoveryVariable } | { readonly refused: EmulatorAnswer };

/** What both families take beside a key and value. */
interface Extras {
  readonly description?: string | null | undefined;
  readonly enable_interpolation_in_file?: boolean | null | undefined;
}

/** Fields that a request leaves out are null. */
export const extrasOf = ({ description, enable_interpolation_in_file }: Extras) => ({
  description: description ?? null,
  enable_interpolation_in_file: enable_interpolation_in_file ?? null,
});

/** Adds an entry under a key that must be free. */
export function addFree(
  service: QoveryService,
  request: RequestLogEntry,
  setup: QoveryVariableSetup & { readonly is_secret: boolean },
  reach = service.switches.conflictReach,
): Written {
  const rival = findRival(service, setup, reach);
  if (rival) return { refused: conflict(service, request, rival) };
  return { variable: service.state.add({ owned_by: service.switches.ownedBy, ...setup }) };
}

/** Makes an alias of an entry: it has its kind, and no value of its own. */
export function addAlias(
  service: QoveryService,
  request: RequestLogEntry,
  id: string,
  setup: { readonly key: string; readonly parent_id: string } & Extras,
): Written {
  const target = service.state.get(id);
  if (!target) return { refused: missing(service.switches, request, 'Variable') };
  const { key, parent_id } = setup;
  if (!service.state.ancestry(parent_id).includes(target.parent_id)) {
    return { refused: refusal(service.switches, request, 400, 'The aliased variable is out of sight there') };
  }
  const { is_secret } = target;
  return addFree(service, request, {
    ...extrasOf(setup),
    key,
    parent_id,
    is_secret,
    aliased_variable_id: id,
  });
}

/** Overrides an entry of a higher scope: it keeps its key and kind. */
export function addOverride(
  service: QoveryService,
  request: RequestLogEntry,
  id: string,
  setup: { readonly value: string; readonly parent_id: string } & Extras,
): Written {
  const target = service.state.get(id);
  if (!target) return { refused: missing(service.switches, request, 'Variable') };
  const { value, parent_id } = setup;
  const isAbove = service.state.ancestry(parent_id).slice(1).includes(target.parent_id);
  if (!isAbove || target.variable_type === 'BUILT_IN') {
    return {
      refused: refusal(service.switches, request, 400, 'Only a variable of a higher scope is overridden'),
    };
  }
  const { key, is_secret, mount_path } = target;
  const more = { ...extrasOf(setup), mount_path, overridden_variable_id: id };
  return addFree(service, request, { ...more, key, value, parent_id, is_secret }, 'own-scope');
}

/** Edits an entry. A null or missing value leaves it as it is. */
export function edit(
  service: QoveryService,
  request: RequestLogEntry,
  variable: QoveryVariable | undefined,
  changes: { readonly key: string; readonly value?: string | null | undefined } & Extras,
): Written {
  const { state, switches } = service;
  const manner = switches.missingOnPut === 'as-missing' ? switches.missing : switches.missingOnPut;
  if (!variable) return { refused: missing(switches, request, 'Variable', manner) };
  if (variable.variable_type === 'BUILT_IN') {
    return { refused: refusal(switches, request, 400, 'A built-in is read-only') };
  }
  const { key, value } = changes;
  const rival = key === variable.key ? undefined : findRival(service, { ...variable, key });
  if (rival) return { refused: conflict(service, request, rival) };
  return {
    variable: state.edit(variable.id, { key, value: value ?? variable.value, ...extrasOf(changes) }),
  };
}

/** Deletes an entry and all that depends on it. */
export function remove(
  { state, switches }: QoveryService,
  request: RequestLogEntry,
  variable: QoveryVariable | undefined,
): EmulatorAnswer {
  if (variable?.variable_type === 'BUILT_IN')
    return refusal(switches, request, 400, 'A built-in is read-only');
  return variable && state.remove(variable.id) ? { status: 204 } : missing(switches, request, 'Variable');
}
