import * as z from 'zod/mini';
import type { CallOptions } from '../../contracts/destination.js';
import type { Fetch, HttpClient } from '../../contracts/http.js';
import { createHttpClient } from '../../http/client.js';
import { checkArguments } from '../../shared/arguments/check.js';
import { aFunction, aName } from '../../shared/arguments/rules.js';
import { unconcealed } from '../../shared/concealed.js';
import { flag, functionOf, optionsOf, signal as signalOption } from '../../shared/option-schemas.js';
import { errorFromProblems } from '../../shared/problems.js';
import { validate } from '../../shared/validation.js';

const optionsSchema: z.ZodMiniType<CallOptions> = optionsOf({
  fetch: z.optional(functionOf<Fetch>()),
  allowPrivateNetwork: z.optional(flag),
  signal: z.optional(signalOption),
});

interface Connectable<Credentials> {
  readonly displayName: string;
  readonly endpoint: (credentials: Credentials) => string;
  readonly authorization: (credentials: Credentials) => Readonly<Record<string, string>>;
}

/**
 * Makes a client for one call outside a run: discovery, or a check whether the credentials are accepted.
 *
 * @throws SecretSyncError `INVALID_OPTION` that names everything that is wrong with credentials and options, and shows
 * nothing of the credentials; `UNSAFE_URL`.
 */
export function callClient<Credentials>(
  driver: Connectable<Credentials>,
  schema: z.ZodMiniType<Credentials>,
  input: Credentials,
  options: CallOptions = {},
): HttpClient {
  checkArguments('callClient', driver, {
    displayName: aName,
    endpoint: aFunction,
    authorization: aFunction,
  });
  const { displayName, endpoint, authorization } = driver;
  const call = validate(optionsSchema, options, { code: 'INVALID_OPTION', path: 'options' });
  const credentials = validate(schema, unconcealed(input), {
    code: 'INVALID_OPTION',
    path: 'credentials',
    discreet: true,
  });
  if (call.problems !== undefined || credentials.problems !== undefined) {
    const problems = [...(credentials.problems ?? []), ...(call.problems ?? [])];
    const what = call.problems === undefined ? 'credentials' : 'arguments';
    throw errorFromProblems('INVALID_OPTION', `The ${what} for ${displayName} are not valid`, problems);
  }
  const { signal, ...network } = call.value;
  return createHttpClient({
    endpoint: endpoint(credentials.value),
    headers: authorization(credentials.value),
    ...network,
  }).forRun(signal === undefined ? {} : { signal });
}
