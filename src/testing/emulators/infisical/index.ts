import { checkArguments } from '../../../shared/arguments/check.js';
import { anObject } from '../../../shared/arguments/rules.js';
import type { EmulatorAnswer } from '../server/answers.js';
import { startEmulatorServer } from '../server/server.js';
import type { Emulator, EmulatorOptions, RequestLogEntry } from '../server/types.js';
import { createInfisicalStreams, type InfisicalStreams } from './events.js';
import { findIssues, findRoute, type Route } from './routes/route.js';
import { createInfisicalRoutes } from './routes/index.js';
import { createInfisicalState, type InfisicalState } from './state/index.js';
import { INFISICAL_DEFAULTS, type InfisicalSwitches } from './switches.js';
import { createTokens, type InfisicalTokens } from './tokens.js';
import type {
  InfisicalApproval,
  InfisicalEnvironment,
  InfisicalEnvironmentSetup,
  InfisicalFolder,
  InfisicalFolderPlace,
  InfisicalProjectSetup,
  InfisicalSecret,
  InfisicalSecretSetup,
} from './types.js';
import { refusal } from './wire.js';
import { createRateLimiter } from '../qovery/limit.js';

/** Options of {@link startInfisicalEmulator}. The switches can be changed later with `configure`. */
export interface InfisicalEmulatorOptions
  extends Omit<EmulatorOptions, 'accessToken'>, Partial<InfisicalSwitches> {
  /** The one identity that can log in. Defaults: fixed texts. */
  readonly clientId?: string;
  readonly clientSecret?: string;
}

/** A running Infisical emulator, with what a test needs to set it up and to look into it. */
export interface InfisicalEmulator extends Omit<Emulator, 'accessToken'> {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Changes some switches from now on. */
  configure(changes: Partial<InfisicalSwitches>): void;
  addProject(setup: InfisicalProjectSetup): { readonly id: string; readonly name: string };
  /** Every environment has a root folder. */
  addEnvironment(setup: InfisicalEnvironmentSetup): InfisicalEnvironment;
  /** Adds a folder, and those above it that are missing. */
  addFolder(place: InfisicalFolderPlace): InfisicalFolder;
  /** Removes a folder with all that is below it. */
  removeFolder(place: InfisicalFolderPlace): void;
  /** Imports the secrets of another folder, after those that are imported already. */
  addImport(place: InfisicalFolderPlace, from: InfisicalFolderPlace): void;
  /** Adds a secret past all rules, as another user may have done. */
  addSecret(place: InfisicalFolderPlace, setup: InfisicalSecretSetup): void;
  /** An edit by a human, past all rules. */
  editSecret(place: InfisicalFolderPlace, setup: InfisicalSecretSetup): void;
  /** A deletion by a human. Whether there was such a secret. */
  deleteSecret(place: InfisicalFolderPlace, key: string): boolean;
  /** All secrets of a folder as they were typed, personal ones too. */
  secrets(place: InfisicalFolderPlace): InfisicalSecret[];
  /** The tokens that were handed out, the oldest first. */
  tokens(): readonly string[];
  /** Makes all tokens invalid that were handed out. */
  expireTokens(): void;
  /** The changes that wait for approval. */
  approvals(): InfisicalApproval[];
  /** How many streams of events are open. */
  readonly openStreams: number;
  /** Sends text to all streams as it is. */
  sendToStreams(text: string): void;
  /** Ends all streams. */
  endStreams(): void;
}

/** What carries requests out: lets them in, checks them, and hands them to their route. */
function createHandler(
  routes: readonly Route[],
  tokens: InfisicalTokens,
  switches: InfisicalSwitches,
): (request: RequestLogEntry) => EmulatorAnswer {
  return (request) => {
    const found = findRoute(routes, request);
    if (!found) {
      // As Fastify says it by default, which Infisical is built on.
      const message = `Route ${request.method}:${request.path} not found`;
      return refusal(switches, request, 404, 'Not Found', message);
    }
    const { route, parameters } = found;
    const refused = route.isOpen ? undefined : tokens.refuse(request);
    if (refused) return refused;
    const issues = findIssues(route, request, switches);
    if (issues.length > 0) return refusal(switches, request, 422, 'ValidationFailure', issues);
    const isDenied = switches.access === 'none' || (route.needs === 'write' && switches.access === 'read');
    if (isDenied && !route.isOpen)
      return refusal(switches, request, 403, 'PermissionDenied', 'You are not allowed to do this');
    return route.handle(request, parameters);
  };
}

