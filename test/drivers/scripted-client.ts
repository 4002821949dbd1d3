import type { HttpClient, HttpRequest } from '../../src/contracts/http.js';

/** What a request ends with: data to be parsed, or what is thrown. */
export type Scripted = { readonly data: unknown; readonly status?: number } | { readonly error: unknown };

/** A client that sends nothing: it ends the requests one after the other as it was told, and remembers them. */
export function scriptedClient(script: readonly Scripted[]) {
  const requests: HttpRequest<unknown>[] = [];
  const anonymous: string[] = [];
  const left = [...script];
  const client: HttpClient = {
    concurrency: 4,
    async request(request) {
      requests.push(request);
      const next = left.shift();
      if (next === undefined) throw new Error(`Nothing is scripted for: ${request.operation}`);
      if ('error' in next) throw next.error;
      const parsed = await request.schema?.['~standard'].validate(next.data);
      if (parsed?.issues !== undefined) throw new Error('What is scripted does not fit the schema.');
      return { status: next.status ?? 200, data: parsed?.value as never };
    },
    anonymous(endpoint) {
      anonymous.push(endpoint);
      return client;
    },
  };
  return { client, requests, anonymous };
}
