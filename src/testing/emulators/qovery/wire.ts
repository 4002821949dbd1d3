import * as z from 'zod';
import { echoOf, type EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import type { QoveryMissing, QoverySwitches } from './switches.js';
import type { QoveryState } from './state.js';
import type { QoveryVariable } from './types.js';

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

/** The query of GET /variable. */
export const listSchema = z.strictObject({
  parent_id: z.string(),
  scope: z.enum(['PROJECT', 'ENVIRONMENT']),
  is_secret: z.enum(['true', 'false']).optional(),
});

/** The query of all other routes, and the body of those that take none. */
export const nothingSchema = z.strictObject({});

/** Why some input is not what its schema says, by field and without the input itself. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`)
    .join('; ');
}

const REASONS = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [409, 'Conflict'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
]);

/** An error as the switches want it. */
export function refusal(
  switches: QoverySwitches,
  request: RequestLogEntry,
  status: number,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): EmulatorAnswer {
  const text = switches.echo ? `${message} (request: ${echoOf(request)})` : message;
  if (switches.errorBody === 'empty') return { status };
  if (switches.errorBody === 'text') return { status, body: text };
  return {
    status,
    body: { status, error: REASONS.get(status) ?? 'Error', [switches.errorBody]: text, ...more },
  };
}

/** The ways in which the service says that something is not there. */
export function missing(
  switches: QoverySwitches,
  request: RequestLogEntry,
  what: string,
  manner: QoveryMissing = switches.missing,
): EmulatorAnswer {
  if (manner === '403') return refusal(switches, request, 403, 'Access is denied');
  if (manner === '404') return refusal(switches, request, 404, `${what} not found`);
  return refusal(switches, request, 400, `${what} doesn't exist`);
}

/** An entry as the API shows it. */
export function present(
  state: QoveryState,
  switches: QoverySwitches,
  variable: QoveryVariable,
  precision: 's' | 'ms' | 'us',
): Record<string, unknown> {
  const time = (at: number) => timestamp(at, precision, switches.timeZone);
  const shown = {
    id: variable.id,
    created_at: time(variable.created_at),
    key: variable.key,
    scope: variable.scope,
    variable_type: variable.variable_type,
    is_secret: variable.is_secret,
    ...valueOf(switches, variable),
  };
  const optional = {
    mount_path: variable.mount_path,
    description: variable.description,
    enable_interpolation_in_file: variable.enable_interpolation_in_file,
    aliased_variable: reference(state, switches, variable.aliased_variable_id),
    overridden_variable: reference(state, switches, variable.overridden_variable_id),
    service_id: variable.service_id,
    service_name: variable.service_name,
    service_type: variable.service_type,
  };
  const filled = Object.entries(optional).filter(
    ([, content]) => content !== null || switches.emptyFields === 'null',
  );
  const showsUpdate =
    switches.updatedAt === 'present' ||
    (switches.updatedAt === 'after-edit' && variable.updated_at !== variable.created_at);
  return {
    ...shown,
    ...Object.fromEntries(filled),
    ...(showsUpdate ? { updated_at: time(variable.updated_at) } : {}),
    ...(variable.owned_by === null ? {} : { owned_by: variable.owned_by }),
  };
}

/** What an alias or override says of the entry on which it hangs. */
function reference(state: QoveryState, switches: QoverySwitches, id: string | null): unknown {
  const variable = id === null ? undefined : state.get(id);
  if (!variable) return null;
  const { key, scope, variable_type, mount_path } = variable;
  return { id, key, ...valueOf(switches, variable), scope, variable_type, mount_path };
}

function valueOf(switches: QoverySwitches, { is_secret, value }: QoveryVariable): { value?: string | null } {
  if (!is_secret) return { value };
  return switches.secretValue === 'null' ? { value: null } : {};
}

function timestamp(microseconds: number, precision: 's' | 'ms' | 'us', zone: string): string {
  const iso = new Date(Math.floor(microseconds / 1000)).toISOString();
  if (precision === 's') return iso.slice(0, 19) + zone;
  const rest = precision === 'us' ? String(Math.floor(microseconds) % 1000).padStart(3, '0') : '';
  return iso.slice(0, 23) + rest + zone;
}
