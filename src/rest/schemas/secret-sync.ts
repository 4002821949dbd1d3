import { z } from '@hono/zod-openapi';
import type { SyncOptionsInput } from '../../contracts/definition.js';
import { timestamp } from './common.js';

const initialSyncBehavior = z.enum([
  'overwrite-destination',
  'import-prioritize-source',
  'import-prioritize-destination',
]);
const deletionScope = z.enum(['ask', 'matching', 'owned']);
const invalidKeys = z.enum(['refuse', 'skip']);
const share = z.number().min(0).max(1);

/** Each option of a sync; a new one is missed here by the compiler. */
const options = {
  initialSyncBehavior,
  autoSyncEnabled: z.boolean(),
  disableSecretDeletion: z.boolean(),
  keySchema: z.string(),
  deletionScope,
  maxDeletions: z.strictObject({ count: z.int().min(0).optional(), ratio: share.optional() }),
  allowEmptySource: z.boolean(),
  allowReplace: z.boolean(),
  invalidKeys,
  deleteLeftBehind: z.boolean(),
  redeploy: z.enum(['never', 'start', 'wait']),
} satisfies Record<keyof SyncOptionsInput, z.ZodType>;

const given = z.strictObject(options).partial();
const changed = z.strictObject(
  Object.fromEntries(
    Object.entries(options).map(([name, schema]) => [name, (schema as z.ZodType).nullable().optional()]),
  ),
);

const name = z.string().describe('A slug: a-z and 0-9, single dashes between, at most 256 characters.');
const config = z.record(z.string(), z.unknown()).describe('The config of the driver.');
const isAutoSyncEnabled = z.boolean().describe('The same as syncOptions.autoSyncEnabled.');

/** The body that creates a sync: a definition without its destination, which the path names. */
export const createBody = z
  .strictObject({
    name,
    description: z.string().max(256).nullable().optional(),
    projectId: z.string().min(1).optional(),
    environment: z.string().min(1).optional(),
    secretPath: z.string().min(1).optional(),
    connectionId: z.string().min(1).optional(),
    isEnabled: z.boolean().optional(),
    isAutoSyncEnabled: isAutoSyncEnabled.optional(),
    syncOptions: given.optional(),
    destination: z.string().optional().describe('As in the path.'),
    destinationConfig: config,
  })
  .openapi('CreateSecretSync');

/** The body that changes a sync: what is not named stays, `null` clears. */
export const updateBody = z
  .strictObject({
    name: name.optional(),
    description: z.string().max(256).nullable().optional(),
    environment: z.string().min(1).nullable().optional(),
    secretPath: z.string().min(1).nullable().optional(),
    connectionId: z.string().min(1).nullable().optional(),
    isEnabled: z.boolean().optional(),
    isAutoSyncEnabled: isAutoSyncEnabled.optional(),
    syncOptions: changed.optional(),
    destinationConfig: config.optional(),
    expectedVersion: z
      .int()
      .min(1)
      .optional()
      .describe('The version that the change is made for: with another one it is refused.'),
  })
  .openapi('UpdateSecretSync');

const status = z.enum(['pending', 'running', 'succeeded', 'failed']).nullable();
const text = z.string().nullable();
const time = timestamp.nullable();

/** A record, as each response shows it. `null` is what is not known. */
const secretSyncSchema = z
  .object({
    id: z.string(),
    name,
    description: text,
    isEnabled: z.boolean(),
    isAutoSyncEnabled,
    version: z.int().min(1),
    folderId: text,
    connectionId: text,
    createdAt: timestamp,
    updatedAt: timestamp,
    syncStatus: status,
    lastSyncJobId: text,
    lastSyncRunId: text,
    lastSyncMessage: text,
    lastSyncedAt: time,
    syncRetryAt: time,
    importStatus: status,
    lastImportJobId: text,
    lastImportRunId: text,
    lastImportMessage: text,
    lastImportedAt: time,
    removeStatus: status,
    lastRemoveJobId: text,
    lastRemoveRunId: text,
    lastRemoveMessage: text,
    lastRemovedAt: time,
    deletionStatus: z.enum(['running', 'failed']).nullable(),
    syncOptions: z.object({ ...options, keySchema: options.keySchema.optional() }),
    projectId: text,
    connection: z.object({ app: z.string(), name: text, id: z.string() }).nullable(),
    environment: z.object({ slug: z.string(), name: text, id: text }).nullable(),
    folder: z.object({ id: text, path: z.string() }).nullable(),
    destination: z.string(),
    destinationConfig: config,
  })
  .openapi('SecretSync');

export const secretSyncResponse = z.object({ secretSync: secretSyncSchema }).openapi('SecretSyncResponse');
export const secretSyncsResponse = z
  .object({ secretSyncs: z.array(secretSyncSchema) })
  .openapi('SecretSyncsResponse');

/** The record before its deletion. */
export const deletedSyncResponse = z
  .object({ secretSync: z.union([secretSyncSchema, z.null()]).describe('Null where it was damaged.') })
  .openapi('DeletedSecretSyncResponse');