/** The same within the limit of requests, which is told in words (official implementation). */
function limited(
  handle: (request: RequestLogEntry) => EmulatorAnswer,
  limiter: ReturnType<typeof createRateLimiter>,
  switches: InfisicalSwitches,
): (request: RequestLogEntry) => EmulatorAnswer {
  return (request) => {
    const verdict = limiter.take();
    if (verdict.allowed) return handle(request);
    const seconds = verdict.headers['retry-after'] ?? '';
    const message = `Rate limit exceeded. Please try again in ${seconds} seconds`;
    const answer = refusal(switches, request, 429, 'RateLimitExceeded', message);
    return switches.rateLimit?.retryAfter ? { ...answer, headers: { 'retry-after': seconds } } : answer;
  };
}

/** What a test sets up and looks at. */
function controlsOf(
  state: InfisicalState,
  tokens: InfisicalTokens,
  streams: InfisicalStreams,
  approvals: readonly InfisicalApproval[],
) {
  return {
    addProject: state.addProject,
    addEnvironment: state.addEnvironment,
    addFolder: state.addFolder,
    removeFolder: state.removeFolder,
    addImport: state.addImport,
    addSecret: (place: InfisicalFolderPlace, setup: InfisicalSecretSetup) => void state.add(place, [setup]),
    editSecret: (place: InfisicalFolderPlace, setup: InfisicalSecretSetup) => void state.edit(place, [setup]),
    deleteSecret: state.remove,
    secrets: state.secrets,
    tokens: tokens.all,
    expireTokens: tokens.expire,
    approvals: () => [...approvals],
    sendToStreams: streams.send,
    endStreams: streams.end,
  };
}

/**
 * Starts a server on 127.0.0.1 that behaves as the API of Infisical does: universal auth, secrets by list, batch and name
 * in both families of routes, folders, imports, references and hidden values, approval policies, and events. `url` is for
 * the `siteUrl` of the source (with `allowPrivateNetwork`).
 *
 * Fields of a body that are missing or mistyped are validation errors (422), unknown ones too where `parameters` is
 * `strict`; any other route is 404.
 */
export async function startInfisicalEmulator(
  options: InfisicalEmulatorOptions = {},
): Promise<InfisicalEmulator> {
  checkArguments('startInfisicalEmulator', { options }, { options: anObject });
  const { clientId = 'infisical-emulator-client', clientSecret = 'infisical-emulator-client-secret' } =
    options;
  const { now = Date.now } = options;
  const switches: InfisicalSwitches = { ...INFISICAL_DEFAULTS, ...options };
  const streams = createInfisicalStreams();
  const state = createInfisicalState(now, streams.push);
  const approvals: InfisicalApproval[] = [];
  const tokens = createTokens(switches, now);
  const limiter = createRateLimiter(
    () => switches.rateLimit && { ...switches.rateLimit, headers: 'none', retryAfter: true },
    now,
  );
  const routes = createInfisicalRoutes({
    state,
    switches,
    streams,
    approvals,
    logIn: (given) =>
      given.clientId === clientId && given.clientSecret === clientSecret ? tokens.issue() : undefined,
    renew: tokens.renew,
  });

  const server = await startEmulatorServer(
    {
      handle: limited(createHandler(routes, tokens, switches), limiter, switches),
      describe(request) {
        const found = findRoute(routes, request);
        return found ? `${found.route.method} ${found.route.path}` : 'unknown';
      },
      refuse: (request, status, message) => refusal(switches, request, status, 'EmulatedError', message),
      echoes: () => switches.echo,
    },
    options,
  );
  const own = {
    clientId,
    clientSecret,
    configure(changes: Partial<InfisicalSwitches>) {
      Object.assign(switches, changes);
      if (changes.rateLimit !== undefined) limiter.reset();
    },
    ...controlsOf(state, tokens, streams, approvals),
  };
  // After the copy: a getter would be read by it.
  return Object.defineProperty(Object.assign(server, own, { openStreams: 0 }), 'openStreams', {
    get: () => streams.size,
  });
}
