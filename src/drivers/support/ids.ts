import { checkArguments } from '../../shared/arguments/check.js';
import { aString } from '../../shared/arguments/rules.js';
import * as z from 'zod/mini';

/** Schema of an id that is one path segment wherever it is put. Not always a UUID. */
export const identifier = z
  .string('it must be a string')
  .check(
    z.regex(
      /^(?!\.{1,2}$)[\w.~-]{1,256}$/,
      'it is not an id; use 1 to 256 of A-Z a-z 0-9 _ - . ~, and neither "." nor ".."',
    ),
  );

/** Whether a string is a UUID, in either case, with its dashes or without. */
export const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i.test(text);

/** What to say of an id that is not a UUID where the service takes UUIDs only. */
export const NOT_A_UUID =
  'it is not a UUID, and the service takes no other id; copy it from the address bar of the console';

/** Schema of a UUID, in either case, with its dashes or without. */
export const uuid = z.string('it must be a string').check(z.refine(isUuid, NOT_A_UUID));

/** Schema of a label that is kept for people. */
export const label = z.optional(
  z.string('it must be a string').check(z.maxLength(256, 'it is too long; shorten it to 256 characters')),
);

/** Returns one string for all spellings of a UUID, which servers take in either case and without dashes; else the id. */
export function canonicalId(id: string): string {
  checkArguments('canonicalId', { id }, { id: aString });
  const digits = id.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : id;
}
