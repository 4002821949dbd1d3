import type * as z from 'zod/mini';
import type { CallOptions } from '../../contracts/destination.js';
import type { HttpClient } from '../../contracts/http.js';
import { createHttpClient } from '../../http/client.js';
import { parseArgument } from '../../shared/validation.js';

interface Connectable<Credentials> {
  readonly displayName: string;
  readonly endpoint: (credentials: Credentials) => string;
  readonly authorization: (credentials: Credentials) => Readonly<Record<string, string>>;
}

/** A client for one call outside a run: discovery, or a look at whether the credentials are accepted. */
export function callClient<Credentials>(
  { displayName, endpoint, authorization }: Connectable<Credentials>,
  schema: z.ZodMiniType<Credentials>,
  input: Credentials,
  { signal, ...network }: CallOptions = {},
): HttpClient {
  const credentials = parseArgument(schema, input, `The credentials for ${displayName} are not valid`);
  return createHttpClient({
    endpoint: endpoint(credentials),
    headers: authorization(credentials),
    ...network,
  }).forRun(signal === undefined ? {} : { signal });
}
