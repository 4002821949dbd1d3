import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A way to a server that can lose what that says. */
export interface LossyProxy {
  /** The folder of the Unix socket, and the socket, which has the name of the server's. */
  readonly folder: string;
  readonly socket: string;
  /**
   * Throws the next response away and closes its connection: the server has done what it was asked. No other one is opened
   * until `meanwhile` has resolved.
   */
  loseNextResponse(meanwhile?: () => Promise<void>): void;
  /** How many responses were lost. */
  readonly lost: () => number;
  close(): Promise<void>;
}

/** Starts a proxy before the Unix socket `target`. */
export async function startLossyProxy(target: string): Promise<LossyProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'sse-'));
  const socket = join(folder, target.split('/').at(-1) ?? 'socket');
  const sockets = new Set<Socket>();
  let losing: (() => Promise<void>) | undefined;
  let lost = 0;
  let quiet: Promise<void> = Promise.resolve();
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const upstream = createConnection(target);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const side of [client, upstream]) {
      sockets.add(side);
      side.on('error', end);
      side.once('close', () => {
        sockets.delete(side);
        end();
      });
    }
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      if (losing === undefined) return void client.write(chunk);
      quiet = losing();
      losing = undefined;
      lost += 1;
      end();
    });
    void quiet.then(() => client.resume());
  });
  server.listen(socket);
  await once(server, 'listening');
  return {
    folder,
    socket,
    loseNextResponse: (meanwhile = async () => undefined) => void (losing = meanwhile),
    lost: () => lost,
    async close() {
      for (const side of sockets) side.destroy();
      server.close();
      await once(server, 'close');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
