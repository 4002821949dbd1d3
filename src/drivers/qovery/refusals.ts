import * as z from 'zod/mini';
import type { HttpErrorResponse } from '../../contracts/http.js';

const optionalString = z.catch(z.optional(z.string()), undefined);
const errorBody = z.object({ detail: optionalString, message: optionalString, error: optionalString });
const existingVariable = z.object({ existing_variable: z.record(z.string(), z.unknown()) });

function says({ status, body }: HttpErrorResponse, pattern: RegExp): boolean {
  const said = errorBody.safeParse(body);
  return (
    status === 400 &&
    said.success &&
    Object.values(said.data).some((text) => text !== undefined && pattern.test(text))
  );
}

/**
 * What a refusal means where its status does not tell. On every call, lists included, the API can say of a missing
 * resource that it does not exist with status 400 (rule of the official Terraform provider).
 */
export const missing = (refusal: HttpErrorResponse) =>
  says(refusal, /exist/i) ? ('NOT_FOUND' as const) : undefined;

/** The same for a create, which can also be told with status 400 that the key exists already. */
export const missingOrTaken = (refusal: HttpErrorResponse) =>
  says(refusal, /already|exists\b/i) ? ('CONFLICT' as const) : missing(refusal);

/** At which level the variable is that made a create a conflict; the official console reads it there. */
export function levelOfExisting(body: unknown): string | undefined {
  const found = existingVariable.safeParse(body);
  const levels = ['service', 'environment', 'project', 'organization'];
  return levels.find((level) => typeof found.data?.existing_variable[`${level}_id`] === 'string');
}
