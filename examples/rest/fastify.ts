// The API beside other routes of a Fastify server. PORT, and what `service.ts` needs.
import { getRequestListener } from '@hono/node-server';
import { fastify } from 'fastify';
import { handler, service } from './service.js';

await service.start();
const listener = getRequestListener(handler.fetch);
const app = fastify();

app.get('/health', () => 'ok');
await app.register((api) => {
  // The handler reads the bodies itself, once it has let the request in.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', (_request, _payload, done) => done(null));
  for (const path of ['/api/v1/*', '/openapi.json'])
    api.all(path, async (request, reply) => {
      reply.hijack();
      await listener(request.raw, reply.raw);
    });
});
const address = await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) });
console.log(`Listening on port ${new URL(address).port}`);
