// A service over HTTP: requests create, list, change, and run records, which also run by themselves when the .env file
// changes. With Hono (npm install hono @hono/node-server); the routes are the same in any framework.
// PORT, API_TOKEN, SECRETS_FILE, STATE_DIRECTORY, SECRET_SYNC_FINGERPRINT_KEY, QOVERY_ACCESS_TOKEN: see `required`.
import { timingSafeEqual } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import {
  isSecretSyncError,
  SecretSyncEngine,
  type ErrorCode,
  type SyncDefinitionInput,
} from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
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

const STATUS: ReadonlyMap<ErrorCode, ContentfulStatusCode> = new Map([
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

/** The body of a request; none is an empty one. The service validates what is in it. */
async function bodyOf(context: Context): Promise<object> {
  const text = await context.req.text();
  if (text === '') return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  } catch {
    // Reported below.
  }
  throw new HTTPException(400, { message: 'The body must be a JSON object.' });
}

const app = new Hono()
  .use(async (context, next) => {
    const given = Buffer.from(context.req.header('authorization') ?? '');
    const isAllowed = given.length === apiToken.length && timingSafeEqual(given, apiToken);
    if (!isAllowed) throw new HTTPException(401, { message: 'Send the token as a bearer.' });
    await next();
  })
  .use(
    bodyLimit({
      maxSize: 100_000,
      onError: (context) => context.json({ error: 'The body is too long.' }, 400),
    }),
  )
  .get('/syncs', async (context) => context.json(await service.listSyncs()))
  // Of any JSON: what is wrong with it comes back as problems, each with its path.
  .post('/syncs', async (context) =>
    context.json(await service.createSync((await bodyOf(context)) as SyncDefinitionInput)),
  )
  .get('/syncs/:id', async (context) => context.json(await service.getSync(context.req.param('id'))))
  .patch('/syncs/:id', async (context) => {
    const { version, ...changes }: { version?: unknown } = await bodyOf(context);
    const options = typeof version === 'number' ? { version } : {};
    return context.json(await service.updateSync(context.req.param('id'), changes, options));
  })
  .delete('/syncs/:id', async (context) => {
    const removeSecrets = context.req.query('removeSecrets') === 'true';
    await service.deleteSync(context.req.param('id'), { removeSecrets });
    return context.json({});
  })
  .get('/syncs/:id/plan', async (context) => context.json(await service.plan(context.req.param('id'))))
  .post('/syncs/:id/sync-secrets', async (context) =>
    context.json((await service.sync(context.req.param('id'))).summary),
  )
  .post('/syncs/:id/import-secrets', async (context) =>
    context.json((await service.importSecrets(context.req.param('id'))).summary),
  )
  .post('/syncs/:id/remove-secrets', async (context) =>
    context.json((await service.removeSecrets(context.req.param('id'))).summary),
  );

app.notFound((context) => context.json({ error: 'No such route.' }, 404));
app.onError((error, context) => {
  if (error instanceof HTTPException) return context.json({ error: error.message }, error.status);
  if (!isSecretSyncError(error)) return context.json({ error: 'Something went wrong.' }, 500);
  const { code, message, problems = [] } = error;
  return context.json({ code, message, problems }, STATUS.get(code) ?? 422);
});

await service.start();
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(PORT) }, ({ port }) =>
  console.log(`Listening on port ${port}`),
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
