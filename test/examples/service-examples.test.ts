import { mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { FINGERPRINT_KEY, qoveryTarget, type QoveryTarget } from '../support/engine.js';
import type { Programs } from '../support/servers/programs.js';
import { withProgramsAtQovery } from '../support/servers/programs-at-qovery.js';
import { startProgram as start } from './start-program.js';

const NAMES = ['demo-auto/demo.ts', 'http-service.ts', 'ci-script.ts', 'watch-dotenv.ts'] as const;

let directory: string;
let emulator: QoveryEmulator;
let programs: Programs;
withProgramsAtQovery(
  NAMES.map((name) => `examples/${name}`),
  (made) => ({ programs, emulator, directory } = made),
);

/** Starts one of the programs. */
const startProgram = (name: (typeof NAMES)[number], args: readonly string[], env: NodeJS.ProcessEnv) =>
  start(programs.fileOf(`examples/${name}`), args, env);

/** A new environment at Qovery, with a .env file and all that the programs are told of both. */
async function prepare(): Promise<{ target: QoveryTarget; secretsFile: string; env: NodeJS.ProcessEnv }> {
  const target = qoveryTarget(emulator);
  const home = await mkdtemp(join(directory, 'program-'));
  const secretsFile = join(home, '.env');
  await writeFile(secretsFile, 'API_KEY=the-first-secret\n');
  const env = {
    SECRETS_FILE: secretsFile,
    STATE_DIRECTORY: join(home, 'state'),
    SECRET_SYNC_FINGERPRINT_KEY: FINGERPRINT_KEY,
    QOVERY_ACCESS_TOKEN: emulator.accessToken,
    QOVERY_INSTANCE_URL: emulator.url,
    QOVERY_ORGANIZATION_ID: target.organizationId,
    QOVERY_PROJECT_ID: target.projectId,
    QOVERY_ENVIRONMENT_ID: target.environmentId,
    ALLOW_PRIVATE_NETWORK: 'true',
  };
  return { target, secretsFile, env };
}

describe.concurrent('the examples of the service', { timeout: 300_000 }, () => {
  it('demo-auto: a change arrives at both, with one write each; after a restart nothing runs needlessly', async () => {
    const temporary = await mkdtemp(join(directory, 'demo-'));
    const { code, stdout, stderr } = await startProgram('demo-auto/demo.ts', [], { TMPDIR: temporary }).ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const [, created = '', changed = '', restarted = '', byHand = '', went = ''] = stdout.split(/== \d\. /);
    expect(created).toContain('my-hasura-cloud-sync: created, 2 written, 1 imported');
    expect(created.match(/as at the source/g)).toHaveLength(4);
    expect(changed).toContain('SMTP_PASSWORD: Hasura Cloud as at the source, Qovery as at the source');
    expect(changed).toMatch(/hasura +mutation updateTenantEnv: 1, query getTenantEnv: 1\n/);
    expect(changed).toMatch(/qovery +GET \/variable: 1, PUT \/variable\/\{id\}: 1\n/);
    expect(restarted).toMatch(/hasura +no request\n +qovery +no request\n/);
    expect(restarted).not.toContain('batch');
    expect(byHand).toContain('first sync: false, imports: 0, written: 0');
    expect(went.match(/succeeded, version 1, no message/g)).toHaveLength(2);
    expect(stdout).not.toMatch(/second-password|postgres:|set-by-hand|DIFFERENT/);
    expect((await readdir(temporary)).filter((name) => name.startsWith('secret-sync-'))).toEqual([]);
  });

  it('http-service: makes, shows, runs and deletes syncs, and ends in peace', async () => {
    const { target, env } = await prepare();
    const program = startProgram('http-service.ts', [], { ...env, PORT: '0', API_TOKEN: 'token-of-the-api' });
    const [, port = ''] = await program.says(/Listening on port (\d+)/);
    const root = 'api/v1/secret-syncs';
    const call = async (method: string, path: string, body?: object, token = 'token-of-the-api') => {
      const response = await fetch(`http://127.0.0.1:${port}/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    expect(await call('GET', root, undefined, 'token-of-nobody!')).toMatchObject({
      status: 403,
      body: { error: 'FORBIDDEN' },
    });
    const definition = { name: 'shop', destinationConfig: target.config };
    const created = await call('POST', `${root}/qovery`, definition);
    expect(created).toMatchObject({
      status: 200,
      body: { secretSync: { name: 'shop', syncStatus: 'pending', version: 1 } },
    });
    const { id } = created.body['secretSync'] as { readonly id: string };
    await program.says(/shop: 1 keys written/);
    expect(target.find('API_KEY')?.value).toBe('the-first-secret');
    expect((await call('POST', `${root}/qovery`, definition)).status).toBe(409);
    const one = `${root}/qovery/${id}`;
    expect(await call('PATCH', one, { description: 'x', expectedVersion: 1 })).toMatchObject({
      body: { secretSync: { version: 2, description: 'x' } },
    });
    expect((await call('POST', `${one}/sync-secrets`)).status).toBe(200);
    await program.says(/shop: 0 keys written/);
    expect((await call('DELETE', `${one}?removeSecrets=true`)).status).toBe(200);
    expect(target.find('API_KEY')).toBeUndefined();
    expect((await call('GET', one)).status).toBe(404);
    program.kill('SIGTERM');
    expect(await program.ended).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/Bye\n$/) as string,
    });
  });

  it('ci-script: shows and keeps the plan, and carries it out when told to', async () => {
    const { target, env } = await prepare();
    const planFile = join(directory, 'ci-plan.json');
    const run = (...args: string[]) => startProgram('ci-script.ts', [planFile, ...args], env).ended;
    expect(await run()).toMatchObject({ code: 2, stderr: '' });
    expect(await readFile(planFile, 'utf8')).not.toContain('the-first-secret');
    expect(target.values().size).toBe(0);
    expect(await run('--apply')).toMatchObject({ code: 0, stderr: '' });
    expect(target.find('APP_API_KEY')?.value).toBe('the-first-secret');
    const again = await run();
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('Nothing to do.');
  });

  it('watch-dotenv: writes what is saved, until it is told to end', async () => {
    const { target, secretsFile, env } = await prepare();
    const program = startProgram('watch-dotenv.ts', [], env);
    await program.says(/Watching[^]*production: 1 keys written|production: 1 keys written[^]*Watching/);
    // In one step, as most editors do: a file without secrets, seen in between, is a failure that is told.
    await writeFile(`${secretsFile}.new`, 'API_KEY=the-second-secret\nREGION=eu\n');
    await rename(`${secretsFile}.new`, secretsFile);
    await program.says(/production: 2 keys written/);
    expect(target.find('APP_API_KEY')?.value).toBe('the-second-secret');
    program.kill('SIGINT');
    const { code, stdout, stderr } = await program.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('-secret');
  });
});
