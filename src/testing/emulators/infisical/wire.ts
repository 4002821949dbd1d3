import { createHash } from 'node:crypto';
import * as z from 'zod';
import { echoOf, type EmulatorAnswer } from '../server/answers.js';
import type { RequestLogEntry } from '../server/types.js';
import type { InfisicalState } from './state.js';
import type { InfisicalSwitches } from './switches.js';
import type { InfisicalSecret } from './types.js';

const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
const path = z.string().regex(/^\/$|^(?:\/[^/]+)+$/, 'must be a path from the root');
const place = { projectId: z.string().min(1), environment: z.string().min(1), secretPath: path };

const secretName = z
  .string()
  .trim()
  .min(1)
  .regex(/^[^\s:/]+$/, 'must hold no white space, colon or slash');
/** Trimmed, but for one line break at the end. */
const secretValue = z.string().transform((value) => value.trim() + (value.endsWith('\n') ? '\n' : ''));
const secret = z.strictObject({
  secretKey: secretName,
  secretValue,
  secretComment: z.string().trim().optional(),
});

export const loginSchema = z.strictObject({ clientId: z.string(), clientSecret: z.string() });

/** The query of a list: every flag must be sent, so that nothing hangs on a default. */
export const listSchemas = {
  includeImports: z.strictObject({
    ...place,
    viewSecretValue: flag,
    expandSecretReferences: flag,
    includeImports: flag,
    recursive: flag,
  }),
  include_imports: z
    .strictObject({
      ...place,
      viewSecretValue: flag,
      expandSecretReferences: flag,
      include_imports: flag.optional(),
      // Not known, and not refused either.
      includeImports: z.string().optional(),
      recursive: flag,
    })
    .transform(({ include_imports = false, ...rest }) => ({ ...rest, includeImports: include_imports })),
} as const;

export const createSchema = z.strictObject({ ...place, secrets: z.array(secret).min(1) });

export const editSchema = z.strictObject({
  ...place,
  mode: z.enum(['failOnNotFound', 'ignore', 'upsert']).default('failOnNotFound'),
  secrets: z.array(secret.partial({ secretValue: true })).min(1),
});

export const foldersSchema = z.strictObject({
  projectId: z.string().min(1),
  environment: z.string().min(1),
  path: path.default('/'),
});

export const eventsSchema = z.strictObject({
  projectId: z.string().min(1),
  register: z
    .array(
      z.strictObject({
        event: z.enum(['secret:create', 'secret:update', 'secret:delete', 'secret:import-mutation']),
        conditions: z
          .strictObject({ environmentSlug: z.string().optional(), secretPath: path.optional() })
          .optional(),
      }),
    )
    .min(1)
    .max(10),
});

export const nothingSchema = z.strictObject({});

/** An error in the manner of the service. */
export function refusal(
  switches: InfisicalSwitches,
  request: RequestLogEntry,
  status: number,
  error: string,
  message: string | readonly unknown[],
): EmulatorAnswer {
  const text = switches.echo ? `${JSON.stringify(message)} (request: ${echoOf(request)})` : message;
  const shown = typeof text === 'string' && switches.errorMessage === 'list' ? [{ message: text }] : text;
  return { status, body: { reqId: 'req-emulator', statusCode: status, message: shown, error } };
}

const time = (at: number) => new Date(at).toISOString();

/** A secret as the API shows it. */
export function present(
  state: InfisicalState,
  switches: InfisicalSwitches,
  folder: NonNullable<ReturnType<InfisicalState['folderAt']>>,
  shown: InfisicalSecret,
  view: { readonly viewSecretValue: boolean; readonly expandSecretReferences: boolean },
): Record<string, unknown> {
  const isHidden = shown.hidden || switches.valuesHidden || !view.viewSecretValue;
  const value = view.expandSecretReferences ? state.expand(folder, shown.value) : shown.value;
  return {
    id: shown.id,
    workspace: folder.place.projectId,
    environment: folder.place.environment,
    secretPath: folder.path,
    secretKey: shown.key,
    secretValue: isHidden ? '<hidden-by-infisical>' : value,
    secretValueHidden: isHidden,
    secretComment: shown.comment,
    version: shown.version,
    type: shown.type,
    createdAt: time(shown.createdAt),
    updatedAt: time(shown.updatedAt),
  };
}

/** The answer with an `ETag`, or 304 where the client has it already. */
export function withEtag(request: RequestLogEntry, answer: EmulatorAnswer): EmulatorAnswer {
  const etag = `"${createHash('sha256').update(JSON.stringify(answer.body)).digest('hex').slice(0, 16)}"`;
  const headers = { ...answer.headers, etag };
  return request.headers['if-none-match'] === etag ? { status: 304, headers } : { ...answer, headers };
}
