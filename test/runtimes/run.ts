/**
 * Tries the packed package in every runtime: `npm run test:runtimes`. The runtimes are large; they are installed into
 * `reports/runtimes`, once, and are no dependencies of the project. What ran is written to `docs/reference/runtimes.md`.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { runtimesPage } from './page.js';
import { attempt, expectEqual, KEYS, qoverySync, type RuntimeServices, type Trial } from './program.js';
import { RUNTIMES, type Runtime } from './runtimes.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'reports/runtimes');
const app = join(folder, 'app');
const page = join(root, 'docs/reference/runtimes.md');
const isCi = process.env['CI'] === 'true';

/** What the API responds with, as far as it is looked at. */
interface ApiReply {
  readonly secretSync?: { readonly id: string; readonly syncStatus: string };
  readonly plan?: { readonly summary: { readonly unchanged: number } };
}

/** What one runtime may take, in ms. */
const LIMIT = 120_000;

/** After how many ms a request to a worker that shares its engine counts as hanging. */
const SHARED_LIMIT = 20_000;
const SHARED_ROUNDS = 4;

const npmInstall = (prefix: string, ...what: string[]) =>
  run('npm', [
    ...['install', '--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'],
    ...['--loglevel=error', ...what],
  ]);

/** Installs the package as a user does, from its tarball, and bundles the programs beside it. */
async function prepareApp(): Promise<void> {
  await rm(app, { recursive: true, force: true });
  await mkdir(app, { recursive: true });
  await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', app], {
    cwd: root,
  });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  // What the API needs is brought by who uses it.
  const peers = ['hono', '@hono/zod-openapi'].map((name) => `${name}@${devDependencies[name]}`);
  await npmInstall(app, join(app, packed?.filename ?? ''), ...peers);
  // Copies, since the project's own folder would lead to what was built there.
  const runtimes = ['program.ts', 'process.ts', 'worker.ts'].map((file) => `test/runtimes/${file}`);
  for (const file of [...runtimes, 'examples/rest/worker.ts']) {
    await cp(join(root, file), join(app, 'src', file));
  }
  await build({
    entryPoints: [join(app, 'src/test/runtimes/process.ts')],
    outfile: join(app, 'process.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    tsconfigRaw: {},
  });
}

/** Returns the path of the runtime's program, installed when it is missing; `undefined` where it can't be had. */
async function binaryOf(runtime: Runtime): Promise<string | undefined> {
  const prefix = join(folder, `${runtime.name.toLowerCase().replaceAll(' ', '-')}-${runtime.version}`);
  const binary = join(prefix, 'node_modules', runtime.package, runtime.binary);
  if (existsSync(binary)) return binary;
  try {
    await mkdir(prefix, { recursive: true });
    await npmInstall(prefix, '--no-save', `${runtime.package}@${runtime.version}`);
  } catch {
    return undefined;
  }
  return existsSync(binary) ? binary : undefined;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with code ${String(code)} before it was ready`)));
    child.once('error', reject);
    if (child.stdout) createInterface({ input: child.stdout }).once('line', resolve);
  });
}

/** Runs work against new services in a process of their own. `isThrottled`: Qovery refuses what comes too fast. */
async function withServices<Result>(
  work: (services: RuntimeServices) => Promise<Result>,
  isThrottled = false,
): Promise<Result> {
  const script = join(root, 'test/runtimes/emulators.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...(isThrottled ? ['throttled'] : [])], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    return await work(JSON.parse(await firstLine(child)) as RuntimeServices);
  } finally {
    child.stdin.end();
  }
}

async function trialsInProcess(binary: string, prefix: readonly string[]): Promise<Trial[]> {
  return withServices(async (services) => {
    const { stdout } = await run(binary, [...prefix, 'process.js', JSON.stringify(services), app], {
      cwd: app,
      timeout: LIMIT,
      env: { PATH: process.env['PATH'], DENO_DIR: join(folder, 'deno-cache'), DENO_NO_UPDATE_CHECK: '1' },
    });
    return JSON.parse(stdout) as Trial[];
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const workerConfig = (port: number) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "2026-01-01",
    )),
    (name = "internet", network = (
      allow = ["public", "private", "local"],
      tlsOptions = (trustBrowserCas = true),
    )),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`;

/** Goes through the life of a sync over HTTP. Its keys are none of those of other trials. */
async function useApi(url: string, services: RuntimeServices): Promise<void> {
  const call = async (method: string, path: string, body?: object, token = services.apiToken) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(SHARED_LIMIT),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as ApiReply };
  };
  const statusOf = async (...request: Parameters<typeof call>) => (await call(...request)).status;
  const definition = {
    name: 'served',
    destinationConfig: qoverySync(services, 0).destinationConfig,
    projectId: services.infisical.projectId,
    environment: 'prod',
    secretPath: '/',
    syncOptions: { keySchema: 'API_{{secretKey}}' },
  };
  expectEqual('status for another token', await statusOf('POST', '', definition, 'another'), 403);
  const created = await call('POST', '', definition);
  expectEqual('status of the creation', created.status, 200);
  const one = `/${created.body.secretSync?.id}`;
  let { body } = created;
  for (let tries = 0; tries < 100 && body.secretSync?.syncStatus !== 'succeeded'; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    ({ body } = await call('GET', one));
  }
  expectEqual('status of the sync', body.secretSync?.syncStatus, 'succeeded');
  const { plan } = (await call('POST', `${one}/plan`)).body;
  expectEqual('keys that are as they should be', plan?.summary.unchanged, KEYS);
  expectEqual('status of the deletion', await statusOf('DELETE', `${one}?removeSecrets=true`), 200);
  expectEqual('status after it', await statusOf('GET', one), 404);
}

