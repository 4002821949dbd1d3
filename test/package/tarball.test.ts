import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
let project = '';
let packed: { readonly filename: string; readonly files: readonly { readonly path: string }[] } | undefined;

/** Runs in the empty project; what it printed. */
const node = async (...args: string[]) => (await run(process.execPath, args, { cwd: project })).stdout.trim();

beforeAll(async () => {
  if (!existsSync(join(root, 'dist/index.js'))) {
    throw new Error('There is no dist/ to pack; run `npm run build` first.');
  }
  project = await mkdtemp(join(tmpdir(), 'secret-sync-engine-'));
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    cwd: root,
  });
  [packed] = JSON.parse(stdout) as (typeof packed)[];
  const tarball = join(project, packed?.filename ?? '');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], { cwd: project });
}, 300_000);

afterAll(() => project !== '' && rm(project, { recursive: true, force: true }));

describe('the packed tarball', () => {
  const paths = () => packed?.files.map(({ path }) => path) ?? [];

  it('holds what was built, its documentation, and nothing else', () => {
    const kinds = paths().map((path) =>
      path
        .replace(/^dist\/(?:[\w-]+\/)*[\w-]+\.(js|js\.map|d\.ts|d\.ts\.map)$/, 'dist/*.$1')
        .replace(/^(docs|examples|src)\/.+\.(md|ts|json|ya?ml)$/, '$1/*.$2'),
    );
    expect([...new Set(kinds)].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist/*.d.ts',
      'dist/*.d.ts.map',
      'dist/*.js',
      'dist/*.js.map',
      'dist/THIRD_PARTY_LICENSES.txt',
      'docs/*.md',
      'examples/*.json',
      'examples/*.ts',
      // Made up: what the demo syncs.
      'examples/demo/.env',
      'llms.txt',
      'package.json',
      'src/*.ts',
    ]);
  });

  it('has every file that package.json exports, and a source map of each file of code', () => {
    const present = new Set(paths());
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, string | Record<string, string>>;
    };
    const named = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    expect(named.filter((path) => !present.has(path.slice(2)))).toEqual([]);
    const code = paths().filter((path) => path.endsWith('.js') && path.startsWith('dist/'));
    expect(code.length).toBeGreaterThan(10);
    expect(code.filter((path) => !present.has(`${path}.map`))).toEqual([]);
  });

  it('has a map of each file of types, which leads to a source that it holds', () => {
    const present = new Set(paths());
    const types = paths().filter((path) => path.endsWith('.d.ts') && path.startsWith('dist/'));
    expect(types.length).toBeGreaterThan(10);
    const lost = types.filter((path) => {
      const map = JSON.parse(readFileSync(join(root, `${path}.map`), 'utf8')) as { sources: string[] };
      const sources = map.sources.map((source) => join(dirname(path), source));
      return !present.has(`${path}.map`) || !sources.every((source) => present.has(source));
    });
    expect(lost).toEqual([]);
  });

  it('contains the license of each package that was bundled', () => {
    const map = paths().filter((path) => path.endsWith('.js.map'));
    const bundled = map.flatMap((path) => {
      const { sources } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { sources: string[] };
      return sources.flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []);
    });
    const licenses = readFileSync(join(root, 'dist/THIRD_PARTY_LICENSES.txt'), 'utf8');
    expect(new Set(bundled).size).toBeGreaterThan(5);
    for (const name of new Set(bundled)) expect(licenses).toMatch(new RegExp(`^${name} \\d`, 'm'));
  });

  it('loads no package and few files for the root entry, and no built-in module without `node:`', () => {
    const loaded = new Set<string>();
    const outside = new Set<string>();
    const follow = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(
        /^(?:import|export)\b[^;]*?["']([^"'\n]+)["'];$/gm,
      )) {
        if (path.startsWith('.')) follow(join(dirname(file), path));
        else outside.add(path);
      }
    };
    follow(join(root, 'dist/index.js'));
    expect([...outside]).toEqual([]);
    expect(loaded.size).toBeLessThan(25);
    for (const path of paths().filter((each) => each.startsWith('dist/') && each.endsWith('.js'))) {
      follow(join(root, path));
    }
    expect([...outside].filter((path) => isBuiltin(path) && !path.startsWith('node:'))).toEqual([]);
    expect([...outside].filter((path) => path.startsWith('node:')).length).toBeGreaterThan(3);
  });
});

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
    const nativeTsc = join(root, 'node_modules/typescript-7/bin/tsc');
    const options = [
      '--noEmit',
      '--strict',
      // What TypeScript brings along itself is not ours to check; our own declarations are checked.
      '--skipDefaultLibCheck',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2022',
    ];
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
    await expect(node(tsc, ...options, ...types, 'src/esm.mts', 'src/common.cts')).resolves.toBe('');
    // A worker's project: `AsyncDisposable` comes from neither its libraries nor the types of Node.js.
    const worker = ['--lib', 'es2022,dom,dom.iterable'];
    await expect(node(nativeTsc, ...options, ...worker, 'src/esm.mts')).resolves.toBe('');
  });
});
