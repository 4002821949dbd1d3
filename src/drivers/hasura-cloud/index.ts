import type { CallOptions, DestinationDriver } from '../../contracts/destination.js';
import { baseUrl } from '../support/base-url.js';
import { concealed } from '../support/credentials.js';
import { canonicalId } from '../support/ids.js';
import { listed, type Named } from '../support/named-resources.js';
import {
  capabilities,
  configSchema,
  credentialsSchema,
  type HasuraCloudConfig,
  type HasuraCloudCredentials,
} from './config.js';
import { connect } from './connection.js';
import { checkToken, getProjects } from './wire.js';
import { callClient } from '../support/call-client.js';

export type { HasuraCloudConfig, HasuraCloudCredentials, HasuraCloudWarningCode } from './config.js';

/** The driver for Hasura Cloud. */
export type HasuraCloudDriver = DestinationDriver<'hasura-cloud', HasuraCloudCredentials, HasuraCloudConfig>;

const NAME = 'hasura-cloud';
const DISPLAY_NAME = 'Hasura Cloud';

const urlOf = ({ apiUrl = 'https://data.pro.hasura.io' }: HasuraCloudCredentials) =>
  baseUrl(apiUrl, '/v1/graphql');
const endpoint = (credentials: HasuraCloudCredentials) => urlOf(credentials).endpoint;
const authorization = (credentials: HasuraCloudCredentials) => ({
  authorization: `pat ${credentials.accessToken}`,
});

const client = (credentials: HasuraCloudCredentials, options?: CallOptions) =>
  callClient({ displayName: DISPLAY_NAME, endpoint, authorization }, credentialsSchema, credentials, options);

function createHasuraCloudDriver(credentials?: HasuraCloudCredentials): HasuraCloudDriver {
  return {
    specVersion: 1,
    name: NAME,
    displayName: DISPLAY_NAME,
    ...(credentials !== undefined && { credentials: concealed(credentials) }),
    credentialsSchema,
    configSchema,
    capabilities,
    endpoint,
    authorization,
    identity: (given, { projectId }) => `${NAME}:${urlOf(given).place}/project/${canonicalId(projectId)}`,
    connect,
    async validateConnection(given, options) {
      await checkToken(client(given, options));
    },
    discovery: [
      { path: 'projects', list: (given, _ids, options) => listHasuraCloudProjects(given, options) },
    ],
  };
}

/**
 * Creates the driver for Hasura Cloud. It keeps the environment variables of a project. One mutation sets what is new or
 * changed, one deletes; each carries the hash of what was read, so that a change by someone else in between is a
 * conflict and is never written over. A change restarts the project.
 *
 * `credentials` are used where a definition names no connection.
 *
 * @example
 * const engine = new SecretSyncEngine({ source, drivers: [hasuraCloud({ accessToken })] });
 */
export const hasuraCloud = /* @__PURE__ */ Object.assign(createHasuraCloudDriver, {
  /** What Hasura Cloud can do and takes: for `planSync`, without a driver. */
  capabilities,
});

/**
 * Lists the projects that a token shows, sorted by name, then id.
 *
 * @throws SecretSyncError `INVALID_OPTION` for credentials that are not well-formed, `UNAUTHORIZED` for those that
 * are not accepted, and what any request can throw: `FORBIDDEN`, `RATE_LIMITED`, `DESTINATION_UNAVAILABLE`,
 * `DESTINATION_REJECTED`, `INVALID_RESPONSE`, `TIMEOUT`, `UNSAFE_URL`.
 */
export async function listHasuraCloudProjects(
  credentials: HasuraCloudCredentials,
  options?: CallOptions,
): Promise<Named[]> {
  return listed(DISPLAY_NAME, credentials, await getProjects(client(credentials, options)));
}
