import type { ConnectOptions, DestinationConnection } from '../../contracts/destination.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { canonicalId } from '../support/ids.js';
import type { HasuraCloudConfig, HasuraCloudCredentials } from './config.js';
import { awaitRestart } from './health.js';
import { toEntries, type Snapshot } from './snapshot.js';
import { findProject, getEnvironment } from './wire.js';
import { conflict, write, type Doubt } from './write.js';

const TENANT_FACT = 'tenantId';

/** Reads and writes the environment of one project. */
export function connect({
  config,
  http,
  facts,
}: ConnectOptions<HasuraCloudCredentials, HasuraCloudConfig>): DestinationConnection {
  const projectId = canonicalId(config.projectId);
  let snapshot: Snapshot | undefined;
  let doubt: Doubt | undefined;

  const notFound = (what: string, remedy: string) =>
    new SecretSyncError(
      'NOT_FOUND',
      `Hasura Cloud shows no ${what}project ${projectId} to this access token; ${remedy}.`,
      { status: 200 },
    );

  async function lookUpTenant(signal: AbortSignal): Promise<string> {
    const project = await findProject(http, projectId, signal);
    if (project?.tenant) return project.tenant.id;
    throw project
      ? notFound('tenant of ', 'wait until the project is set up, or open it in the console')
      : notFound('', 'check projectId and the account of the token');
  }

  async function readTenant(tenantId: string, signal: AbortSignal): Promise<Snapshot> {
    const environment = await getEnvironment(http, tenantId, signal);
    if (!environment) throw notFound('environment of ', 'check the rights of the account');
    return { tenantId, hash: environment.hash, entries: toEntries(environment.envVars) };
  }

  /** A project can get another tenant: a remembered one that is gone, or refused, is looked up again once. */
  async function read(signal: AbortSignal): Promise<Snapshot> {
    const remembered = facts.get(TENANT_FACT);
    let refusal: SecretSyncError | undefined;
    if (remembered !== undefined) {
      try {
        return await readTenant(remembered, signal);
      } catch (error) {
        // HTTP 200: the API itself refused. A bad token or a failing network is nothing that a look-up would fix.
        const isRefused =
          isSecretSyncError(error) &&
          error.status === 200 &&
          error.code !== 'UNAUTHORIZED' &&
          error.code !== 'INVALID_RESPONSE';
        if (!isRefused) throw error;
        refusal = error;
      }
    }
    const tenantId = await lookUpTenant(signal);
    if (tenantId === remembered && refusal) throw refusal;
    const found = await readTenant(tenantId, signal);
    facts.set(TENANT_FACT, tenantId);
    return found;
  }

  return {
    async read({ signal }) {
      snapshot = undefined;
      snapshot = await read(signal);
      return { entries: [...snapshot.entries.values()] };
    },
    async write(batch, options) {
      if (snapshot === undefined) throw conflict();
      const before = { http, snapshot, doubt };
      // Whatever is thrown from here on, nothing more is written before it is read again.
      [snapshot, doubt] = [undefined, undefined];
      const written = await write(before, batch, options);
      ({ snapshot, doubt } = written);
      return written.outcomes;
    },
    finish: (options) => awaitRestart(http, projectId, options),
  };
}
