import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import worker from '../../examples/rest/worker.js';
import { startInfisicalEmulator } from '../../src/testing/emulators/infisical/index.js';
import type { QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { startProgram } from '../examples/start-program.js';
import { eventually } from '../support/eventually.js';
import { FINGERPRINT_KEY, qoveryTarget } from '../support/engine.js';
import type { Programs } from '../support/servers/programs.js';
import { withProgramsAtQovery } from '../support/servers/programs-at-qovery.js';
import { SYNCS } from './support.js';

const API_TOKEN = 'token-of-the-api';
const SERVERS = ['hono', 'node-http', 'fastify'] as const;
const fileOf = (name: string) => `examples/rest/${name}.ts`;

let directory: string;
let emulator: QoveryEmulator;
let programs: Programs;
withProgramsAtQovery([...SERVERS, 'next'].map(fileOf), (made) => ({ programs, emulator, directory } = made));

/** What the programs are told by their environment. */
async function environment(): Promise<NodeJS.ProcessEnv> {
  const home = await mkdtemp(join(directory, 'program-'));
  const secretsFile = join(home, '.env');
  await writeFile(secretsFile, 'API_KEY=the-first-secret\n');
  return {
    API_TOKEN,
    PORT: '0',
    SECRETS_FILE: secretsFile,
    STATE_DIRECTORY: join(home, 'state'),
    SECRET_SYNC_FINGERPRINT_KEY: FINGERPRINT_KEY,
    QOVERY_ACCESS_TOKEN: emulator.accessToken,
    QOVERY_INSTANCE_URL: emulator.url,
    ALLOW_PRIVATE_NETWORK: 'true',
  };
}

type Fetch = (path: string, init: RequestInit) => Promise<Response>;

/** Creates a sync, sees that it ran, and deletes it with what it wrote. */
async function useApi(send: Fetch, fields: object = {}): Promise<void> {
  const target = qoveryTarget(emulator);
  const call = async (method: string, path: string, body?: unknown, token = API_TOKEN) => {
    const response = await send(path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const root = `${SYNCS}/qovery`;
  const definition = { name: 'shop', destinationConfig: target.config, ...fields };
  expect((await call('POST', root, definition, 'another-token')).status).toBe(403);
  expect(await call('POST', root, 'x'.repeat(100_001))).toMatchObject({
    status: 413,
    body: { error: 'BODY_TOO_LARGE' },
  });
  expect((await call('POST', root, '{"name":')).body).toMatchObject({ error: 'INVALID_BODY' });
  const created = await call('POST', root, definition);
  expect(created).toMatchObject({ status: 200, body: { secretSync: { name: 'shop' } } });
  const { id } = created.body['secretSync'] as { readonly id: string };
  await eventually(async () => {
    const { body } = await call('GET', `${root}/${id}`);
    expect(body).toMatchObject({ secretSync: { syncStatus: 'succeeded', lastSyncMessage: null } });
  });
  expect(target.find('API_KEY')?.value).toBe('the-first-secret');
  expect((await call('GET', `${root}/sync-name/shop`)).status).toBe(200);
  expect((await call('DELETE', `${root}/${id}?removeSecrets=true`)).status).toBe(200);
  expect(target.find('API_KEY')).toBeUndefined();
  expect(await call('GET', `${root}/${id}`)).toMatchObject({ status: 404, body: { statusCode: 404 } });
}

describe.concurrent('the API', { timeout: 300_000 }, () => {
  it.each(SERVERS)('works in a server of %s, beside its other routes', async (name) => {
    const program = startProgram(programs.fileOf(fileOf(name)), [], await environment());
    try {
      const [, port = ''] = await program.says(/Listening on port (\d+)/);
      const origin = `http://127.0.0.1:${port}`;
      expect(await (await fetch(`${origin}/health`)).text()).toBe('ok');
      const headers = { authorization: `Bearer ${API_TOKEN}` };
      const document = (await (await fetch(`${origin}/openapi.json`, { headers })).json()) as object;
      expect(document).toMatchObject({ openapi: '3.1.0' });
      expect((await fetch(`${origin}/openapi.json`)).status).toBe(403);
      await useApi((path, init) => fetch(`${origin}${path}`, init));
    } finally {
      program.kill('SIGKILL');
    }
    const { stdout, stderr } = await program.ended;
    expect(stderr).toBe('');
    expect(stdout).not.toContain('the-first-secret');
  });

  it('works as a route of Next.js', async () => {
    const env = await environment();
    Object.assign(process.env, env);
    try {
      const routes = (await import(programs.fileOf(fileOf('next')))) as Record<
        string,
        (request: Request) => Promise<Response>
      >;
      expect(Object.keys(routes).sort()).toEqual(['DELETE', 'GET', 'PATCH', 'POST']);
      await useApi(async (path, init) => {
        const route = routes[init.method ?? 'GET'];
        if (route === undefined) throw new Error(`There is no ${init.method}.`);
        return route(new Request(`https://shop.example${path}`, init));
      });
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
    }
  });

  it('works in a worker', async () => {
    await using infisical = await startInfisicalEmulator();
    const place = { projectId: '7c1b9e0a-52f7-4a7e-9a0e-51f1f0f5b8aa', environment: 'prod', secretPath: '/' };
    infisical.addProject({ id: place.projectId, name: 'Shop' });
    infisical.addEnvironment({ projectId: place.projectId, slug: 'prod', name: 'Production' });
    infisical.addSecret(place, { key: 'API_KEY', value: 'the-first-secret' });
    const env = {
      API_TOKEN,
      INFISICAL_CLIENT_ID: infisical.clientId,
      INFISICAL_CLIENT_SECRET: infisical.clientSecret,
      INFISICAL_URL: infisical.url,
      QOVERY_ACCESS_TOKEN: emulator.accessToken,
      QOVERY_INSTANCE_URL: emulator.url,
      ALLOW_PRIVATE_NETWORK: 'true',
    };
    const kept: Promise<unknown>[] = [];
    const context = { waitUntil: (work: Promise<unknown>) => void kept.push(work) };
    const send: Fetch = (path, init) =>
      worker.fetch(new Request(`https://worker.example${path}`, init), env, context);
    await useApi(send, place);

    // What has changed since is written by its schedule.
    const target = qoveryTarget(emulator);
    const headers = { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'web', destinationConfig: target.config, ...place });
    expect((await send(`${SYNCS}/qovery`, { method: 'POST', headers, body })).status).toBe(200);
    await Promise.all(kept);
    expect(target.find('API_KEY')?.value).toBe('the-first-secret');
    infisical.editSecret(place, { key: 'API_KEY', value: 'the-second-secret' });
    worker.scheduled(undefined, env, context);
    await Promise.all(kept);
    expect(target.find('API_KEY')?.value).toBe('the-second-secret');
  });
});
