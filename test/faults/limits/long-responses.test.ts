import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { memorySource } from '../../../src/sources/memory.js';
import { createEngine, failure } from '../../support/engine.js';
import { eventually } from '../../support/eventually.js';

const LIMIT = 16 * 1_048_576;

/** An engine whose Qovery is a server that answers like this, and how many bytes of each answer it still had to send. */
async function engineFor(answer: RequestListener) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('It listens on no port.');
  const instanceUrl = `http://127.0.0.1:${address.port}`;
  return createEngine({
    drivers: [qovery({ accessToken: 'token', instanceUrl })],
    source: memorySource({ A: '1' }),
    retry: { retries: 0 },
  });
}

const definition = {
  name: 'long-answers',
  destination: 'qovery',
  destinationConfig: {
    organizationId: 'o',
    projectId: 'p',
    environmentId: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
  },
} as const;

/** JSON that would be taken if it were not too long: the limit counts what it is unpacked to. */
const long = Buffer.from(`{"results":[]${' '.repeat(4 * LIMIT)}}`);

describe('an answer to a sync that is longer than the limit', () => {
  it.each([
    ['gzip', gzipSync(long)],
    ['br', brotliCompressSync(long)],
    ['gzip, gzip', gzipSync(gzipSync(long))],
  ])('is cut off when it is short until it is unpacked: %s', async (encoding, packed) => {
    expect(packed.byteLength).toBeLessThan(LIMIT / 100);
    const { engine, events } = await engineFor((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      response.end(packed);
    });
    const error = await failure(engine.sync(definition), 'INVALID_RESPONSE');
    expect(error.message).toContain('too long');
    expect(events.filter(({ type }) => type === 'request')).toHaveLength(1);
  });

  it('is taken for no more than its status when it is a refusal', async () => {
    const { engine } = await engineFor((_request, response) => {
      response.writeHead(403, { 'content-encoding': 'gzip' });
      response.end(gzipSync(long));
    });
    await failure(engine.sync(definition), 'FORBIDDEN');
  });

  it.each([200, 403])(
    'is cut off, and its connection closed, when it never ends: status %i',
    async (status) => {
      let sent = 0;
      let isClosed = false;
      const { engine } = await engineFor((_request, response) => {
        response.on('close', () => (isClosed = true));
        response.writeHead(status);
        const more = () => {
          do sent += 65_536;
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      });
      await failure(engine.sync(definition), status === 200 ? 'INVALID_RESPONSE' : 'FORBIDDEN');
      await eventually(() => expect(isClosed).toBe(true));
      // What the sockets hold comes on top.
      expect(sent).toBeLessThan(2 * LIMIT);
    },
  );

  it('is not even begun when its length is told', async () => {
    const { engine } = await engineFor((_request, response) => {
      response.writeHead(200, { 'content-length': String(LIMIT + 1) });
      response.write('{');
    });
    const error = await failure(engine.sync(definition), 'INVALID_RESPONSE');
    expect(error.message).toContain('too long');
  });
});