async function trialsInWorker(binary: string): Promise<Trial[]> {
  return withServices(async (services) => {
    await build({
      entryPoints: [join(app, 'src/test/runtimes/worker.ts')],
      outfile: join(app, 'worker.js'),
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      conditions: ['workerd', 'worker'],
      mainFields: ['module', 'main'],
      define: { SERVICES: JSON.stringify(services) },
      tsconfigRaw: {},
      logLevel: 'error',
    });
    const port = await freePort();
    await writeFile(join(app, 'worker.capnp'), workerConfig(port));
    const child = spawn(binary, ['serve', 'worker.capnp'], { cwd: app, stdio: ['ignore', 'ignore', 'pipe'] });
    const said: string[] = [];
    child.stderr.on('data', (bytes: Buffer) => said.push(bytes.toString()));
    const ask = async (path: string, limit = LIMIT): Promise<unknown> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(limit) });
      if (!response.ok)
        throw new Error(`${path}: status ${response.status}: ${said.join('').slice(0, 2_000)}`);
      return path === '/ready' ? undefined : response.json();
    };
    try {
      for (let tries = 0; tries < 100; tries += 1) {
        if (child.exitCode !== null) break;
        if (
          await ask('/ready').then(
            () => true,
            () => false,
          )
        )
          break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const trials = (await ask('/program')) as Trial[];
      const share = async () => {
        await ask('/change');
        // Two of them at one place: the later one finds nothing left to write.
        const paths = ['/sync/1', '/sync/2', '/sync/2'];
        const written = await Promise.all(paths.map((path) => ask(path, SHARED_LIMIT)));
        expectEqual('keys written', written.sort(), [0, KEYS, KEYS]);
      };
      const shared = await attempt('shares an engine at module scope between requests', async () => {
        for (let round = 0; round < SHARED_ROUNDS; round += 1) await share();
      });
      const left = await attempt('goes on after a request that ended without awaiting its work', async () => {
        await ask('/leave');
        await share();
      });
      const served = await attempt('serves the API: a sync is created, planned, run, and deleted', () =>
        useApi(`http://127.0.0.1:${port}/api/v1/secret-syncs/qovery`, services),
      );
      return [...trials, shared, left, served];
    } finally {
      // A request that hangs would keep it from ending.
      child.kill('SIGKILL');
    }
  }, true);
}

await prepareApp();
const results = new Map<Runtime, readonly Trial[]>();
const missing: Runtime[] = [];
const only = process.argv[2];
for (const runtime of RUNTIMES.filter(({ name }) => only === undefined || name.startsWith(only))) {
  const started = performance.now();
  const binary = await binaryOf(runtime);
  if (binary === undefined) {
    missing.push(runtime);
    console.log(
      `\n!!! LEFT OUT: ${runtime.name}: ${runtime.package}@${runtime.version} could not be installed`,
    );
    continue;
  }
  const prefix = runtime.arguments?.(app);
  const trials = await (prefix ? trialsInProcess(binary, prefix) : trialsInWorker(binary)).catch(
    (error: unknown): Trial[] => [{ name: 'runs to its end', failure: String(error).slice(0, 4_000) }],
  );
  results.set(runtime, trials);
  console.log(
    `\n${runtime.name} (${runtime.version}), ${((performance.now() - started) / 1_000).toFixed(1)} s`,
  );
  for (const { name, failure } of trials)
    console.log(failure === undefined ? `  ok ${name}` : `  NOT ok ${name}: ${failure}`);
}

const failed = [...results.values()].flat().filter(({ failure }) => failure !== undefined).length;
const passed = [...results.values()].flat().length - failed;
if (failed === 0 && missing.length === 0 && only === undefined) {
  const shown = await runtimesPage(results);
  const isShown = (await readFile(page, 'utf8').catch(() => '')) === shown;
  if (!isShown && isCi) {
    console.log(
      '\ndocs/reference/runtimes.md does not show what ran: run "npm run test:runtimes" and commit the page.',
    );
    process.exitCode = 1;
  } else if (!isShown) await writeFile(page, shown);
}
if (missing.length > 0) console.log(`\n!!! LEFT OUT: ${missing.map(({ name }) => name).join(', ')}`);
if (failed > 0 || (isCi && missing.some(({ isRequired }) => isRequired))) process.exitCode = 1;
console.log(`\n${passed} passed, ${failed} failed`);
