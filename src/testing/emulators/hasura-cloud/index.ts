import { checkArguments } from '../../../shared/arguments/check.js';
import { anObject } from '../../../shared/arguments/rules.js';
import type { JsonValue } from '../../../contracts/json.js';
import { startEmulatorServer } from '../server/server.js';
import type { Emulator, EmulatorOptions } from '../server/types.js';
import { createHasuraCloudEndpoint, GRAPHQL_PATH } from './endpoint.js';
import type { GraphQLPackage } from './graphql.js';
import { answerHealth, healthOf } from './health.js';
import {
  createHasuraCloudState,
  uuid,
  type HasuraCloudProject,
  type HasuraCloudProjectSetup,
} from './state.js';
import { HASURA_CLOUD_DEFAULTS, type HasuraCloudSwitches } from './switches.js';

/** Options of {@link startHasuraCloudEmulator}. The switches can be changed later with `configure`. */
export interface HasuraCloudEmulatorOptions extends EmulatorOptions, Partial<HasuraCloudSwitches> {}

/** A running Hasura Cloud emulator, with what a test needs to set it up and to look into it. */
export interface HasuraCloudEmulator extends Emulator {
  /** Changes some switches from now on. */
  configure(changes: Partial<HasuraCloudSwitches>): void;
  addProject(setup: HasuraCloudProjectSetup): HasuraCloudProject;
  /** All projects, in the order in which they were added. */
  projects(): HasuraCloudProject[];
  /** The project and its tenant are gone, as if it had been deleted at the console. */
  removeProject(projectId: string): void;
  /** Gives a project another tenant, or none. */
  setTenant(projectId: string, tenantId: string | null): void;
  /** A copy of the custom variables. */
  environment(projectId: string): Map<string, JsonValue>;
  /** A copy of the settings beside the custom variables. */
  topLevel(projectId: string): Map<string, JsonValue>;
  /** An edit by hand: it moves the hash, and lands where the key is, or where its name belongs. */
  setVariable(projectId: string, key: string, value: JsonValue): void;
  /** A deletion by hand. Whether there was such a key. */
  deleteVariable(projectId: string, key: string): boolean;
  /** The hash that the next mutation must carry. */
  hash(projectId: string): string;
  /** Moves the hash although nothing changed. */
  rotateHash(projectId: string): void;
  /** How often mutations have restarted the project. Edits by hand do not count. */
  restarts(projectId: string): number;
}

/**
 * Starts a server on 127.0.0.1 that behaves as the control plane of Hasura Cloud does towards its API clients: the
 * projects, and their environments behind an optimistic lock. `url` is the full GraphQL URL, for the `apiUrl` of
 * the driver's credentials (with `allowPrivateNetwork`). A project is served below the emulator's own URL, and of it
 * `healthz` alone, which fails while a mutation restarts it.
 *
 * It is strict: what the documented schema does not hold, a body that is not quite right, another path or method
 * are errors. A failure is answered with status 200 and `errors`, as the service does, save for bodies that are
 * no GraphQL request (400), paths (404) and methods (405). Needs the package `graphql` 16, an optional peer
 * dependency.
 */
export async function startHasuraCloudEmulator(
  options: HasuraCloudEmulatorOptions = {},
): Promise<HasuraCloudEmulator> {
  checkArguments('startHasuraCloudEmulator', { options }, { options: anObject });
  const { accessToken = 'hasura-cloud-emulator-token', now = Date.now } = options;
  const graphql = await loadGraphql();
  const switches: HasuraCloudSwitches = { ...HASURA_CLOUD_DEFAULTS, ...options };
  const state = createHasuraCloudState(switches, now);
  const origin = () => new URL(server.url).origin;
  const endpoint = createHasuraCloudEndpoint({ graphql, state, switches, accessToken, origin });
  const server: Omit<Emulator, 'accessToken'> = await startEmulatorServer(
    {
      handle(request) {
        const projectId = healthOf(request);
        return projectId === undefined ? endpoint.execute(request) : answerHealth(state, projectId);
      },
      describe: (request) => (healthOf(request) === undefined ? endpoint.describe(request) : 'GET /healthz'),
      refuse: (request, status, message) =>
        endpoint.errors(request, status, [{ code: 'GenericServerError', message }]),
      echoes: () => switches.echo,
    },
    options,
  );
  const summary = ({ id, name, tenantId }: HasuraCloudProject) => ({ id, name, tenantId });
  return Object.assign(server, {
    url: `${server.url}${GRAPHQL_PATH}`,
    accessToken,
    configure: (changes: Partial<HasuraCloudSwitches>) => void Object.assign(switches, changes),
    addProject: (setup: HasuraCloudProjectSetup) => summary(state.add(setup)),
    projects: () => [...state.projects.values()].map(summary),
    removeProject: (projectId: string) => void state.projects.delete(state.project(projectId).id),
    setTenant: (projectId: string, tenantId: string | null) => {
      state.project(projectId).tenantId = tenantId === null ? null : uuid(tenantId);
    },
    environment: (projectId: string) => new Map(state.project(projectId).environment),
    topLevel: (projectId: string) => new Map(state.project(projectId).topLevel),
    setVariable: (projectId: string, key: string, value: JsonValue) =>
      state.set(state.project(projectId), key, value),
    deleteVariable: (projectId: string, key: string) => state.remove(state.project(projectId), key),
    hash: (projectId: string) => state.hash(state.project(projectId)),
    rotateHash: (projectId: string) => void (state.project(projectId).rotation += 1),
    restarts: (projectId: string) => state.project(projectId).restarts,
  });
}

async function loadGraphql(): Promise<GraphQLPackage> {
  try {
    return await import('graphql');
  } catch (cause) {
    throw new Error('The Hasura Cloud emulator needs the package graphql 16: install it.', { cause });
  }
}
