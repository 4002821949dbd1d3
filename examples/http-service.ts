// The API of a service over HTTP, for requests that create, list, change, and run syncs, which also run by themselves when
// the .env file changes: npm install hono @hono/zod-openapi @hono/node-server. `rest/` shows it in other frameworks.
// PORT, and what `rest/service.ts` needs.
import { serve } from '@hono/node-server';
import { handler, service } from './rest/service.js';

await service.start();
const server = serve(
  { fetch: handler.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) },
  ({ port }) => console.log(`Listening on port ${port}`),
);

async function shutDown(): Promise<void> {
  console.log('Shutting down');
  // No new requests and no idle connections; requests and runs in progress may end.
  const closed = new Promise((resolve) => server.close(resolve));
  await service.stop({ timeout: 20_000 });
  await closed;
  console.log('Bye');
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void shutDown());
