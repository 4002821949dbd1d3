import * as z from 'zod/mini';
import { isSecretSyncError } from '../../contracts/errors.js';
import type { HttpClient, HttpErrorResponse } from '../../contracts/http.js';
import type { SecretValue } from '../../contracts/secret.js';
import { identifier } from '../support/ids.js';
import { namedList } from '../support/named-resources.js';
import { retell } from '../../shared/problems.js';

const optionalText = z.catch(z.optional(z.string()), undefined);
const optionalFlag = z.catch(z.optional(z.boolean()), undefined);
// It is remembered: a server that echoes a value here must not get that into the state.
const optionalTimestamp = z.catch(
  z.optional(z.string().check(z.regex(/^\d{4}-\d\d-\d\d[T ][\d:.]{5,20}(Z|[+-][\d:]{2,6})?$/i))),
  undefined,
);

// Only id and key are needed; an unknown scope or type is kept as it is and is never ours (official spec).
const variableSchema = z.object({
  id: identifier,
  key: z.string(),
  value: optionalText,
  is_secret: optionalFlag,
  scope: z.catch(z.string(), ''),
  variable_type: z.catch(z.string(), ''),
  updated_at: optionalTimestamp,
  mount_path: optionalText,
  description: optionalText,
  enable_interpolation_in_file: optionalFlag,
  owned_by: optionalText,
  aliased_variable: z.optional(z.unknown()),
  overridden_variable: z.optional(z.unknown()),
});

/** A variable as the API shows it, of whatever scope and type. */
export type Variable = z.output<typeof variableSchema>;

const variableList = z.object({ results: z.array(variableSchema) });

/** Where variables stand. */
export interface VariableScope {
  readonly scope: 'PROJECT' | 'ENVIRONMENT';
  readonly parentId: string;
}

/** What an edit must hand back as it was, or it is lost. */
export type Extras = Pick<Variable, 'description' | 'enable_interpolation_in_file'>;

const extrasOf = ({ description, enable_interpolation_in_file }: Extras) => ({
  ...(description !== undefined && { description }),
  ...(enable_interpolation_in_file !== undefined && { enable_interpolation_in_file }),
});

/** A variable to be created. */
export interface NewVariable {
  readonly key: string;
  readonly value: SecretValue;
  readonly kind: string | undefined;
  readonly extras?: Extras;
}

const errorBody = z.object({ detail: optionalText, message: optionalText, error: optionalText });
const existingVariable = z.object({ existing_variable: z.record(z.string(), z.unknown()) });

/** The API sometimes says with status 400 that something does, or does not, exist (official client). */
function saysExist({ status, body }: HttpErrorResponse, pattern: RegExp): boolean {
  const said = errorBody.safeParse(body);
  return (
    status === 400 &&
    said.success &&
    Object.values(said.data).some((text) => text !== undefined && pattern.test(text))
  );
}

const missing = (refusal: HttpErrorResponse) =>
  saysExist(refusal, /exist/i) ? ('NOT_FOUND' as const) : undefined;

/** At which level the variable stands that a refused create met; the official console reads it there. */
function levelOfExisting(body: unknown): string | undefined {
  const found = existingVariable.safeParse(body);
  const levels = ['service', 'environment', 'project', 'organization'];
  return levels.find((level) => typeof found.data?.existing_variable[`${level}_id`] === 'string');
}

/** The unified variable family of the API, at one place, for one call. */
export function variableApi(http: HttpClient, { scope, parentId }: VariableScope, signal: AbortSignal) {
  return {
    /** All that the API shows at the place: also what is inherited, built in, an alias, an override or a file. */
    async list(): Promise<readonly Variable[]> {
      const { data } = await http.request({
        operation: 'list the variables',
        method: 'GET',
        path: ['variable'],
        query: { parent_id: parentId, scope },
        schema: variableList,
        signal,
      });
      return data.results;
    },

    /** May be repeated: a second one meets the first as a conflict, after which the list tells what stands there. */
    async create({ key, value, kind, extras = {} }: NewVariable): Promise<Variable> {
      let level: string | undefined;
      try {
        const { data } = await http.request({
          operation: 'create a variable',
          method: 'POST',
          path: ['variable'],
          body: {
            key,
            value,
            is_secret: kind !== 'variable',
            variable_scope: scope,
            variable_parent_id: parentId,
            ...extrasOf(extras),
          },
          schema: variableSchema,
          repeatable: true,
          classify(refusal) {
            level = levelOfExisting(refusal.body);
            return saysExist(refusal, /already|exists\b/i) ? 'CONFLICT' : missing(refusal);
          },
          signal,
        });
        return data;
      } catch (error) {
        if (!level || !isSecretSyncError(error, 'CONFLICT')) throw error;
        throw retell(error, { after: `A variable of that key stands at the level of the ${level}.` });
      }
    },

    async update(id: string, key: string, value: SecretValue, extras: Extras): Promise<Variable> {
      const { data } = await http.request({
        operation: 'update a variable',
        method: 'PUT',
        path: ['variable', id],
        body: { key, value, ...extrasOf(extras) },
        schema: variableSchema,
        classify: missing,
        signal,
      });
      return data;
    },

    /** `false`: the answer was a success, but not the one that a deletion has. */
    async remove(id: string): Promise<boolean> {
      const { status } = await http.request({
        operation: 'delete a variable',
        method: 'DELETE',
        path: ['variable', id],
        classify: missing,
        signal,
      });
      return status === 204;
    },
  };
}

export type VariableApi = ReturnType<typeof variableApi>;

/** One of the lists of the hierarchy. */
export async function getNamed(http: HttpClient, what: string, path: readonly string[]) {
  const { data } = await http.request({
    operation: `list the ${what}`,
    method: 'GET',
    path,
    schema: z.object({ results: namedList }),
  });
  return data.results;
}

/** The cheapest request that needs a good token. */
export async function checkToken(http: HttpClient): Promise<void> {
  await http.request({
    operation: 'check the access token',
    method: 'GET',
    path: ['organization'],
    schema: z.object({ results: z.array(z.unknown()) }),
  });
}
