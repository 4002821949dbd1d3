import type { SecretsFamily } from '../schemas.js';
import type { InfisicalService } from './route.js';

// Routes and their shapes: official specification of `/api/v4/secrets` and `/api/v3/secrets/raw`.
export const SECRET_PATHS = {
  v4: { list: '/api/v4/secrets', batch: '/api/v4/secrets/batch', one: '/api/v4/secrets/{secretName}' },
  v3: {
    list: '/api/v3/secrets/raw',
    batch: '/api/v3/secrets/batch/raw',
    one: '/api/v3/secrets/raw/{secretName}',
  },
} as const;

/** As a write shows what it wrote. */
export const AS_WRITTEN = { viewSecretValue: true, expandSecretReferences: false };

/** Whether the server has the routes of this family, as it is set. */
export const isServed = ({ switches }: InfisicalService, family: SecretsFamily): boolean =>
  switches.secretsApi === 'both' || switches.secretsApi === family;
