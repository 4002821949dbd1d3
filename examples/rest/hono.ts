// The API beside other routes of a Hono app. PORT, and what `service.ts` needs.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { handler, service } from './service.js';

await service.start();
const app = new Hono()
  .get('/health', (context) => context.text('ok'))
  .get('/openapi.json', (context) => handler.fetch(context.req.raw))
  .all('/api/v1/*', (context) => handler.fetch(context.req.raw));

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) }, ({ port }) =>
  console.log(`Listening on port ${port}`),
);
