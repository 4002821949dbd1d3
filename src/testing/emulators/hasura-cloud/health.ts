import type { EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import type { HasuraCloudState, ProjectRecord } from './state.js';
import type { HasuraCloudSwitches } from './switches.js';

/** The path below which the emulator serves a project, which the service serves at a host of its own. */
const PROJECTS = '/projects/';
const HEALTH = '/healthz';

/** What the API says that the endpoint of a project is. */
export function endpointOf(
  { id }: Pick<ProjectRecord, 'id'>,
  { endpoint }: HasuraCloudSwitches,
  origin: string,
): string | null {
  if (endpoint === 'null') return null;
  return `${origin}${PROJECTS}${id}${endpoint === 'graphql' ? '/v1/graphql' : ''}`;
}

/** The project whose health a request asks for. */
export function healthOf({ method, url }: Pick<RequestLogEntry, 'method' | 'url'>): string | undefined {
  if (method !== 'GET' || !url.startsWith(PROJECTS) || !url.endsWith(HEALTH)) return undefined;
  return url.slice(PROJECTS.length, -HEALTH.length);
}

/** The response of a project to `GET /healthz`: 200 `OK`, as documented, or 503 while it restarts. */
export function answerHealth(state: HasuraCloudState, projectId: string): EmulatorAnswer {
  const record = state.projects.get(projectId);
  if (record === undefined) return { status: 404, body: 'not found' };
  return state.isHealthy(record) ? { status: 200, body: 'OK' } : { status: 503, body: 'restarting' };
}
