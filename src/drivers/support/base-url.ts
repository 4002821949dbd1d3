import { SecretSyncError } from '../../contracts/errors.js';

/** A base URL in its canonical form. */
export interface BaseUrl {
  /** Without a trailing slash. Whether it may be reached is for the http client to say. */
  readonly endpoint: string;
  /** Host, port and path, as far as they are not the default: the same text for every spelling of one URL. */
  readonly place: string;
}

/** Whether a text is a URL of the web. Whether it may be reached is for the http client to say. */
export const isWebUrl = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/**
 * Canonicalises a base URL; an empty path becomes `defaultPath`.
 *
 * @throws SecretSyncError `UNSAFE_URL` when the text is not a URL. It is not quoted, since it can hold credentials.
 */
export function baseUrl(text: string, defaultPath = ''): BaseUrl {
  if (!isWebUrl(text)) {
    throw new SecretSyncError(
      'UNSAFE_URL',
      'The base URL is no URL of the web; write it as https://host/path.',
    );
  }
  const url = new URL(text);
  url.hostname = url.hostname.replace(/\.$/, '');
  const path = url.pathname.replace(/\/+$/, '') || defaultPath;
  url.pathname = path;
  return { endpoint: url.href.replace(/\/$/, ''), place: url.host + (path === defaultPath ? '' : path) };
}
