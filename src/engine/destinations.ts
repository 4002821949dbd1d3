import * as z from 'zod/mini';
import type { NamedResource } from '../contracts/destination.js';
import { SecretSyncError } from '../contracts/errors.js';
import type { AnyDestinationDriver } from '../contracts/typed-definition.js';
import { holdsCredentials } from '../shared/echo-search.js';
import { naming } from '../shared/problems.js';
import { quote, quoteList } from '../shared/text.js';
import { guarded } from './boundary/guard-call.js';
import type { ResolvedOptions } from './options.js';
import { definitionError } from './resolve/driver-registry.js';
import { findCredentials, parseCredentials } from './resolve/resolve-sync.js';

/** What an engine's driver is called, and what it can do whatever the config of a definition is. */
export interface DestinationInfo {
  /** The name of the driver, as in definitions. */
  readonly destination: string;
  /** For people. */
  readonly displayName: string;
  /** Whether secrets can be imported from it; false where that depends on the config of a definition. */
  readonly canImport: boolean;
  /** The paths of what can be listed with `discover`. */
  readonly discovery: readonly string[];
}

export interface DiscoveryRequest {
  readonly destination: string;
  /** Default: the credentials of the driver. */
  readonly connectionId?: string | undefined;
  /** One of the paths that the driver declares: `organizations/{organizationId}/projects`. */
  readonly path: string;
  /** The ids that are in braces in the path, by name. */
  readonly ids?: Readonly<Record<string, string>> | undefined;
}

/** What an engine knows of its drivers. */
export interface DestinationCatalog {
  list(): readonly DestinationInfo[];
  /**
   * Returns what a connection can see, as the driver lists it.
   *
   * @throws SecretSyncError `UNKNOWN_DESTINATION`, `INVALID_OPTION` for a path that the driver does not have,
   * `UNKNOWN_CONNECTION`, `CONNECTION_MISMATCH`, and what a request can throw.
   */
  discover(request: DiscoveryRequest, signal?: AbortSignal): Promise<readonly NamedResource[]>;
}

const resources = z.array(z.object({ id: z.string(), name: z.string() }));

const infoOf = ({ name, displayName, capabilities, discovery = [] }: AnyDestinationDriver) => ({
  destination: name,
  displayName,
  canImport: typeof capabilities === 'object' && capabilities.import,
  discovery: discovery.map(({ path }) => path),
});

function findDriver({ drivers }: ResolvedOptions, name: string): AnyDestinationDriver {
  const driver = drivers.find((candidate) => candidate.name === name);
  if (driver !== undefined) return driver;
  const known = quoteList(drivers.map((candidate) => candidate.name).sort());
  throw new SecretSyncError(
    'UNKNOWN_DESTINATION',
    `No driver is named ${quote(name)}; known are ${known}. Pass its driver to the engine, or correct the name.`,
  );
}

/** The credentials of a connection, or the driver's own, parsed. */
async function credentialsOf(
  driver: AnyDestinationDriver,
  connectionId: string | undefined,
  options: ResolvedOptions,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const found = await findCredentials(connectionId, driver, options.connections, signal);
  if ('problem' in found) throw definitionError([found.problem]);
  return parseCredentials(found.credentials, driver, connectionId);
}

/** Checks what a driver listed: foreign code, and the response of a server that can echo a token. */
function checkListed(driver: AnyDestinationDriver, credentials: unknown, listed: unknown): NamedResource[] {
  const parsed = resources.safeParse(listed);
  const texts = parsed.data?.flatMap(({ id, name }) => [id, name]) ?? [];
  if (parsed.success && !holdsCredentials(credentials, texts)) return parsed.data;
  const message = `${driver.displayName} returned a list that is not one of ids and names; try again, or report it.`;
  throw new SecretSyncError('INVALID_RESPONSE', message);
}

/** Asks for what a driver can list. */
async function discovered(
  options: ResolvedOptions,
  driver: AnyDestinationDriver,
  { connectionId, path, ids = {} }: DiscoveryRequest,
  signal: AbortSignal | undefined,
): Promise<readonly NamedResource[]> {
  const list = driver.discovery?.find((candidate) => candidate.path === path);
  if (list === undefined) {
    const known = quoteList((driver.discovery ?? []).map((candidate) => candidate.path));
    const message = `The driver ${quote(driver.name)} lists no ${quote(path)}; it lists: ${known === '' ? 'nothing' : known}.`;
    throw new SecretSyncError('INVALID_OPTION', message);
  }
  const credentials = await credentialsOf(driver, connectionId, options, signal);
  const { fetch, allowPrivateNetwork } = options;
  const call = { allowPrivateNetwork, ...(fetch && { fetch }), ...(signal && { signal }) };
  const sentence = `${driver.displayName} could not be asked for ${quote(path)}.`;
  const listed = await guarded(
    () => list.list(credentials, ids, call),
    signal,
    'DESTINATION_UNAVAILABLE',
    sentence,
  );
  return checkListed(driver, credentials, listed);
}

/** The destinations of an engine's drivers. */
export function createDestinationCatalog(options: ResolvedOptions): DestinationCatalog {
  return {
    list: () => options.drivers.map(infoOf),
    async discover(request, signal) {
      const { destination, connectionId } = request;
      const driver = findDriver(options, destination);
      return naming(
        () => ({ destination, connectionId }),
        signal,
        () => discovered(options, driver, request, signal),
      );
    },
  };
}
