import type { SyncDefinition } from '../../contracts/definition.js';
import { quote, quoteList } from '../../shared/text.js';
import { parseOptions, valueAt } from '../../shared/validation.js';
import { unconcealed } from '../../shared/concealed.js';
import { checkEndpoint, checkHeaders } from '../../http/address.js';
import { createEchoGuard, type EchoGuard } from '../boundary/echoes.js';
import { guarded } from '../boundary/guard-call.js';
import { bindDriver, type BoundDriver } from '../boundary/guard-driver.js';
import type { Connection, Connections, ResolvedOptions } from '../options.js';
import { definitionError, registerDefinition } from './driver-registry.js';
import type { ErrorProblem } from '../../contracts/error-codes.js';
import type { AnyDestinationDriver } from '../../contracts/typed-definition.js';

/** A definition with everything that its run needs. Nothing has been sent yet. */
export interface PreparedSync extends BoundDriver {
  readonly definition: SyncDefinition;
  readonly driver: AnyDestinationDriver;
  readonly credentials: unknown;
  /** What people call the connection; absent where it has no name, one that holds a token, or none is used. */
  readonly connectionName?: string;
  /** Refuses what the destination returns of the values and tokens of this run. */
  readonly echoes: EchoGuard;
}

async function findConnection(
  connections: Connections | undefined,
  id: string,
  signal: AbortSignal | undefined,
): Promise<Connection | undefined> {
  if (typeof connections === 'function') {
    const sentence = `The connection ${quote(id)} could not be looked up; nothing was sent. Check the function connections.`;
    return guarded(() => connections(id), signal, 'UNKNOWN_CONNECTION', sentence, { retryable: true });
  }
  return connections !== undefined && Object.hasOwn(connections, id) ? connections[id] : undefined;
}

function unknownConnection(connections: Connections | undefined, id: string): ErrorProblem {
  const known = typeof connections === 'object' ? Object.keys(connections).sort() : [];
  const hint =
    known.length > 0
      ? `known are ${quoteList(known)}`
      : connections === undefined
        ? 'pass the engine option connections'
        : 'make the function connections return it';
  return {
    code: 'UNKNOWN_CONNECTION',
    path: 'connectionId',
    message: `there is no connection ${quote(id)}; ${hint}, or leave connectionId out to use the credentials of the driver`,
  };
}

/** The longest name of a connection that is kept. */
const MOST_NAME = 256;

type Found =
  { readonly credentials: unknown; readonly connectionName?: string } | { readonly problem: ErrorProblem };

/** A name is kept where it is one: whatever else a function returns must not end up in a record. */
function nameOf(connection: Connection): { readonly connectionName?: string } {
  const name: unknown = connection.name;
  return typeof name === 'string' && name !== '' ? { connectionName: name.slice(0, MOST_NAME) } : {};
}

export async function findCredentials(
  connectionId: string | undefined,
  driver: AnyDestinationDriver | undefined,
  connections: Connections | undefined,
  signal: AbortSignal | undefined,
): Promise<Found> {
  if (connectionId === undefined) {
    if (driver === undefined || driver.credentials !== undefined) return { credentials: driver?.credentials };
    const message = `it is missing, and the driver ${quote(driver.name)} has no credentials of its own; name a connection here, or give the driver credentials`;
    return { problem: { code: 'UNKNOWN_CONNECTION', path: 'connectionId', message } };
  }
  const connection = await findConnection(connections, connectionId, signal);
  // What a function returns for one that it does not know can be anything.
  if (typeof connection !== 'object' || (connection as unknown) === null)
    return { problem: unknownConnection(connections, connectionId) };
  if (driver === undefined || connection.app === driver.name)
    return { credentials: connection.credentials, ...nameOf(connection) };
  const app: unknown = connection.app;
  const other = typeof app === 'string' ? quote(app) : 'something that is not a name';
  const message = `the connection ${quote(connectionId)} is for ${other}, not for ${quote(driver.name)}; name one for it`;
  return { problem: { code: 'CONNECTION_MISMATCH', path: 'connectionId', message } };
}

/**
 * Checks a definition with its driver, connection and addresses, before any request. Once `signal` is aborted, rejects
 * with its reason.
 *
 * @throws SecretSyncError `INVALID_DEFINITION`, or the code that all problems share.
 */
export async function prepareSync(
  input: unknown,
  options: ResolvedOptions,
  signal?: AbortSignal,
): Promise<PreparedSync> {
  const registered = registerDefinition(input, options.drivers);
  if ('problems' in registered) {
    throw definitionError([...registered.problems, ...(await connectionProblems(input, options, signal))]);
  }
  const { definition, driver } = registered;
  const found = await findCredentials(definition.connectionId, driver, options.connections, signal);
  if ('problem' in found) throw definitionError([found.problem]);
  const credentials = parseCredentials(found.credentials, driver, definition.connectionId);
  const bound = bindDriver(driver, credentials, definition);
  checkEndpoint(bound.endpoint, options);
  checkHeaders(bound.headers);
  const echoes = createEchoGuard({
    displayName: driver.displayName,
    headers: bound.headers,
    credentials,
    open: [bound.place, JSON.stringify(definition)],
  });
  const { connectionName } = found;
  const isName = connectionName !== undefined && echoes.shown(connectionName) === connectionName;
  return {
    definition,
    driver,
    credentials,
    echoes,
    ...(isName && { connectionName }),
    ...bound,
  };
}

/** @throws SecretSyncError `INVALID_OPTION` that names the driver and each field, and shows nothing of a credential. */
export function parseCredentials(
  credentials: unknown,
  driver: AnyDestinationDriver,
  connectionId: string | undefined,
): unknown {
  const whose = connectionId === undefined ? '' : ` of the connection ${quote(connectionId)}`;
  const subject = `The credentials${whose} for the driver ${quote(driver.name)} are not valid`;
  return parseOptions(driver.credentialsSchema, unconcealed(credentials), subject, {
    path: 'credentials',
    discreet: true,
  });
}

/** For a definition that is wrong anyway: what is wrong with its connection as well, so that all is told together. */
async function connectionProblems(
  input: unknown,
  options: ResolvedOptions,
  signal: AbortSignal | undefined,
): Promise<ErrorProblem[]> {
  const id = valueAt(input, ['connectionId']);
  const destination = valueAt(input, ['destination']);
  if ((id !== undefined && typeof id !== 'string') || id === '') return [];
  const driver = options.drivers.find(({ name }) => name === destination);
  const found = await findCredentials(id, driver, options.connections, signal).catch(() => undefined);
  signal?.throwIfAborted();
  return found !== undefined && 'problem' in found ? [found.problem] : [];
}
