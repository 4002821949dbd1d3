import { z } from '@hono/zod-openapi';
import type { Authorize } from './access.js';
import { parseStrictly } from './parse.js';

/** How a {@link createRestHandler} responds. */
export interface RestOptions {
  /** Says whether a request may do what it wants. */
  readonly authorize: Authorize;
  /** What the paths begin with: `/internal`. Default: nothing. */
  readonly basePath?: string | undefined;
  /**
   * Gets what `authorize` threw and unexpected errors, which no response shows, with the `reqId` of the response. An error
   * that is not of this library can hold secrets. What it throws is ignored.
   */
  readonly onError?: ((error: unknown, request: { readonly reqId: string }) => void) | undefined;
}

const isFunction = (value: unknown) => typeof value === 'function';

const optionsSchema = z.strictObject({
  authorize: z.custom<Authorize>(isFunction, 'it must be a function that returns true or false'),
  basePath: z
    .string('it must be a string')
    .regex(/^(?:\/[\w.~-]+)*$/, 'begin each part with a slash, without one at the end: "/internal"')
    .optional(),
  onError: z.custom<NonNullable<RestOptions['onError']>>(isFunction, 'it must be a function').optional(),
});

/**
 * Checks the options and fills in the defaults.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function parseOptions(
  options: RestOptions,
): Required<{ [Name in keyof RestOptions]: NonNullable<RestOptions[Name]> }> {
  const parsed = parseStrictly(optionsSchema, options, 'The options of the REST handler are not valid');
  return {
    authorize: parsed.authorize,
    basePath: parsed.basePath ?? '',
    onError: parsed.onError ?? (() => undefined),
  };
}
