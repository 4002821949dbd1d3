import * as z from 'zod/mini';
import { isWebUrl } from './base-url.js';

export { concealed } from '../../shared/concealed.js';

/** A token as it is written in a header. Nothing is trimmed: a stray line break is a mistake to be told of. */
export const accessToken = z
  .string('it must be a string')
  .check(
    z.regex(
      /^[\x21-\x7e]{1,8192}$/,
      'it is not a token; use visible ASCII characters only, without spaces and line breaks',
    ),
  );

/** A base URL. */
export const baseUrlText = z.optional(
  z.string('it must be a string').check(z.refine(isWebUrl, 'it is not a URL; write it as https://host/path')),
);
