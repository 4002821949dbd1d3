// What both jobs share: the same engine, over the same fingerprint key.
import { SecretSyncEngine } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { dotenvSource } from 'secret-sync-engine/sources/dotenv';
import { fileStore } from 'secret-sync-engine/stores/file';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set the environment variable ${name}.`);
  return value;
}

export const engine = new SecretSyncEngine({
  source: dotenvSource(required('SECRETS_FILE')),
  drivers: [
    qovery({
      accessToken: required('QOVERY_ACCESS_TOKEN'),
      instanceUrl: process.env['QOVERY_INSTANCE_URL'],
    }),
  ],
  // Both jobs must see the same state: a directory that they share, or a store on PostgreSQL or Redis.
  store: fileStore(required('STATE_DIRECTORY')),
  // The plan is sealed with it; apply refuses a plan that was made with another key, or edited.
  fingerprintKey: required('SECRET_SYNC_FINGERPRINT_KEY'),
  allowPrivateNetwork: process.env['ALLOW_PRIVATE_NETWORK'] === 'true',
});

export const definition = {
  name: 'production',
  destination: 'qovery',
  destinationConfig: {
    organizationId: required('QOVERY_ORGANIZATION_ID'),
    projectId: required('QOVERY_PROJECT_ID'),
    environmentId: required('QOVERY_ENVIRONMENT_ID'),
  },
  syncOptions: { keySchema: 'APP_{{secretKey}}' },
} as const;
