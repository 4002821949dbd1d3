// Compiled by the type check, never run: what must not compile is marked, and an unmarked error fails the check.
import {
  isSecretSyncError,
  memorySource,
  parseDefinition,
  SecretSyncEngine,
  type DefinitionOf,
  type SyncResult,
} from 'secret-sync-engine';
import { hasuraCloud } from 'secret-sync-engine/drivers/hasura-cloud';
import { qovery } from 'secret-sync-engine/drivers/qovery';

const drivers = [hasuraCloud({ accessToken: 'token' }), qovery({ accessToken: 'token' })] as const;
const engine = new SecretSyncEngine({ source: memorySource(), drivers });

const hasuraSync = { name: 'a', destination: 'hasura-cloud', destinationConfig: { projectId: 'p' } } as const;
const qoverySync = {
  name: 'b',
  destination: 'qovery',
  destinationConfig: { organizationId: 'o', projectId: 'p', environmentId: 'e', variableType: 'secret' },
  syncOptions: { keySchema: 'APP_{{secretKey}}' },
} as const;
export const plans = [engine.plan(hasuraSync), engine.plan(qoverySync)];

// Declared without `as const`, as most people do: checked when it runs.
const widened = {
  name: 'w',
  destination: 'qovery',
  destinationConfig: { organizationId: 'o', projectId: 'p' },
};
export const planned = engine.plan(widened);
export const again = planned.then((plan) => engine.sync(plan.definition));

// @ts-expect-error no driver has this name
export const unknownDestination = engine.plan({ name: 'c', destination: 'vercel', destinationConfig: {} });

export const wrongField = engine.plan({
  name: 'd',
  destination: 'hasura-cloud',
  // @ts-expect-error environmentId is a field of the other destination
  destinationConfig: { projectId: 'p', environmentId: 'e' },
});

export const wrongType = engine.plan({
  name: 'e',
  destination: 'qovery',
  // @ts-expect-error a variable is a secret or a variable
  destinationConfig: { organizationId: 'o', projectId: 'p', variableType: 'file' },
});

// @ts-expect-error projectId is required
export const missingField = engine.plan({ name: 'f', destination: 'hasura-cloud', destinationConfig: {} });

const parsed: DefinitionOf<typeof engine> = parseDefinition(hasuraSync, drivers);
export const kind: 'secret' | 'variable' | undefined =
  parsed.destination === 'qovery' ? parsed.destinationConfig.variableType : undefined;

export function resultOf(error: unknown): SyncResult | undefined {
  return isSecretSyncError(error, 'SYNC_FAILED') ? error.result : undefined;
}
