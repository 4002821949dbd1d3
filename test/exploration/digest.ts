import { createHash } from 'node:crypto';

/** A short name of a text: two texts with one name will not be met. */
export const digest = (text: string): string =>
  createHash('sha256').update(text).digest('base64').slice(0, 22);
