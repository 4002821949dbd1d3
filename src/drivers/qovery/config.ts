import * as z from 'zod/mini';
import type { Capabilities } from '../../contracts/destination.js';
import type { PlanWarning } from '../../contracts/plan.js';
import { accessToken, baseUrlText } from '../support/credentials.js';
import { identifier, isUuid, label, NOT_A_UUID, uuid } from '../support/ids.js';
import { checkText } from '../../shared/text.js';
import { unknownFields } from '../../shared/option-schemas.js';

/** How to reach Qovery. */
export interface QoveryCredentials {
  /** An API token of the organization. */
  readonly accessToken: string;
  /** The base URL of the API. Default: `https://api.qovery.com`. */
  readonly instanceUrl?: string | undefined;
}

/** What a variable is: a `secret`, which can't be read back, or a plain `variable`. */
export type QoveryVariableType = 'secret' | 'variable';

/**
 * Which project or environment a sync writes to, as a user types it. Names are for people only. The id that is sent, of
 * the environment or else of the project, must be a UUID.
 */
export interface QoveryConfigInput {
  readonly organizationId: string;
  readonly organizationName?: string | undefined;
  readonly projectId: string;
  readonly projectName?: string | undefined;
  /** Absent: the variables are those of the project, which all of its environments inherit. */
  readonly environmentId?: string | undefined;
  readonly environmentName?: string | undefined;
  /** What is created. Default: `secret`. */
  readonly variableType?: QoveryVariableType | undefined;
}

/** {@link QoveryConfigInput} with its default. */
export interface QoveryConfig extends QoveryConfigInput {
  readonly variableType: QoveryVariableType;
}

export const credentialsSchema: z.ZodMiniType<QoveryCredentials> = z.strictObject(
  {
    accessToken,
    instanceUrl: baseUrlText,
  },
  unknownFields,
);

export const configSchema: z.ZodMiniType<QoveryConfig, QoveryConfigInput> = z
  .strictObject({
    organizationId: identifier,
    organizationName: label,
    projectId: identifier,
    projectName: label,
    environmentId: z.optional(uuid),
    environmentName: label,
    variableType: z._default(z.enum(['secret', 'variable'], 'use "secret" or "variable"'), 'secret'),
  })
  .check(
    // Only what is sent must be a UUID: with an environment, the project's id is not.
    z.refine(({ environmentId, projectId }) => environmentId !== undefined || isUuid(projectId), {
      path: ['projectId'],
      error: NOT_A_UUID,
    }),
    z.refine(({ environmentId, environmentName }) => environmentId !== undefined || !environmentName, {
      path: ['environmentId'],
      // Else the variables of one environment would be given to all of the project.
      error: 'an environment is named, but its id is missing; set it',
    }),
  );

/**
 * Codes of the warnings that are Qovery's own.
 *
 * - `TAKES_EFFECT_ON_DEPLOY`: services get changed variables at their next deployment.
 * - `INTERPOLATED_VALUE`: a value holds `{{`, which Qovery replaces by other variables when it deploys.
 * - `EXPOSES_VALUE`: a secret becomes a variable that everyone in the project can read.
 * - `DELETE_CASCADES` (also of the core): a deletion at project level also deletes the aliases and overrides that
 *   environments made of the variable, which the project's list need not show.
 */
export type QoveryWarningCode =
  'TAKES_EFFECT_ON_DEPLOY' | 'INTERPOLATED_VALUE' | 'EXPOSES_VALUE' | 'DELETE_CASCADES';

/** True for the keys of Qovery itself: never written, imported or deleted. */
export const isReserved = (key: string): boolean => key.startsWith('QOVERY_');

/** Returns what Qovery takes at the place of a config: for `planSync` without a driver. */
export function capabilities({
  environmentId,
  variableType: kind = 'secret',
}: Pick<QoveryConfigInput, 'environmentId' | 'variableType'>): Capabilities {
  return {
    import: false,
    writes: 'each',
    kind,
    reservedWritable: false,
    checkKey(key) {
      // Reserved keys have a decision of their own, which no option lets pass.
      return /^[A-Za-z][A-Za-z0-9_]*$/.test(key)
        ? undefined
        : 'use letters, digits and underscores, with a letter at the start';
    },
    checkValue: checkText,
    isReserved,
    followUp:
      environmentId === undefined
        ? {
            unavailable:
              'only one environment can be deployed after a sync, and destinationConfig names a whole project; set environmentId',
          }
        : { action: 'redeploy', settles: ['TAKES_EFFECT_ON_DEPLOY' satisfies QoveryWarningCode] },
    writeWarnings: [
      {
        code: 'TAKES_EFFECT_ON_DEPLOY' satisfies QoveryWarningCode,
        message: 'Qovery hands changed variables to its services at their next deployment.',
      },
    ],
    warn({ key, action, previousKind, value }) {
      const warnings: (PlanWarning & { readonly code: QoveryWarningCode })[] = [];
      const add = (code: QoveryWarningCode, message: string) => warnings.push({ code, key, message });
      if (value?.reveal().includes('{{')) {
        add(
          'INTERPOLATED_VALUE',
          'its value holds "{{", which Qovery replaces by other variables when it deploys.',
        );
      }
      if (action === 'replace' && previousKind === 'secret' && kind === 'variable') {
        add('EXPOSES_VALUE', 'it was a secret and becomes a variable that everyone in the project can read.');
      }
      if ((action === 'replace' || action === 'delete') && environmentId === undefined) {
        add(
          'DELETE_CASCADES',
          'deleting it from the project also deletes the aliases and overrides that environments made of it.',
        );
      }
      return warnings;
    },
  };
}
