import * as z from 'zod';

const keySchema = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'must hold letters, digits and underscores only, and start with a letter')
  .refine((key) => !key.startsWith('QOVERY_'), 'must not start with QOVERY_');

/** The body of POST /variable. */
export const createSchema = z.strictObject({
  key: keySchema,
  value: z.string(),
  is_secret: z.boolean(),
  variable_scope: z.enum(['PROJECT', 'ENVIRONMENT']),
  variable_parent_id: z.string(),
  mount_path: z.string().nullish(),
  description: z.string().nullish(),
  enable_interpolation_in_file: z.boolean().nullish(),
});

/** The body of PUT /variable/{id}. */
export const editSchema = z.strictObject({
  key: keySchema,
  value: z.string().nullish(),
  description: z.string().nullish(),
  enable_interpolation_in_file: z.boolean().nullish(),
});

const SCOPE = z.enum(['PROJECT', 'ENVIRONMENT']);

const extras = {
  description: z.string().nullish(),
  enable_interpolation_in_file: z.boolean().nullish(),
};

/** The body of POST /variable/{id}/alias. */
export const aliasSchema = z.strictObject({
  key: keySchema,
  alias_scope: SCOPE,
  alias_parent_id: z.string(),
  ...extras,
});

/** The body of POST /variable/{id}/override. */
export const overrideSchema = z.strictObject({
  value: z.string(),
  override_scope: SCOPE,
  override_parent_id: z.string(),
  ...extras,
});

/** The query of POST /variable/import. */
export const importQuerySchema = z.strictObject({ service_id: z.string(), service_type: z.string() });

/** The body of POST /variable/import. */
export const importSchema = z.strictObject({
  overwrite: z.boolean(),
  vars: z.array(z.strictObject({ name: keySchema, value: z.string(), scope: SCOPE, is_secret: z.boolean() })),
});

/** The body of POST and PUT of the older family. */
export const olderSchema = z.strictObject({
  key: keySchema,
  value: z.string().optional(),
  mount_path: z.string().nullish(),
  ...extras,
});

/** The body of an alias of the older family. */
export const olderAliasSchema = z.strictObject({ key: keySchema, ...extras });

/** The body of an override of the older family. */
export const olderOverrideSchema = z.strictObject({ value: z.string().optional(), ...extras });

/** The body of POST /environment/{id}/cancelDeployment, which can be left out. */
export const cancelSchema = z.strictObject({ force_cancel: z.boolean().optional() }).optional();

/** The query of GET /variable. */
export const listSchema = z.strictObject({
  parent_id: z.string(),
  scope: z.enum(['PROJECT', 'ENVIRONMENT']),
  is_secret: z.enum(['true', 'false']).optional(),
});
