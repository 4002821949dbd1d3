import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
let project: string;

/** Runs in the empty project; what it printed. */
const node = async (...args: string[]) => (await run(process.execPath, args, { cwd: project })).stdout.trim();

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'secret-sync-engine-'));
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: root,
  });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  const tarball = join(project, packed?.filename ?? '');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: project });
}, 300_000);

afterAll(() => rm(project, { recursive: true, force: true }));

describe('the packed tarball in an empty project', () => {
  it('can be imported, every entry, without graphql being installed', async () => {
    const script = `
      const root = await import('secret-sync-engine');
      const { dotenvSource } = await import('secret-sync-engine/sources/dotenv');
      const { fileStore } = await import('secret-sync-engine/stores/file');
      const { redisStore } = await import('secret-sync-engine/stores/redis');
      const { postgresStore } = await import('secret-sync-engine/stores/postgres');
      const { startQoveryEmulator } = await import('secret-sync-engine/testing');
      console.log([root.SecretSyncEngine, root.planSync, dotenvSource, fileStore, redisStore, postgresStore, startQoveryEmulator].map((f) => typeof f).join());`;
    expect(await node('--input-type=module', '-e', script)).toBe(
      'function,function,function,function,function,function,function',
    );
  });

  it('can be required from CommonJS', async () => {
    const script = `
      const { planSync } = require('secret-sync-engine');
      console.log(planSync({ definition: { name: 'a' }, source: { A: '1' }, destination: {} }).summary.create);`;
    expect(await node('--input-type=commonjs', '--no-warnings', '-e', script)).toBe('1');
  });

  it('shares its classes between entries', async () => {
    const script = `
      const { SecretSyncError } = await import('secret-sync-engine');
      const { dotenvSource } = await import('secret-sync-engine/sources/dotenv');
      const error = await Promise.resolve(dotenvSource('missing').read({}, { signal: new AbortController().signal })).catch((e) => e);
      console.log(error instanceof SecretSyncError);`;
    expect(await node('--input-type=module', '-e', script)).toBe('true');
  });

  it('has types for ESM and, under nodenext, for CommonJS', async () => {
    const use = `import { SecretSyncEngine, memorySource } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';
      import { fileStore } from 'secret-sync-engine/stores/file';
      import { dotenvSource } from 'secret-sync-engine/sources/dotenv';
      import { startQoveryEmulator } from 'secret-sync-engine/testing';
      export const engine = new SecretSyncEngine({ source: memorySource({ A: '1' }), drivers: [qovery({ accessToken: 't' })], store: fileStore('x') });
      export const started: Promise<{ url: string }> = startQoveryEmulator();
      export const source = dotenvSource('.env');
      // @ts-expect-error a number is no name
      export const wrong = engine.plan({ name: 1, destination: 'qovery', destinationConfig: { organizationId: 'o', projectId: 'p' } });\n`;
    await mkdir(join(project, 'src'));
    await writeFile(join(project, 'src/esm.mts'), use);
    await writeFile(join(project, 'src/common.cts'), use);
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2022',
    ];
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    await expect(node(tsc, ...options, ...types, 'src/esm.mts', 'src/common.cts')).resolves.toBe('');
  });
});
