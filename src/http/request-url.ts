import { SecretSyncError } from '../contracts/errors.js';
import type { HttpRequest } from '../contracts/http.js';

/** A segment that goes up or vanishes could reach another resource than the one that is named. */
function encodeSegment(segment: string): string {
  if (/^\.{0,2}$/.test(segment) || /\p{Surrogate}/u.test(segment)) {
    throw new SecretSyncError(
      'INVALID_OPTION',
      "An id can't be part of a URL: it is empty, only dots, or invalid Unicode. Check the ids.",
    );
  }
  return encodeURIComponent(segment);
}

export function urlOf(endpoint: URL, { path = [], query = {} }: HttpRequest<unknown>): URL {
  const url = new URL(endpoint);
  if (path.length > 0) {
    url.pathname = [url.pathname.replace(/\/+$/, ''), ...path.map(encodeSegment)].join('/');
  }
  url.search = new URLSearchParams(query).toString();
  return url;
}
