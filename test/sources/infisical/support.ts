import { onTestFinished } from 'vitest';
import { isSecretSyncError, type SecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import type { SourceChange, SourceReadResult } from '../../../src/contracts/source.js';
import { sourceSnapshot } from '../../../src/core/inputs/source-snapshot.js';
import { infisicalSource, type InfisicalOptions } from '../../../src/sources/infisical/index.js';
import {
  startInfisicalEmulator,
  type InfisicalEmulator,
  type InfisicalEmulatorOptions,
} from '../../../src/testing/emulators/infisical/index.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

export const PROJECT = 'project-1';
export const ENVIRONMENT = 'prod';
export const place = { projectId: PROJECT, environment: ENVIRONMENT } as const;

/** An emulator with a project and an environment. */
export async function emulatorWith(options: InfisicalEmulatorOptions = {}): Promise<InfisicalEmulator> {
  // So that nothing that a source sends depends on a default or on leniency.
  const emulator = await startInfisicalEmulator({ parameters: 'strict', ...options });
  emulator.addProject({ id: PROJECT, name: 'Project' });
  emulator.addEnvironment({ projectId: PROJECT, slug: ENVIRONMENT, name: 'Production' });
  return emulator;
}

/** The same, closed when the test ends, with a source of it and a clock of both that moves when all wait. */
export async function setUp(
  options: Partial<InfisicalOptions> = {},
  emulatorOptions: InfisicalEmulatorOptions = {},
) {
  const clock = createVirtualClock({ auto: true });
  const emulator = await emulatorWith({ now: () => clock.now(), ...emulatorOptions });
  onTestFinished(() => emulator.close());
  const { clientId, clientSecret, url } = emulator;
  const source = infisicalSource({
    clientId,
    clientSecret,
    siteUrl: url,
    ...place,
    allowPrivateNetwork: true,
    clock,
    random: () => 0.5,
    fetch: clock.track((input, init) => globalThis.fetch(input, init)),
    ...options,
  });
  const operations = () => emulator.requests.map(({ operation }) => operation);
  return { clock, emulator, source, operations };
}

export const call = () => ({ signal: new AbortController().signal });

export function shown(read: SourceReadResult): Record<string, unknown> {
  const { secrets, duplicates, unreadable, incomplete } = sourceSnapshot(read);
  return {
    secrets: [...secrets].map(([key, value]) => [key, value.reveal()]),
    ...(duplicates.size > 0 ? { duplicates: [...duplicates] } : {}),
    ...(unreadable.size > 0 ? { unreadable: [...unreadable] } : {}),
    ...(incomplete ? { incomplete } : {}),
  };
}

export const change = (
  key: string,
  value: string,
  action: SourceChange['action'] = 'create',
): SourceChange => ({ key, value: new SecretValue(value), action });

export async function errorOf(promise: unknown): Promise<SecretSyncError> {
  const error: unknown = await Promise.resolve(promise).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isSecretSyncError(error)) return error;
  throw new Error('no SecretSyncError', { cause: error });
}

export const LOGIN = 'POST /api/v1/auth/universal-auth/login';
export const LIST = 'GET /api/v4/secrets';
export const CREATE = 'POST /api/v4/secrets/batch';
export const UPDATE = 'PATCH /api/v4/secrets/batch';
export const LIST_V3 = 'GET /api/v3/secrets/raw';
export const CREATE_V3 = 'POST /api/v3/secrets/batch/raw';
export const UPDATE_V3 = 'PATCH /api/v3/secrets/batch/raw';
export const EVENTS = 'POST /api/v1/events/subscribe/project-events';
