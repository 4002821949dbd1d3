// What the other programs of this folder share: a service, and its API. In your project, one file has both.
// API_TOKEN, SECRETS_FILE, STATE_DIRECTORY, SECRET_SYNC_FINGERPRINT_KEY, QOVERY_ACCESS_TOKEN: see `required`.
import { timingSafeEqual } from 'node:crypto';
import { SecretSyncEngine } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { createRestHandler } from 'secret-sync-engine/rest';
import { SecretSyncService } from 'secret-sync-engine/service';
import { dotenvSource } from 'secret-sync-engine/sources/dotenv';
import { fileStore } from 'secret-sync-engine/stores/file';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set the environment variable ${name}.`);
  return value;
}

const store = fileStore(required('STATE_DIRECTORY'));
const engine = new SecretSyncEngine({
  source: dotenvSource(required('SECRETS_FILE')),
  drivers: [
    qovery({
      accessToken: required('QOVERY_ACCESS_TOKEN'),
      instanceUrl: process.env['QOVERY_INSTANCE_URL'],
    }),
  ],
  store,
  fingerprintKey: required('SECRET_SYNC_FINGERPRINT_KEY'),
  allowPrivateNetwork: process.env['ALLOW_PRIVATE_NETWORK'] === 'true',
});

export const service = new SecretSyncService({
  engine,
  store,
  onEvent: (event) => {
    if (event.type === 'run-succeeded') console.log(`${event.name}: ${event.summary.applied} keys written`);
    else if (event.type === 'run-failed') console.warn(`${event.name}: ${event.message}`);
  },
});

const apiToken = Buffer.from(`Bearer ${required('API_TOKEN')}`);

export const handler = createRestHandler(service, {
  authorize: (request) => {
    const given = Buffer.from(request.headers.get('authorization') ?? '');
    return given.length === apiToken.length && timingSafeEqual(given, apiToken);
  },
});
