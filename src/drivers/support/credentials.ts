import * as z from 'zod/mini';
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
