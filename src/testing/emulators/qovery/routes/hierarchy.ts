import type { EmulatorAnswer } from '../../server/answers.js';
import type { QoveryService } from '../conflict.js';
import { timestamp } from '../present.js';
import type { Route } from './route.js';
import type { PlaceKind, PlaceRecord } from '../state.js';
import { missing } from '../wire.js';

/** A cluster is no business of variables: one for all. */
const CLUSTER_ID = '0000009c-0000-4000-8000-000000000001';

const NAMES: Record<PlaceKind, string> = {
  ORGANIZATION: 'Organization',
  PROJECT: 'Project',
  ENVIRONMENT: 'Environment',
};

/** A place as the specification's `Organization`, `Project` and `Environment` have it. */
function presentPlace({ state, switches }: QoveryService, place: PlaceRecord): Record<string, unknown> {
  const at = timestamp(place.created_at, 'us', switches);
  const shared = { id: place.id, created_at: at, updated_at: at, name: place.name };
  if (place.kind === 'ORGANIZATION') return { ...shared, description: null, plan: 'TEAM' };
  const above = state.ancestry(place.id);
  if (place.kind === 'PROJECT') {
    const environments = state.childrenOf(place.id).length;
    return {
      ...shared,
      description: '',
      organization: { id: above[1] },
      associated_environments_count: environments,
    };
  }
  return {
    ...shared,
    organization: { id: above[2] },
    project: { id: above[1] },
    cloud_provider: { provider: 'AWS', cluster: CLUSTER_ID },
    mode: 'PRODUCTION',
    cluster_id: CLUSTER_ID,
    cluster_name: 'emulated',
  };
}

/** The hierarchy: lists and single places. */
export function placeRoutes(service: QoveryService): readonly Route[] {
  const { state, switches } = service;
  const children = (parentId: string | null): EmulatorAnswer => ({
    status: 200,
    body: { results: state.childrenOf(parentId).map((place) => presentPlace(service, place)) },
  });
  const one = (kind: PlaceKind): Route => ({
    method: 'GET',
    path: `/${kind.toLowerCase()}/{id}`,
    handle(request, id) {
      const place = state.place(id, kind);
      return place
        ? { status: 200, body: presentPlace(service, place) }
        : missing(switches, request, NAMES[kind]);
    },
  });
  const below = (kind: PlaceKind, child: PlaceKind): Route => ({
    method: 'GET',
    path: `/${kind.toLowerCase()}/{id}/${child.toLowerCase()}`,
    handle: (request, id) => (state.place(id, kind) ? children(id) : missing(switches, request, NAMES[kind])),
  });
  return [
    { method: 'GET', path: '/organization', handle: () => children(null) },
    one('ORGANIZATION'),
    one('PROJECT'),
    one('ENVIRONMENT'),
    below('ORGANIZATION', 'PROJECT'),
    below('PROJECT', 'ENVIRONMENT'),
  ];
}
