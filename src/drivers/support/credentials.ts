import * as z from 'zod/mini';
import { isWebUrl } from './base-url.js';

/** Schema of a token as it is sent in a header. Nothing is trimmed: a stray line break is a mistake to report. */
export const accessToken = z
  .string('it must be a string')
  .check(
    z.regex(
      /^[\x21-\x7e]{1,8192}$/,
      'it is not a token; use visible ASCII characters only, without spaces or line breaks',
    ),
  );

const hidden = { value: () => '[redacted]' };

/** Returns a copy of a driver's credentials that neither `JSON.stringify` nor `util.inspect` of the driver shows. */
export const concealed = <Credentials extends object>(credentials: Credentials): Credentials =>
  Object.defineProperties(
    { ...credentials },
    { toJSON: hidden, [Symbol.for('nodejs.util.inspect.custom')]: hidden },
  );

/** Schema of an optional base URL. */
export const baseUrlText = z.optional(
  z.string('it must be a string').check(z.refine(isWebUrl, 'it is not a URL; write it as https://host/path')),
);
