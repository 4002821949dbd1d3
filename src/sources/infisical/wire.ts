import * as z from 'zod/mini';
import type { HttpErrorResponse } from '../../contracts/http.js';
import { SecretValue } from '../../contracts/secret.js';
import type { ErrorCode } from '../../contracts/error-codes.js';

/** One secret of a list. */
export interface ListedSecret {
  readonly key: string;
  /** Absent: it is hidden from this identity. */
  readonly value?: SecretValue;
  /** Seen by one user alone. */
  readonly isPersonal: boolean;
}

const listedSecret = z.pipe(
  z.object({
    secretKey: z.string(),
    secretValue: z.nullish(z.string()),
    secretValueHidden: z.nullish(z.boolean()),
    type: z.nullish(z.string()),
  }),
  z.transform(({ secretKey, secretValue, secretValueHidden, type }): ListedSecret => {
    const isHidden = secretValueHidden === true || typeof secretValue !== 'string';
    const isPersonal = type === 'personal';
    return { key: secretKey, isPersonal, ...(isHidden ? {} : { value: new SecretValue(secretValue) }) };
  }),
);

const secretList = z.array(listedSecret);

/** The response to a list. `imports` are in the order of the folder: the last one wins (official documentation). */
export const listSchema = z.object({
  secrets: secretList,
  imports: z.nullish(
    z.array(
      z.object({
        environment: z.nullish(z.string()),
        secretPath: z.nullish(z.string()),
        secrets: secretList,
      }),
    ),
  ),
});

export type Listing = z.output<typeof listSchema>;

/** The response to a login. A lifetime of 0 is none. */
export const loginSchema = z.object({
  accessToken: z.string().check(z.regex(/^[\x21-\x7e]+$/)),
  /** In seconds. */
  expiresIn: z.number().check(z.nonnegative()),
});

/** The response to any write: what was written, or that it waits for an approval (official specification). */
export const writeSchema = z.union([
  z.pipe(
    z.object({ approval: z.looseObject({}) }),
    z.transform(() => ({ needsApproval: true })),
  ),
  z.pipe(
    z.object({ secrets: z.array(z.unknown()) }),
    z.transform(() => ({ needsApproval: false })),
  ),
]);

export const environmentSchema = z.object({
  environment: z.object({ id: z.string(), name: z.string(), slug: z.string() }),
});

export const foldersSchema = z.object({
  folders: z.array(z.object({ id: z.string(), name: z.string() })),
});

const refusalSchema = z.partial(z.object({ error: z.unknown(), message: z.unknown() }));

/** Returns what a refusal means: an expired token is refused with 403 and a name of its own (official implementation). */
export function classify({ body }: HttpErrorResponse): ErrorCode | undefined {
  return refusalSchema.safeParse(body).data?.error === 'TokenError' ? 'UNAUTHORIZED' : undefined;
}

const NAMES_A_RESOURCE = /\b(?:folder|environment|project|workspace|secret)\b/i;

/**
 * Whether a 404 is about the route and not about what was asked for. A server says "Route GET:/api/… not found" of a
 * route (Fastify's default) and "Folder with path … not found" of a resource (official implementation); a proxy may
 * say anything.
 */
export function isMissingRoute({ status, body }: HttpErrorResponse): boolean {
  if (status !== 404) return false;
  const message = JSON.stringify(refusalSchema.safeParse(body).data?.message ?? '');
  return /\bRoute\b/.test(message) || !NAMES_A_RESOURCE.test(message);
}

/** Returns the wait that a 429 says in words, in ms: "Please try again in 42 seconds" (official implementation). */
export function retryAfter({ status, body }: HttpErrorResponse): number | undefined {
  if (status !== 429) return undefined;
  const message = JSON.stringify(refusalSchema.safeParse(body).data?.message ?? '');
  const [, amount, unit] = /try again in (\d{1,6})\s*(second|minute)/i.exec(message) ?? [];
  return amount === undefined
    ? undefined
    : Number(amount) * (unit?.toLowerCase() === 'minute' ? 60_000 : 1_000);
}

const REFERENCE = /\$\{[^}]+\}/;

/** True when a value holds what Infisical takes for a reference to another secret: `${KEY}`, `${prod.folder.KEY}`. */
export const holdsReference = (value: string): boolean => REFERENCE.test(value);

/** What Infisical makes of a value that is written: trimmed, but for one line break at its end. */
export const asStored = (value: string): string => value.trim() + (value.endsWith('\n') ? '\n' : '');
