import { expect } from 'vitest';
import type { Connections } from '../../src/engine/options.js';
import { createRestHandler, type RestAccess, type RestOptions } from '../../src/rest/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import { SecretSyncService } from '../../src/service/secret-sync-service.js';
import type { AnyDestinationDriver } from '../../src/contracts/typed-definition.js';
import type { SecretSource } from '../../src/contracts/source.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import { createEngine } from '../support/engine.js';
import { createChecker, type Exchange, type OpenApiDocument } from './openapi-checker.js';

export const ORIGIN = 'https://api.example';
export const SYNCS = '/api/v1/secret-syncs';

export interface Reply {
  readonly status: number;
  // The shape of what came is what the tests look at.
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

interface ApiSetup extends Partial<RestOptions> {
  readonly drivers: readonly AnyDestinationDriver[];
  readonly source?: SecretSource;
  readonly connections?: Connections;
  readonly store?: StateStore;
}

/** What is sent beside method and path. */
export interface Sent {
  readonly body?: unknown;
  /** In place of the JSON of `body`. */
  readonly raw?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A handler over a service, each of whose exchanges is checked by its own document. */
export async function createApi({ drivers, source, connections, store = memoryStore(), ...rest }: ApiSetup) {
  const { engine } = createEngine({
    drivers,
    source: source ?? memorySource({ A: '1', B: '2' }),
    ...(connections !== undefined && { connections }),
  });
  const service = new SecretSyncService({ engine, store });
  const asked: RestAccess[] = [];
  const exchanges: Exchange[] = [];
  const options: RestOptions = {
    authorize: () => true,
    ...rest,
  };
  const handler = createRestHandler(service, {
    ...options,
    authorize: (request, access) => {
      asked.push(access);
      return options.authorize(request, access);
    },
  });

  async function send(method: string, path: string, sent: Sent = {}): Promise<Response> {
    const body = sent.raw ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body));
    const headers = {
      ...(sent.body !== undefined && { 'content-type': 'application/json' }),
      ...sent.headers,
    };
    const init = { method, headers, ...(body !== undefined && { body }) };
    return handler.fetch(new Request(`${ORIGIN}${path}`, init));
  }

  const open = createRestHandler(service, { ...options, authorize: () => true });
  const response = await open.fetch(new Request(`${ORIGIN}${options.basePath ?? ''}/openapi.json`));
  const document = (await response.json()) as OpenApiDocument;
  const check = createChecker(document);

  /** Sends a request, and checks both by the document. */
  async function call(method: string, path: string, sent: Sent = {}): Promise<Reply> {
    const response = await send(method, path, sent);
    const body = (await response.json()) as Record<string, unknown>;
    const url = new URL(`${ORIGIN}${path}`);
    const exchange = { method, url, body: sent.body, status: response.status, response: body };
    exchanges.push(exchange);
    expect(check(exchange)).toEqual([]);
    return { status: response.status, body, headers: response.headers };
  }
  return { handler, service, asked, exchanges, document, call, send };
}

export type Api = Awaited<ReturnType<typeof createApi>>;

/** The record of a reply. */
export const secretSyncOf = ({ body }: Reply): Record<string, unknown> & { readonly id: string } => {
  expect(body).toEqual({ secretSync: expect.any(Object) as object });
  return body['secretSync'] as Record<string, unknown> & { readonly id: string };
};
