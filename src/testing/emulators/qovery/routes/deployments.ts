import type { EmulatorAnswer } from '../../server/answers.js';
import type { RequestLogEntry } from '../../server/types.js';
import type { QoveryService } from '../conflict.js';
import { timestamp } from '../present.js';
import type { Route } from './route.js';
import { cancelSchema } from '../schemas.js';
import { missing, refusal } from '../wire.js';

/** The specification's `EnvironmentStatus`. */
function presentStatus({ deployments, switches }: QoveryService, id: string, state?: string) {
  const last = deployments.lastOf(id);
  const found = last?.state ?? 'READY';
  return {
    id,
    state: state ?? found,
    last_deployment_date: last === undefined ? null : timestamp(last.startedAt * 1000, 'us', switches),
    last_deployment_state: found,
    last_deployment_id: last?.id ?? null,
    deployment_status: last === undefined ? 'NEVER_DEPLOYED' : 'UP_TO_DATE',
  };
}

/** Deployments: asked for, looked at, and ended. */
export function deploymentRoutes(service: QoveryService): readonly Route[] {
  const { state, switches, deployments } = service;

  function deploy(request: RequestLogEntry, id: string): EmulatorAnswer {
    if (!state.place(id, 'ENVIRONMENT')) return missing(switches, request, 'Environment');
    if (deployments.lastOf(id)?.finished === false)
      return refusal(switches, request, 409, 'An operation is in progress');
    deployments.start(id);
    return { status: 202, body: presentStatus(service, id, 'DEPLOYMENT_QUEUED') };
  }

  return [
    { method: 'POST', path: '/environment/{id}/deploy', handle: deploy },
    { method: 'POST', path: '/environment/{id}/redeploy', handle: deploy },
    {
      method: 'POST',
      path: '/environment/{id}/cancelDeployment',
      body: cancelSchema,
      handle(request, id) {
        if (!state.place(id, 'ENVIRONMENT')) return missing(switches, request, 'Environment');
        deployments.finish(id, 'CANCELED');
        return { status: 202, body: presentStatus(service, id, 'CANCELED') };
      },
    },
    {
      method: 'GET',
      path: '/environment/{id}/status',
      handle: (request, id) =>
        state.place(id, 'ENVIRONMENT')
          ? { status: 200, body: presentStatus(service, id) }
          : missing(switches, request, 'Environment'),
    },
  ];
}
