/** What snippets take for granted: the reader's own credentials, ids and functions, an engine and a definition. */
export const PRELUDE = `
import type {
  AnyDestinationDriver, Connection, SecretSource, SecretSyncEngine, StateStore, SyncPlan, SyncResult,
} from 'secret-sync-engine';
import type { QoveryDriver } from 'secret-sync-engine/drivers/qovery';
import type { Hono } from 'hono';
import type { Authorize } from 'secret-sync-engine/rest';
import type { SecretSyncService } from 'secret-sync-engine/service';
import type { PostgresClient } from 'secret-sync-engine/stores/postgres';
declare global {
  const accessToken: string;
  const hasuraAccessToken: string;
  const hasuraProjectId: string;
  const organizationId: string;
  const projectId: string;
  const environmentId: string;
  const fingerprintKey: string;
  const previousFingerprintKey: string;
  const clientId: string;
  const clientSecret: string;
  const infisicalProjectId: string;
  const text: string;
  const drivers: readonly [QoveryDriver];
  const source: SecretSource;
  const engine: SecretSyncEngine<readonly [QoveryDriver]>;
  const service: SecretSyncService<readonly [QoveryDriver]>;
  const sync: {
    readonly name: 'nightly';
    readonly destination: 'qovery';
    readonly destinationConfig: {
      readonly organizationId: string;
      readonly projectId: string;
      readonly environmentId: string;
    };
    readonly syncOptions: { readonly keySchema: string };
  };
  const app: Hono;
  const authorize: Authorize;
  const database: PostgresClient;
  const plan: SyncPlan;
  const result: SyncResult;
  function readVault(environment: string | undefined, signal: AbortSignal): Promise<Record<string, string>>;
  function writeVault(environment: string | undefined, key: string, value: string, signal: AbortSignal): Promise<void>;
  function loadConnection(id: string): Promise<Connection | undefined>;
  function notifyTeam(message: string): Promise<void>;
  function createMyStore(): StateStore;
  function createMySource(secrets: Iterable<readonly [string, string]>): SecretSource;
  function vault(credentials: { accessToken: string }): AnyDestinationDriver;
}
`;
