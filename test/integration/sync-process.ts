import { qovery } from '../../src/drivers/qovery/index.js';
import { SecretSyncEngine } from '../../src/engine/secret-sync-engine.js';
import { dotenvSource } from '../../src/sources/dotenv/index.js';
import { systemClock } from '../../src/shared/clock.js';
import { fileStore } from '../../src/stores/file/index.js';

/** What a test hands to the process, as JSON in its first argument. */
export interface SyncProcessInput {
  readonly dotenv: string;
  readonly directory: string;
  readonly fingerprintKey: string;
  readonly accessToken: string;
  readonly instanceUrl: string;
  readonly config: {
    readonly organizationId: string;
    readonly projectId: string;
    readonly environmentId: string;
  };
  readonly name: string;
  /** By how much the clock of the process is ahead, in ms. */
  readonly clockOffset: number;
}

/** A process of its own that syncs a .env file, and tells each of its events as one line of JSON. */
const input = JSON.parse(process.argv[2] ?? '') as SyncProcessInput;
const engine = new SecretSyncEngine({
  source: dotenvSource(input.dotenv),
  drivers: [qovery({ accessToken: input.accessToken, instanceUrl: input.instanceUrl })],
  store: fileStore(input.directory),
  fingerprintKey: input.fingerprintKey,
  clock: { ...systemClock, now: () => Date.now() + input.clockOffset },
  allowPrivateNetwork: true,
  onEvent: (event) => process.stdout.write(`${JSON.stringify({ type: event.type })}\n`),
});
await engine.sync({
  name: input.name,
  destination: 'qovery',
  destinationConfig: input.config,
  syncOptions: { deletionScope: 'owned' },
});
