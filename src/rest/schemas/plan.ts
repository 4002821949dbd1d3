import { z } from '@hono/zod-openapi';

const keyed = z.object({
  code: z.string(),
  message: z.string(),
  key: z.string().optional(),
});

const counts = z.object({
  create: z.int(),
  update: z.int(),
  replace: z.int(),
  delete: z.int(),
  unchanged: z.int(),
  keep: z.int(),
  blocked: z.int(),
  import: z.int(),
});

/** A plan: the complete decision, without values. */
export const planSchema = z
  .object({
    formatVersion: z.literal(2),
    operation: z.enum(['sync', 'import', 'remove']),
    definition: z.record(z.string(), z.unknown()),
    place: z.string(),
    isInitialSync: z.boolean(),
    applicable: z.boolean(),
    imports: z.array(
      z.object({
        sourceKey: z.string(),
        key: z.string(),
        action: z.enum(['create', 'update', 'ignore']),
        reason: z.string(),
        digest: z.string().optional(),
      }),
    ),
    changes: z.array(
      z.object({
        key: z.string(),
        sourceKey: z.string().optional(),
        kind: z.string().optional(),
        action: z.enum(['create', 'update', 'replace', 'delete', 'unchanged', 'keep', 'blocked']),
        reason: z.string(),
        digest: z.string().optional(),
      }),
    ),
    options: z.object({
      force: z.boolean(),
      importBehavior: z.string().optional(),
      confirmDeletions: z.int().optional(),
    }),
    problems: z.array(keyed.extend({ confirmable: z.boolean().optional() })),
    warnings: z.array(keyed),
    summary: counts,
    after: z.object({ action: z.enum(['redeploy', 'restart']), wait: z.boolean() }).optional(),
    preconditions: z.object({ keyId: z.string(), mac: z.string() }).optional(),
  })
  .openapi('Plan');

export const planResponse = z.object({ plan: planSchema }).openapi('PlanResponse');

const confirmDeletions = z
  .int('use a whole number')
  .min(0, 'use 0 or more')
  .optional()
  .describe('The number of deletions that the plan shows, to let a run do what it would otherwise refuse.');
const force = z.boolean('use true or false').optional().describe('Write also what looks equal.');

export const importBehavior = z.enum(['prioritize-source', 'prioritize-destination']);

/** The body of a call that runs a sync. */
export const syncBody = z.strictObject({ force, confirmDeletions }).openapi('SyncSecrets');

/** The body of a call that removes secrets. */
export const removeBody = z.strictObject({ confirmDeletions }).openapi('RemoveSecrets');

/** The body of a call that plans. */
export const planBody = z
  .strictObject({
    operation: z.enum(['sync', 'import', 'remove']).optional(),
    importBehavior: importBehavior.optional(),
    force,
    confirmDeletions,
  })
  .openapi('PlanSecrets');
