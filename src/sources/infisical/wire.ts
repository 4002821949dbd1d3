import * as z from 'zod';
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

const listedSecret = z
  .object({
    secretKey: z.string(),
    secretValue: z.string().nullish(),
    secretValueHidden: z.boolean().nullish(),
    type: z.string().nullish(),
  })
  .transform(({ secretKey, secretValue, secretValueHidden, type }): ListedSecret => {
    const isHidden = secretValueHidden === true || typeof secretValue !== 'string';
    const isPersonal = type === 'personal';
    return { key: secretKey, isPersonal, ...(isHidden ? {} : { value: new SecretValue(secretValue) }) };
  });

const secretList = z.array(listedSecret);

/** The answer to a list. `imports` stand in the order of the folder: the last one wins (official documentation). */
export const listSchema = z.object({
  secrets: secretList,
  imports: z.array(z.object({ secrets: secretList })).nullish(),
});

export type Listing = z.output<typeof listSchema>;

/** The answer to a login. A lifetime of 0 is none. */
export const loginSchema = z.object({
  accessToken: z.string().regex(/^[\x21-\x7e]+$/),
  /** In seconds. */
  expiresIn: z.number().nonnegative(),
});

/** The answer to any write: what was written, or that somebody has to approve it first (official specification). */
export const writeSchema = z.union([
  z.object({ approval: z.looseObject({}) }).transform(() => ({ needsApproval: true })),
  z.object({ secrets: z.array(z.unknown()) }).transform(() => ({ needsApproval: false })),
]);

export const environmentSchema = z.object({
  environment: z.object({ id: z.string(), name: z.string(), slug: z.string() }),
});

export const foldersSchema = z.object({
  folders: z.array(z.object({ id: z.string(), name: z.string() })),
});

const refusalSchema = z.object({ error: z.unknown(), message: z.unknown() }).partial();

/** An expired token is refused with 403 and a name of its own (official implementation). */
export function classify({ body }: HttpErrorResponse): ErrorCode | undefined {
  return refusalSchema.safeParse(body).data?.error === 'TokenError' ? 'UNAUTHORIZED' : undefined;
}

/** The wait that stands in the words of a 429, in ms: "Please try again in 42 seconds" (official implementation). */
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
