import type { EmulatorAnswer } from '../server/answers.js';
import { startEmulatorServer } from '../server/server.js';
import type { Emulator, EmulatorOptions, RequestLogEntry } from '../server/types.js';
import { createInfisicalStreams } from './events.js';
import { createInfisicalRoutes, findIssues, findRoute } from './routes.js';
import { createInfisicalState } from './state.js';
import { INFISICAL_DEFAULTS, type InfisicalSwitches } from './switches.js';
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
  /** Imports the secrets of another folder, after those that are imported already. */
  addImport(place: InfisicalFolderPlace, from: InfisicalFolderPlace): void;
  /** Adds a secret past all rules, as somebody else may have done. */
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
  /** Sends text to all streams as it stands. */
  sendToStreams(text: string): void;
  /** Ends all streams. */
  endStreams(): void;
}

/**
 * Starts a server on 127.0.0.1 that behaves as the API of Infisical does: universal auth, the lists and batches of
 * secrets with imports, references and hidden values, approval policies, and events. `url` is for the `siteUrl` of the
 * source (with `allowPrivateNetwork`).
 *
 * It is strict: unknown, repeated or missing query parameters, and unknown, missing or mistyped fields of a body are
 * validation errors (422); any other route is 404.
 */
export async function startInfisicalEmulator(
  options: InfisicalEmulatorOptions = {},
): Promise<InfisicalEmulator> {
  const { clientId = 'infisical-emulator-client', clientSecret = 'infisical-emulator-client-secret' } =
    options;
  const { now = Date.now } = options;
  const switches: InfisicalSwitches = { ...INFISICAL_DEFAULTS, ...options };
  const streams = createInfisicalStreams();
  const state = createInfisicalState(now, streams.push);
  const approvals: InfisicalApproval[] = [];
  /** When each token ends, in ms since the epoch. */
  const tokens = new Map<string, number>();
  const limiter = createRateLimiter(
    () => switches.rateLimit && { ...switches.rateLimit, headers: 'none', retryAfter: true },
    now,
  );

  const routes = createInfisicalRoutes({
    state,
    switches,
    streams,
    approvals,
    logIn(credentials) {
      if (credentials.clientId !== clientId || credentials.clientSecret !== clientSecret) return undefined;
      const token = `infisical-emulator-token-${tokens.size + 1}`;
      tokens.set(token, switches.tokenLife === 0 ? Infinity : now() + switches.tokenLife * 1_000);
      return token;
    },
  });

  function refuseToken(request: RequestLogEntry): EmulatorAnswer | undefined {
    const [, token] = /^Bearer (.+)$/.exec(request.headers['authorization'] ?? '') ?? [];
    if (token === undefined) return refusal(switches, request, 401, 'UnauthorizedError', 'Token missing');
    if ((tokens.get(token) ?? 0) > now()) return undefined;
    return switches.tokenRefusal === '403'
      ? refusal(switches, request, 403, 'TokenError', 'Your token has expired. Please re-authenticate.')
      : refusal(switches, request, 401, 'UnauthorizedError', 'Your token has expired');
  }

  function carryOut(request: RequestLogEntry): EmulatorAnswer {
    const found = findRoute(routes, request);
    if (!found) return refusal(switches, request, 404, 'NotFound', 'Route not found');
    const { route, parameters } = found;
    const refused = route.isOpen ? undefined : refuseToken(request);
    if (refused) return refused;
    const issues = findIssues(route, request);
    if (issues.length > 0) return refusal(switches, request, 422, 'ValidationFailure', issues);
    const isDenied = switches.access === 'none' || (route.needs === 'write' && switches.access === 'read');
    if (isDenied && !route.isOpen)
      return refusal(switches, request, 403, 'PermissionDenied', 'You are not allowed to do this');
    return route.handle(request, parameters);
  }

  function handle(request: RequestLogEntry): EmulatorAnswer {
    const verdict = limiter.take();
    if (verdict.allowed) return carryOut(request);
    const seconds = verdict.headers['retry-after'] ?? '';
    const message = `Rate limit exceeded. Please try again in ${seconds} seconds`;
    const answer = refusal(switches, request, 429, 'RateLimitExceeded', message);
    return switches.rateLimit?.retryAfter ? { ...answer, headers: { 'retry-after': seconds } } : answer;
  }

  const server = await startEmulatorServer(
    {
      handle,
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
    addProject: state.addProject,
    addEnvironment: state.addEnvironment,
    addFolder: state.addFolder,
    addImport: state.addImport,
    addSecret: (place: InfisicalFolderPlace, setup: InfisicalSecretSetup) => void state.add(place, [setup]),
    editSecret: (place: InfisicalFolderPlace, setup: InfisicalSecretSetup) => void state.edit(place, [setup]),
    deleteSecret: state.remove,
    secrets: state.secrets,
    tokens: () => [...tokens.keys()],
    expireTokens: () => tokens.forEach((_endsAt, token) => tokens.set(token, 0)),
    approvals: () => [...approvals],
    sendToStreams: streams.send,
    endStreams: streams.end,
  };
  // After the copy: a getter would be read by it.
  return Object.defineProperty(Object.assign(server, own, { openStreams: 0 }), 'openStreams', {
    get: () => streams.size,
  });
}
