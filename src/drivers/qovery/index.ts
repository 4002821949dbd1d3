import type { CallOptions, DestinationDriver } from '../../contracts/destination.js';
import { baseUrl } from '../support/base-url.js';
import { concealed } from '../support/credentials.js';
import { canonicalId, uuid } from '../support/ids.js';
import { listed, type Named } from '../support/named-resources.js';
import {
  capabilities,
  configSchema,
  credentialsSchema,
  type QoveryConfig,
  type QoveryConfigInput,
  type QoveryCredentials,
} from './config.js';
import { connect, placeOf } from './connection.js';
import { checkToken, getNamed } from './wire.js';
import { parseOptions } from '../../shared/validation.js';
import { callClient } from '../support/call-client.js';

export type {
  QoveryConfig,
  QoveryConfigInput,
  QoveryCredentials,
  QoveryVariableType,
  QoveryWarningCode,
} from './config.js';

/** The driver for Qovery. */
export type QoveryDriver = DestinationDriver<'qovery', QoveryCredentials, QoveryConfig, QoveryConfigInput>;

const NAME = 'qovery';
const DISPLAY_NAME = 'Qovery';

const urlOf = ({ instanceUrl = 'https://api.qovery.com' }: QoveryCredentials) => baseUrl(instanceUrl);
const endpoint = (credentials: QoveryCredentials) => urlOf(credentials).endpoint;
const authorization = (credentials: QoveryCredentials) => ({
  authorization: `Token ${credentials.accessToken}`,
});

const client = (credentials: QoveryCredentials, options?: CallOptions) =>
  callClient({ displayName: DISPLAY_NAME, endpoint, authorization }, credentialsSchema, credentials, options);

function createQoveryDriver(credentials?: QoveryCredentials): QoveryDriver {
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
    identity: (given, config) => `${NAME}:${urlOf(given).place}/${placeOf(config)}`,
    connect,
    validateConnection: async (given, options) => checkToken(client(given, options)),
    discovery: [
      { path: 'organizations', list: (given, _ids, options) => listQoveryOrganizations(given, options) },
      {
        path: 'organizations/{organizationId}/projects',
        list: (given, { organizationId = '' }, options) => listQoveryProjects(given, organizationId, options),
      },
      {
        path: 'projects/{projectId}/environments',
        list: (given, { projectId = '' }, options) => listQoveryEnvironments(given, projectId, options),
      },
    ],
  };
}

/**
 * Creates the driver for Qovery. It keeps the secrets or variables of a project or environment, with one request a key.
 * What is inherited, built in, made by another system, or an alias, override or file is left alone. Changes take effect
 * at the next deployment.
 *
 * Where an environment is to have a key that its project has in the same kind, the driver makes an override, and treats
 * it as its own from then on. It is known by its remembered id: without a durable store it is left alone like any other
 * override. A key that the project has in another kind is blocked in the plan.
 *
 * Secrets can't be read back: what exists is known from fingerprints. A change of kind deletes and creates; where the
 * create fails, a variable is put back, and a secret is missing until the next run.
 *
 * `credentials` are used where a definition names no connection.
 *
 * @example
 * const engine = new SecretSyncEngine({ source, drivers: [qovery({ accessToken })] });
 */
export const qovery = /* @__PURE__ */ Object.assign(createQoveryDriver, {
  /** What Qovery can do and takes at the place of a config: for `planSync`, without a driver. */
  capabilities,
});

/**
 * Lists the organizations that a token shows, sorted by name, then id.
 *
 * @throws SecretSyncError `INVALID_OPTION` for credentials or ids that are not well-formed, `UNAUTHORIZED` for
 * credentials that are not accepted, and what any request can throw: `FORBIDDEN`, `NOT_FOUND`, `RATE_LIMITED`,
 * `DESTINATION_UNAVAILABLE`, `DESTINATION_REJECTED`, `INVALID_RESPONSE`, `TIMEOUT`, `UNSAFE_URL`.
 */
export async function listQoveryOrganizations(
  credentials: QoveryCredentials,
  options?: CallOptions,
): Promise<Named[]> {
  return listed(
    DISPLAY_NAME,
    credentials,
    await getNamed(client(credentials, options), 'organizations', ['organization']),
  );
}

/** Lists the projects of an organization, sorted by name, then id. Throws what {@link listQoveryOrganizations} throws. */
export async function listQoveryProjects(
  credentials: QoveryCredentials,
  organizationId: string,
  options?: CallOptions,
): Promise<Named[]> {
  const id = canonicalId(parseOptions(uuid, organizationId, 'organizationId is not valid'));
  const path = ['organization', id, 'project'];
  return listed(DISPLAY_NAME, credentials, await getNamed(client(credentials, options), 'projects', path));
}

/** Lists the environments of a project, sorted by name, then id. Throws what {@link listQoveryOrganizations} throws. */
export async function listQoveryEnvironments(
  credentials: QoveryCredentials,
  projectId: string,
  options?: CallOptions,
): Promise<Named[]> {
  const id = canonicalId(parseOptions(uuid, projectId, 'projectId is not valid'));
  const path = ['project', id, 'environment'];
  return listed(
    DISPLAY_NAME,
    credentials,
    await getNamed(client(credentials, options), 'environments', path),
  );
}
