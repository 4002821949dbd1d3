import { quoteList } from './quote.js';

/** The error of a strict zod object: names the fields that it does not know, and the remedy. */
export const unknownFields = {
  error: (issue: { readonly code?: string; readonly keys?: unknown }): string =>
    issue.code === 'unrecognized_keys' && Array.isArray(issue.keys)
      ? `unknown: ${quoteList(issue.keys.map(String))}; remove it, or correct its name`
      : 'it must be an object',
};
