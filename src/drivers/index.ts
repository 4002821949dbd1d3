/**
 * The kit that this package's own drivers are made with: the guarded HTTP client, schemas for credentials and ids, and
 * the wording of errors. A third party's driver keeps the same promises with it.
 *
 * - `defineDriver` types a driver from its schemas; `callClient` is the client of `validateConnection` and of discovery.
 * - `accessToken`, `baseUrlText`, `identifier`, `uuid`, `label`, `namedList`, and `optionsOf` are zod schemas for
 *   credentials, configs, and responses; `isUuid` and `NOT_A_UUID` tell and word what is no UUID; `concealed` keeps
 *   credentials out of printed objects; `baseUrl` and `canonicalId` make an identity canonical.
 * - `checkText` is for `capabilities.checkValue`; `parseOptions` for arguments of discovery functions; `sortByName` for
 *   what they return.
 * - `interrupted` is the error of a write that an abort cut off; `retell` copies an error with a key or one more sentence.
 * - `createHttpClient` is for code outside of a driver's `connect`, which is handed its own client.
 */
export { defineDriver } from '../contracts/destination.js';
export { createHttpClient } from '../http/client.js';
export type { GuardedHttpClient, HttpClientOptions, HttpRun } from '../http/client.js';
export type { RetryOptions } from '../http/backoff.js';
export { callClient } from './support/call-client.js';
export { baseUrl } from './support/base-url.js';
export type { BaseUrl } from './support/base-url.js';
export { accessToken, baseUrlText, concealed } from './support/credentials.js';
export { canonicalId, identifier, isUuid, label, NOT_A_UUID, uuid } from './support/ids.js';
export { interrupted } from './support/interrupted.js';
export { namedList, sortByName } from './support/named-resources.js';
export type { Named } from './support/named-resources.js';
export { checkText } from '../shared/text.js';
export { retell } from '../shared/problems.js';
export { parseOptions } from '../shared/validation.js';
export type { ValidationOptions } from '../shared/validation.js';
export { optionsOf } from '../shared/option-schemas.js';
