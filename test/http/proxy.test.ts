import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:http';
import { ProxyAgent, fetch as undiciFetch } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecretSyncEngine, memorySource } from '../../src/index.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { failure, qoveryTarget } from '../support/engine.js';

/** A forward proxy on loopback, which can want credentials, and the addresses to which it opened a way. */
async function startProxy(credentials?: string) {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '', headers }, client: Socket, head: Buffer) => {
    if (headers['proxy-authorization'] !== credentials) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    targets.push(url);
    const { hostname, port } = new URL(`http://${url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const side of [client, upstream]) {
      sockets.add(side);
      side.on('error', () => [client, upstream].forEach((one) => one.destroy()));
      side.once('close', () => sockets.delete(side));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a proxy', () => {
  let emulator: QoveryEmulator;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let dispatcher: ProxyAgent;
  beforeAll(async () => {
    emulator = await startQoveryEmulator();
    proxy = await startProxy();
    dispatcher = new ProxyAgent(proxy.url);
  });
  afterAll(async () => {
    await dispatcher.close();
    await proxy.close();
    await emulator.close();
  });

  it('carries all requests of a sync whose fetch is that of undici with a ProxyAgent', async () => {
    const target = qoveryTarget(emulator);
    let sent = 0;
    const engine = new SecretSyncEngine({
      source: memorySource({ A: '1', B: '2' }),
      drivers: [target.driver],
      allowPrivateNetwork: true,
      fetch: (url, options) => {
        sent += 1;
        return undiciFetch(url, { ...options, dispatcher });
      },
    });
    emulator.clearRequests();
    const { summary, requestCount } = await engine.sync(target.definition());
    expect(summary.applied).toBe(2);
    expect([requestCount, emulator.requests.length]).toEqual([sent, sent]);
    expect([...target.values()]).toEqual(expect.arrayContaining([['A', '1']]));
    expect(proxy.targets.length).toBeGreaterThan(0);
    expect(new Set(proxy.targets)).toEqual(new Set([new URL(emulator.url).host]));
  });

  it('that asks for a password fails the run with the host that was not reached, and nothing of the password', async () => {
    const locked = await startProxy('Basic Zm9yIG90aGVycw==');
    const stranger = new ProxyAgent({ uri: locked.url, token: 'Basic aHVudGVyMg==' });
    const target = qoveryTarget(emulator);
    const engine = new SecretSyncEngine({
      source: memorySource({ A: '1' }),
      drivers: [target.driver],
      allowPrivateNetwork: true,
      retry: { retries: 0 },
      fetch: (url, options) => undiciFetch(url, { ...options, dispatcher: stranger }),
    });
    const error = await failure(engine.plan(target.definition()), 'DESTINATION_UNAVAILABLE');
    expect(error.message).toContain(new URL(emulator.url).hostname);
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('aHVudGVyMg');
    await stranger.close();
    await locked.close();
  });
});
