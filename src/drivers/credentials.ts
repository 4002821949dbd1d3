import * as z from 'zod/mini';
import type { CallOptions } from '../contracts/destination.js';
import { errorFromProblems, type ErrorProblem } from '../contracts/errors.js';
import type { HttpClient } from '../contracts/http.js';
import { createHttpClient } from '../http/client.js';
import { isWebUrl } from './base-url.js';

/** A token as it stands in a header. Nothing is trimmed: a stray line break is a mistake to be told about. */
export const accessToken = z
  .string('it must be text')
  .check(
    z.regex(
      /^[\x21-\x7e]{1,8192}$/,
      'it is no token: use visible ASCII characters only, without spaces or line breaks',
    ),
  );

const hidden = { value: () => '[redacted]' };

/** Credentials that a driver holds, which neither `JSON.stringify` nor `util.inspect` of the driver shows. */
export const concealed = <Credentials extends object>(credentials: Credentials): Credentials =>
  Object.defineProperties(
    { ...credentials },
    { toJSON: hidden, [Symbol.for('nodejs.util.inspect.custom')]: hidden },
  );

/** A base URL. */
export const baseUrlText = z.optional(
  z.string('it must be text').check(z.refine(isWebUrl, 'it is no URL; write it as https://host/path')),
);

/** Parses an argument of a public function: `INVALID_OPTION` that names every problem and quotes nothing. */
export function parseArgument<Output>(
  schema: z.ZodMiniType<Output>,
  input: unknown,
  subject: string,
): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }): ErrorProblem => {
    const where = path.map(String).join('.');
    return { code: 'INVALID_OPTION', message, ...(where !== '' && { path: where }) };
  });
  throw errorFromProblems('INVALID_OPTION', subject, problems);
}

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
