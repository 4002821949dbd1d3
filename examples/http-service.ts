// A service over HTTP: records are made, listed, changed and run by requests, and run by themselves when the .env file
// changes. On node:http alone; the routes are the same in any framework.
// PORT, API_TOKEN, SECRETS_FILE, STATE_DIRECTORY, SECRET_SYNC_FINGERPRINT_KEY, QOVERY_ACCESS_TOKEN: see `required`.
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  isSecretSyncError,
  qovery,
  SecretSyncEngine,
  type ErrorCode,
  type SyncDefinitionInput,
} from 'secret-sync-engine';
import { SecretSyncService } from 'secret-sync-engine/service';
import { dotenvSource } from 'secret-sync-engine/sources/dotenv';
import { fileStore } from 'secret-sync-engine/stores/file';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`Set the environment variable ${name}.`);
  return value;
}

const { QOVERY_INSTANCE_URL, PORT = '3000' } = process.env;
const apiToken = Buffer.from(`Bearer ${required('API_TOKEN')}`);
const store = fileStore(required('STATE_DIRECTORY'));
const service = new SecretSyncService({
  engine: new SecretSyncEngine({
    source: dotenvSource(required('SECRETS_FILE')),
    drivers: [
      qovery({
        accessToken: required('QOVERY_ACCESS_TOKEN'),
        ...(QOVERY_INSTANCE_URL !== undefined && { instanceUrl: QOVERY_INSTANCE_URL }),
      }),
    ],
    store,
    fingerprintKey: required('SECRET_SYNC_FINGERPRINT_KEY'),
    allowPrivateNetwork: process.env['ALLOW_PRIVATE_NETWORK'] === 'true',
  }),
  store,
  onEvent: (event) => {
    if (event.type === 'run-succeeded') console.log(`${event.name}: ${event.summary.applied} keys written`);
    else if (event.type === 'run-failed') console.warn(`${event.name}: ${event.message}`);
  },
});

const STATUS: ReadonlyMap<ErrorCode, number> = new Map([
  ['SYNC_NOT_FOUND', 404],
  ['SYNC_EXISTS', 409],
  ['VERSION_CONFLICT', 409],
  ['CROSS_SYNC_CONFLICT', 409],
  ['SYNC_BUSY', 409],
  ['SYNC_DISABLED', 409],
  ['DELETION_REFUSED', 409],
  ['PLAN_BLOCKED', 409],
  ['STATE_UNREADABLE', 500],
  ['STATE_NOT_SAVED', 500],
]);

class BadRequest extends Error {}

async function readBody(request: IncomingMessage): Promise<object> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > 100_000) throw new BadRequest('The body is too long.');
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  } catch {
    // Said below.
  }
  throw new BadRequest('The body must be a JSON object.');
}

/** What a request asks for; `undefined` where there is no such route. What it sends is checked by the service. */
async function answer(request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://service');
  const [collection, id, action] = pathname.split('/').slice(1).map(decodeURIComponent);
  if (collection !== 'syncs') return undefined;
  const route = `${request.method} ${id === undefined ? '' : ':id'}${action === undefined ? '' : `/${action}`}`;
  const sync = id ?? '';
  const removeSecrets = searchParams.get('removeSecrets') === 'true';
  switch (route) {
    case 'GET ':
      return service.listSyncs();
    case 'POST ':
      // Of any JSON: what is wrong with it comes back as problems, each with its path.
      return service.createSync((await readBody(request)) as SyncDefinitionInput);
    case 'GET :id':
      return service.getSync(sync);
    case 'PATCH :id': {
      const { version, ...changes }: { version?: unknown } = await readBody(request);
      return service.updateSync(sync, changes, typeof version === 'number' ? { version } : {});
    }
    case 'DELETE :id':
      await service.deleteSync(sync, { removeSecrets });
      return {};
    case 'GET :id/plan':
      return service.plan(sync);
    case 'POST :id/sync-secrets':
      return (await service.sync(sync)).summary;
    case 'POST :id/import-secrets':
      return (await service.importSecrets(sync)).summary;
    case 'POST :id/remove-secrets':
      return (await service.removeSecrets(sync)).summary;
    default:
      return undefined;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function isAllowed({ headers: { authorization = '' } }: IncomingMessage): boolean {
  const given = Buffer.from(authorization);
  return given.length === apiToken.length && timingSafeEqual(given, apiToken);
}

const server = createServer((request, response) => {
  if (!isAllowed(request)) return send(response, 401, { error: 'Send the token as a bearer.' });
  answer(request).then(
    (body) =>
      body === undefined ? send(response, 404, { error: 'No such route.' }) : send(response, 200, body),
    (error: unknown) => {
      if (error instanceof BadRequest) return send(response, 400, { error: error.message });
      if (!isSecretSyncError(error)) return send(response, 500, { error: 'Something went wrong.' });
      const { code, message, problems = [] } = error;
      return send(response, STATUS.get(code) ?? 422, { code, message, problems });
    },
  );
});

await service.start();
server.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address();
  console.log(`Listening on port ${typeof address === 'object' ? address?.port : address}`);
});

async function shutDown(): Promise<void> {
  console.log('Shutting down');
  // No new requests; those under way, and the runs, may end.
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  await service.stop({ timeout: 20_000 });
  await closed;
  console.log('Bye');
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void shutDown());
