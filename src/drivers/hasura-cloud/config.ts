import * as z from 'zod/mini';
import type { Capabilities } from '../../contracts/destination.js';
import { accessToken, baseUrlText } from '../support/credentials.js';
import { label, uuid } from '../support/ids.js';
import { checkText } from '../../shared/text.js';
import { unknownFields } from '../../shared/option-schemas.js';

/** How to reach Hasura Cloud. */
export interface HasuraCloudCredentials {
  /** A personal access token. */
  readonly accessToken: string;
  /** The GraphQL endpoint. Without a path, `/v1/graphql` is meant. Default: `https://data.pro.hasura.io/v1/graphql`. */
  readonly apiUrl?: string | undefined;
}

/** Which project a sync writes to. Its tenant is looked up. The id must be a UUID. */
export interface HasuraCloudConfig {
  readonly projectId: string;
  /** For people only. */
  readonly projectName?: string | undefined;
}

export const credentialsSchema: z.ZodMiniType<HasuraCloudCredentials> = z.strictObject(
  {
    accessToken,
    apiUrl: baseUrlText,
  },
  unknownFields,
);

export const configSchema: z.ZodMiniType<HasuraCloudConfig, HasuraCloudConfig> = z.strictObject(
  {
    projectId: uuid,
    projectName: label,
  },
  unknownFields,
);

/** True for the keys of Hasura itself: written when the source holds them, never imported or deleted. */
export const isReserved = (key: string): boolean => key.startsWith('HASURA_');

/**
 * Codes of the warnings that are Hasura Cloud's own.
 *
 * - `RESTARTS_PROJECT`: a change of the environment restarts the project; requests can fail for some seconds.
 */
export type HasuraCloudWarningCode = 'RESTARTS_PROJECT';

/** What Hasura Cloud takes: for `planSync` without a driver. */
export const capabilities: Capabilities = {
  import: true,
  writes: 'batch',
  reservedWritable: true,
  checkKey: (key) =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(key)
      ? undefined
      : 'use letters, digits and underscores, with no digit at the start',
  checkValue: checkText,
  isReserved,
  followUp: { action: 'restart' },
  writeWarnings: [
    {
      code: 'RESTARTS_PROJECT' satisfies HasuraCloudWarningCode,
      message:
        'Hasura Cloud restarts the project when its environment changes; requests can fail for some seconds.',
    },
  ],
};
