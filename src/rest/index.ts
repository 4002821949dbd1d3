export { createRestHandler } from './handler.js';
export type { RestHandler } from './handler.js';
export type { RestOptions } from './options.js';
export type { Authorize, RestAccess, RestAction } from './access.js';
export type { RestService } from './service.js';
