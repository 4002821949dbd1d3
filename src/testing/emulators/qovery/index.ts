import { checkArguments } from '../../../shared/arguments/check.js';
import { anObject } from '../../../shared/arguments/rules.js';
import type { EmulatorAnswer } from '../server/answers.js';
import { startEmulatorServer } from '../server/server.js';
import type { Emulator, EmulatorOptions, RequestLogEntry } from '../server/types.js';
import { createDeployments } from './deployments.js';
import { createRateLimiter } from './limit.js';
import { findFault, findRoute } from './routes/route.js';
import { createQoveryRoutes } from './routes/index.js';
import { createQoveryState } from './state.js';
import { QOVERY_DEFAULTS, type QoverySwitches } from './switches.js';
import type {
  QoveryDeployment,
  QoveryPlace,
  QoveryPlaceSetup,
  QoveryVariable,
  QoveryVariableSetup,
} from './types.js';
import { refusal } from './wire.js';

/** Options of {@link startQoveryEmulator}. The switches can be changed later with `configure`. */
export interface QoveryEmulatorOptions extends EmulatorOptions, Partial<QoverySwitches> {}

/** A running Qovery emulator, with what a test needs to set it up and to look into it. */
export interface QoveryEmulator extends Emulator {
  /** Changes some switches from now on. */
  configure(changes: Partial<QoverySwitches>): void;
  addOrganization(setup: QoveryPlaceSetup): QoveryPlace;
  /** Every project has a built-in variable, `QOVERY_PROJECT_ID`. */
  addProject(setup: QoveryPlaceSetup & { readonly organizationId: string }): QoveryPlace;
  /** Every environment has a built-in variable, `QOVERY_ENVIRONMENT_ID`. */
  addEnvironment(setup: QoveryPlaceSetup & { readonly projectId: string }): QoveryPlace;
  /** Adds a service to an environment, whose id `POST /variable/import` wants. */
  addService(setup: { readonly id?: string; readonly environmentId: string }): { readonly id: string };
  /** Adds an entry of any kind past all rules, as someone else may have done. */
  addVariable(setup: QoveryVariableSetup): QoveryVariable;
  /** All entries with their values, built-ins too, in the order of their creation. */
  variables(): QoveryVariable[];
  /** The entries of a key, and only those that have all fields of `filter` as given. */
  findAll(key: string, filter?: Partial<QoveryVariable>): QoveryVariable[];
  /** The one entry that {@link findAll} finds, or `undefined`. Throws where there are several. */
  find(key: string, filter?: Partial<QoveryVariable>): QoveryVariable | undefined;
  /** An edit by a human at the console, past all rules. */
  editVariable(id: string, changes: Partial<Omit<QoveryVariableSetup, 'id'>>): QoveryVariable;
  /** A deletion at the console, of the entry and all that depends on it. Returns whether there was one. */
  deleteVariable(id: string): boolean;
  /** The deployments that were asked for, the oldest first. */
  deployments(): QoveryDeployment[];
  /** Ends the deployments of an environment that are in progress. `state`: default, that of the switch `deploymentState`. */
  finishDeployment(environmentId: string, state?: string): void;
}

/**
 * Starts a server on 127.0.0.1 that behaves as the API of Qovery does: the unified `/variable` family with aliases,
 * overrides and imports; the older family below projects and environments; organizations, projects and environments; and
 * deployments, which take their time. `url` is for the
 * `instanceUrl` of the driver's credentials (with `allowPrivateNetwork`).
 *
 * It is strict: unknown or repeated query parameters, unknown, missing or mistyped fields of a body, and keys
 * against the documented rule are errors (400); a bad token is 401; any other route is 404.
 */
export async function startQoveryEmulator(options: QoveryEmulatorOptions = {}): Promise<QoveryEmulator> {
  checkArguments('startQoveryEmulator', { options }, { options: anObject });
  const { accessToken = 'qovery-emulator-token', now = Date.now } = options;
  const switches: QoverySwitches = { ...QOVERY_DEFAULTS, ...options };
  const state = createQoveryState(switches, now);
  const deployments = createDeployments(switches, state.nextId, now);
  const limiter = createRateLimiter(() => switches.rateLimit, now);
  const routes = createQoveryRoutes({ state, switches, deployments });

  function carryOut(request: RequestLogEntry): EmulatorAnswer {
    const found = findRoute(routes, request);
    if (!found) return refusal(switches, request, 404, 'No such route');
    const fault = findFault(found.route, request);
    if (fault) return refusal(switches, request, 400, fault);
    const [id = '', innerId = ''] = found.ids;
    return found.route.handle(request, id, innerId);
  }

  function handle(request: RequestLogEntry): EmulatorAnswer {
    if (request.headers['authorization'] !== `Token ${accessToken}`) {
      return refusal(switches, request, 401, 'The token is missing or not valid');
    }
    const verdict = limiter.take();
    const answer = verdict.allowed
      ? carryOut(request)
      : refusal(switches, request, 429, 'Too many requests: try again later');
    return { ...answer, headers: { ...answer.headers, ...verdict.headers } };
  }

  function findAll(key: string, filter: Partial<QoveryVariable> = {}): QoveryVariable[] {
    const wanted = new Map<string, unknown>(Object.entries(filter));
    return state.all().filter((variable) => {
      const fields = new Map<string, unknown>(Object.entries(variable));
      return variable.key === key && [...wanted].every(([name, content]) => fields.get(name) === content);
    });
  }

  const server = await startEmulatorServer(
    {
      handle,
      describe(request) {
        const found = findRoute(routes, request);
        return found ? `${found.route.method} ${found.route.path}` : 'unknown';
      },
      refuse: (request, status, message) => refusal(switches, request, status, message),
      echoes: () => switches.echo,
    },
    options,
  );
  return Object.assign(server, {
    accessToken,
    configure(changes: Partial<QoverySwitches>) {
      Object.assign(switches, changes);
      if (changes.rateLimit !== undefined) limiter.reset();
    },
    addOrganization: state.addOrganization,
    addProject: ({ organizationId, ...setup }: QoveryPlaceSetup & { readonly organizationId: string }) =>
      state.addProject(setup, organizationId),
    addEnvironment: ({ projectId, ...setup }: QoveryPlaceSetup & { readonly projectId: string }) =>
      state.addEnvironment(setup, projectId),
    addService: (setup: { readonly id?: string; readonly environmentId: string }) => state.addService(setup),
    addVariable: (setup: QoveryVariableSetup) => state.add(setup),
    variables: state.all,
    findAll,
    find(key: string, filter?: Partial<QoveryVariable>) {
      const [found, ...others] = findAll(key, filter);
      if (others.length > 0)
        throw new Error(`Several entries have the key ${JSON.stringify(key)}: use a filter.`);
      return found;
    },
    editVariable: (id: string, changes: Partial<Omit<QoveryVariableSetup, 'id'>>) => state.edit(id, changes),
    deleteVariable: (id: string) => state.remove(id),
    deployments: deployments.all,
    finishDeployment: (environmentId: string, state?: string) => deployments.finish(environmentId, state),
  });
}
