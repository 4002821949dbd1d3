/**
 * The kit that this package's own drivers are made with: the guarded HTTP client, schemas for credentials and ids,
 * and the wording of errors. A third party's driver keeps the same promises with it.
 */
export { defineDriver } from '../contracts/destination.js';
export { createHttpClient } from '../http/client.js';
export type { GuardedHttpClient, HttpClientOptions, HttpRun } from '../http/client.js';
export type { RetryOptions } from '../http/backoff.js';
export { callClient } from './support/call-client.js';
export { baseUrl } from './support/base-url.js';
export type { BaseUrl } from './support/base-url.js';
export { accessToken, baseUrlText, concealed } from './support/credentials.js';
export { canonicalId, identifier, label } from './support/ids.js';
export { sortByName } from './support/named-resources.js';
export type { Named } from './support/named-resources.js';
export { checkText } from '../shared/text.js';
export { retell } from '../shared/problems.js';
export { parseOptions } from '../shared/validation.js';
