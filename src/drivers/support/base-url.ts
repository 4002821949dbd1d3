import { SecretSyncError } from '../../contracts/errors.js';

/** A base URL in its canonical form. */
export interface BaseUrl {
  /** Without a trailing slash. The http client decides whether it may be reached. */
  readonly endpoint: string;
  /** Host, port and path, as far as they are not the default: the same string for every spelling of one URL. */
  readonly place: string;
}

/** Whether a string is an HTTP or HTTPS URL. The http client decides whether it may be reached. */
export const isWebUrl = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/**
 * Returns the canonical form of a base URL; an empty path becomes `defaultPath`.
 *
 * @throws SecretSyncError `UNSAFE_URL` when the string is not a URL. It is not quoted, since it can hold credentials.
 */
export function baseUrl(text: string, defaultPath = ''): BaseUrl {
  if (!isWebUrl(text)) {
    throw new SecretSyncError(
      'UNSAFE_URL',
      'The base URL is not an HTTP or HTTPS URL; write it as https://host/path.',
    );
  }
  const url = new URL(text);
  url.hostname = url.hostname.replace(/\.$/, '');
  const path = url.pathname.replace(/\/+$/, '') || defaultPath;
  url.pathname = path;
  return { endpoint: url.href.replace(/\/$/, ''), place: url.host + (path === defaultPath ? '' : path) };
}
