import type { EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import type { QoveryState } from './state.js';
import type { QoverySwitches } from './switches.js';
import type { QoveryDeployments } from './deployments.js';
import type { QoveryVariable } from './types.js';
import { refusal } from './wire.js';

/** What the routes work on. */
export interface QoveryService {
  readonly state: QoveryState;
  readonly switches: QoverySwitches;
  readonly deployments: QoveryDeployments;
}

/** The entry that keeps another from being created, or from taking this key. */
export function findRival(
  { state, switches }: QoveryService,
  wanted: Pick<QoveryVariable, 'key' | 'is_secret' | 'parent_id'>,
  reach = switches.conflictReach,
): QoveryVariable | undefined {
  const [parentId = '', ...above] = state.ancestry(wanted.parent_id);
  const isBelow = (variable: QoveryVariable) => state.ancestry(variable.parent_id).includes(parentId);
  return state.all().find((variable) => {
    if (variable.key !== wanted.key) return false;
    if (variable.parent_id !== parentId) {
      if (reach === 'own-scope') return false;
      return above.includes(variable.parent_id) || (reach === 'all-scopes' && isBelow(variable));
    }
    const otherKind = variable.variable_type === 'VALUE' && variable.is_secret !== wanted.is_secret;
    return !(otherKind && switches.bothKinds === 'allowed');
  });
}

/** The response to a create or edit that meets another entry. */
export function conflict(
  { state, switches }: QoveryService,
  request: RequestLogEntry,
  rival: QoveryVariable,
): EmulatorAnswer {
  const [organization, project, environment] = state.ancestry(rival.parent_id).reverse();
  const existing_variable = {
    organization_id: organization ?? null,
    project_id: project ?? null,
    environment_id: environment ?? null,
    service_id: rival.service_id,
  };
  const more = switches.conflictBody === 'existing-variable' ? { existing_variable } : {};
  return refusal(switches, request, 409, `Variable ${rival.key} already exists`, more);
}
