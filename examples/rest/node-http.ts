// The API in a server of node:http. Express 5 takes the same listener: app.all('/api/v1/{*path}', listener), before any
// parser of bodies. Not app.use('/api/v1', listener), which takes the prefix off the URL. PORT, and what `service.ts` needs.
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { handler, service } from './service.js';

await service.start();
const listener = getRequestListener(handler.fetch);

const server = createServer((request, response) => {
  if (request.url === '/health') response.end('ok');
  else void listener(request, response);
});
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') console.log(`Listening on port ${address?.port}`);
});
