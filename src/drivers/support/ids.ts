import * as z from 'zod/mini';

/** An id that is one path segment wherever it is put. Not always a UUID. */
export const identifier = z
  .string('it must be text')
  .check(
    z.regex(
      /^(?!\.{1,2}$)[\w.~-]{1,256}$/,
      'it is no id; use 1 to 256 of A-Z a-z 0-9 _ - . ~, and neither "." nor ".."',
    ),
  );

/** A label that is kept for people. */
export const label = z.optional(
  z.string('it must be text').check(z.maxLength(256, 'it is too long; shorten it to 256 characters')),
);

/** One text for all spellings of a UUID, which servers take in either case and without dashes; else the id itself. */
export function canonicalId(id: string): string {
  const digits = id.replaceAll('-', '').toLowerCase();
  return /^[0-9a-f]{32}$/.test(digits) ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : id;
}
