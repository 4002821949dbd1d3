import * as z from 'zod/mini';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import type { HttpClient, HttpRequest } from '../../contracts/http.js';
import type { SecretValue } from '../../contracts/secret.js';
import { namedList } from '../support/named-resources.js';
import { retell } from '../../shared/problems.js';
import { createBody, editBody, listQuery, overrideBody, type NewVariable } from './bodies.js';
import { levelOfExisting, missing, missingOrTaken } from './refusals.js';
import { kindOf, typeOf, variableSchema, type Variable, type VariableScope } from './variable.js';

const variableList = z.object({ results: z.array(variableSchema) });

/** What a response to a write must speak of. */
interface Expected {
  readonly key: string;
  readonly scope: string;
  readonly kind?: string | undefined;
  readonly id?: string;
  /** Of a create: an id that echoes it would go into a URL. */
  readonly value?: SecretValue;
  readonly types: ReadonlySet<string>;
}

/** What a write makes or edits: a value, or one over that of the project, in whichever way it was asked for. */
const EDITED: ReadonlySet<string> = new Set(['VALUE', 'OVERRIDE']);
/** What a create can make, an alias by mistake. */
const CREATED: ReadonlySet<string> = new Set([...EDITED, 'ALIAS']);

/** @throws SecretSyncError `INVALID_RESPONSE`, maybe written, where a success speaks of another variable. */
function confirmed(operation: string, variable: Variable, expected: Expected): Variable {
  const { id, key, scope, is_secret: isSecret } = variable;
  const isKind = isSecret === undefined || expected.kind === undefined || kindOf(variable) === expected.kind;
  const isIt =
    expected.value?.equals(id) !== true &&
    key === expected.key &&
    (scope ?? expected.scope) === expected.scope &&
    expected.types.has(typeOf(variable)) &&
    isKind;
  if (isIt && (expected.id === undefined || id === expected.id)) return variable;
  throw new SecretSyncError(
    'INVALID_RESPONSE',
    `Could not ${operation}: the response is about another variable than the request. Check the URL.`,
    { maybeWritten: true },
  );
}

/** Creates a variable. May be repeated: a second request meets the first as a conflict, and the list tells the rest. */
async function create(
  http: HttpClient,
  place: VariableScope,
  variable: NewVariable,
  signal: AbortSignal,
): Promise<Variable> {
  const { key, value, kind = 'secret', overrides } = variable;
  const operation = overrides === undefined ? 'create a variable' : 'override a variable of the project';
  let level: string | undefined;
  const request: HttpRequest<Variable> = {
    operation,
    method: 'POST',
    path: overrides === undefined ? ['variable'] : ['variable', overrides, 'override'],
    body: overrides === undefined ? createBody(place, variable) : overrideBody(place, variable),
    schema: variableSchema,
    repeatable: true,
    classify(refusal) {
      level = levelOfExisting(refusal.body);
      return missingOrTaken(refusal);
    },
    signal,
  };
  try {
    const { data } = await http.request(request);
    return confirmed(operation, data, { key, scope: place.scope, kind, value, types: CREATED });
  } catch (error) {
    if (level === undefined || !isSecretSyncError(error, 'CONFLICT')) throw error;
    throw retell(error, { after: `A variable of that key exists at the level of the ${level}.` });
  }
}

/** Returns the unified variable family of the API, at one place, for one call. */
export function variableApi(http: HttpClient, place: VariableScope, signal: AbortSignal) {
  const { scope } = place;
  return {
    /** Lists all that the API shows at the place: also what is inherited, built in, an alias, an override or a file. */
    async list(): Promise<readonly Variable[]> {
      const { data } = await http.request({
        operation: 'list the variables',
        method: 'GET',
        path: ['variable'],
        query: listQuery(place),
        schema: variableList,
        classify: missing,
        signal,
      });
      return data.results;
    },

    create: (variable: NewVariable) => create(http, place, variable, signal),

    /** Sets the value of a variable. The kind can't be edited. */
    async update(id: string, variable: NewVariable): Promise<Variable> {
      const { key, kind } = variable;
      const operation = 'update a variable';
      const { data } = await http.request({
        operation,
        method: 'PUT',
        path: ['variable', id],
        body: editBody(variable),
        schema: variableSchema,
        classify: missing,
        signal,
      });
      return confirmed(operation, data, { key, scope, kind, id, types: EDITED });
    },

    /** @throws SecretSyncError `INVALID_RESPONSE` for a success that is not the one that a deletion has. */
    async remove(id: string): Promise<void> {
      const { status } = await http.request({
        operation: 'delete a variable',
        method: 'DELETE',
        path: ['variable', id],
        classify: missing,
        signal,
      });
      if (status === 204) return;
      throw new SecretSyncError(
        'INVALID_RESPONSE',
        'Could not delete a variable: the response is not that of a deletion. Check the URL.',
        { maybeWritten: true },
      );
    },
  };
}

export type VariableApi = ReturnType<typeof variableApi>;

/** Returns one of the lists of the hierarchy. */
export async function getNamed(http: HttpClient, what: string, path: readonly string[]) {
  const { data } = await http.request({
    operation: `list the ${what}`,
    method: 'GET',
    path,
    schema: z.object({ results: namedList }),
    classify: missing,
  });
  return data.results;
}

/** Sends the cheapest request that needs a good token. */
export async function checkToken(http: HttpClient): Promise<void> {
  await http.request({
    operation: 'check the access token',
    method: 'GET',
    path: ['organization'],
    schema: z.object({ results: z.array(z.unknown()) }),
    classify: missing,
  });
}
