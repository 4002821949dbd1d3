import { readdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateFingerprintKey } from 'secret-sync-engine';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import { dotenvSource } from '../../src/sources/dotenv/index.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { sourceConformance } from '../../src/testing/conformance/source/index.js';
import { jsonDirectorySource } from '../../examples/custom-source.js';
import { bundlePrograms, type Programs } from '../support/servers/programs.js';
import { runExample } from './run-example.js';

const examples = new URL('../../examples/', import.meta.url);

/** The programs among the examples, and what each says when it has done its work. */
const PROGRAMS: Readonly<Record<string, RegExp>> = {
  'plan-unit-test.ts': /The plans are as expected\./,
  'hasura-cloud.ts': /2 to create[^]*Result: 2 created; 2 requests/,
  'qovery.ts': /2 to create[^]*Result: 2 created; 3 requests[^]*Nothing had to change; 1 request/,
  'custom-source.ts': /Result: 1 imported, 1 created[^]*2 keys are equal on both sides/,
  'telemetry.ts': /name: 'secret-sync sync'[^]*secret_sync\.runs/,
  'custom-driver.ts': /Result: 2 created, 1 deleted; 3 requests/,
};
const calm = { signal: new AbortController().signal };
const TESTED_ELSEWHERE = [
  'ci-script.ts',
  'demo-auto/demo.ts',
  'http-service.ts',
  'watch-dotenv.ts',
  // Takes a Redis and half a minute: `.ci/run` runs it.
  ...['demo', 'fleet-service', 'worker'].map((name) => `demo-fleet/${name}.ts`),
  ...['fastify', 'hono', 'next', 'node-http', 'service', 'worker'].map((name) => `rest/${name}.ts`),
];
const TESTED_BELOW = ['demo/demo.ts', 'plan-in-ci/apply.ts', 'plan-in-ci/engine.ts', 'plan-in-ci/plan.ts'];

let directory: string;
let programs: Programs;
beforeAll(async () => {
  const names = [...Object.keys(PROGRAMS), ...TESTED_BELOW];
  programs = await bundlePrograms(names.map((name) => `examples/${name}`));
  directory = await mkdtemp(join(tmpdir(), 'secret-sync-examples-'));
});
afterAll(async () => {
  await programs.remove();
  await rm(directory, { recursive: true, force: true });
});

describe('the examples', { timeout: 300_000 }, () => {
  it('are all run by a test', async () => {
    const files = await readdir(examples, { recursive: true });
    const found = files.filter((file) => file.endsWith('.ts') && !file.startsWith('support'));
    expect(found.sort()).toEqual([...Object.keys(PROGRAMS), ...TESTED_BELOW, ...TESTED_ELSEWHERE].sort());
  });

  it.concurrent.each(Object.entries(PROGRAMS))('%s runs to its end', async (file, said) => {
    const { code, stdout, stderr } = await runExample(programs.fileOf(`examples/${file}`));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(said);
    expect(stdout).not.toContain('-value');
  });
});

describe('the demo', { timeout: 300_000 }, () => {
  it('plans, applies, has nothing to do, applies changes, shows no value and leaves nothing behind', async () => {
    const read = await dotenvSource(fileURLToPath(new URL('demo/.env', examples))).read({}, calm);
    const values = [...sourceSnapshot(read).secrets.values()].map((value) => value.reveal());
    expect(values.length).toBeGreaterThanOrEqual(15);
    const temporary = await mkdtemp(join(directory, 'demo-'));
    const { code, stdout, stderr } = await runExample(programs.fileOf('examples/demo/demo.ts'), {
      env: { TMPDIR: temporary },
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.match(/Plan: 18 to create, 1 to delete\./g)).toHaveLength(2);
    expect(stdout).toContain('hasura-cloud: 0 writes, 18 keys unchanged, requests: 1');
    expect(stdout).toContain('qovery: 0 writes, 18 keys unchanged, requests: 1');
    expect(stdout.match(/Plan: 1 to create, 2 to update, 2 to delete\. 14 unchanged/g)).toHaveLength(2);
    expect(stdout).toMatch(/apply the changes +3 +6\n/);
    expect(stdout).not.toContain('\u001b');
    const left = await readdir(temporary);
    expect(left.filter((name) => name.startsWith('secret-sync-'))).toEqual([]);

    const written = [
      'rotated # pass = word',
      '77aa01fe55cc',
      'search-key-91c2',
      'set by hand',
      'emulator-token',
    ];
    const secrets = [...values.flatMap((value) => [value, ...value.split('\n')]), ...written];
    for (const secret of secrets.filter((text) => text !== '')) expect(stdout).not.toContain(secret);
  });
});

describe('the plan in CI', { timeout: 300_000 }, () => {
  let emulator: QoveryEmulator;
  beforeAll(async () => {
    emulator = await startQoveryEmulator();
  });
  afterAll(() => emulator.close());

  it('is made in one job, read in a comment, applied in the next one, and refused once it is out of date', async () => {
    const organization = emulator.addOrganization({ name: 'Example' });
    const project = emulator.addProject({ organizationId: organization.id, name: 'Example' });
    const environment = emulator.addEnvironment({ projectId: project.id, name: 'production' });
    const [planFile, commentFile] = [join(directory, 'plan.json'), join(directory, 'plan.md')];
    const secretsFile = join(directory, '.env');
    await writeFile(secretsFile, 'API_KEY=the-first-secret\nREGION=the-second-secret\n');
    const env = {
      SECRETS_FILE: secretsFile,
      STATE_DIRECTORY: join(directory, 'state'),
      SECRET_SYNC_FINGERPRINT_KEY: generateFingerprintKey(),
      QOVERY_ACCESS_TOKEN: emulator.accessToken,
      QOVERY_INSTANCE_URL: emulator.url,
      QOVERY_ORGANIZATION_ID: organization.id,
      QOVERY_PROJECT_ID: project.id,
      QOVERY_ENVIRONMENT_ID: environment.id,
      ALLOW_PRIVATE_NETWORK: 'true',
    };

    const planned = await runExample(programs.fileOf('examples/plan-in-ci/plan.ts'), {
      args: [planFile, commentFile],
      env,
    });
    expect(planned).toMatchObject({ code: 0, stderr: '' });
    expect(emulator.requests.map(({ method }) => method)).toEqual(['GET']);
    const comment = await readFile(commentFile, 'utf8');
    expect(comment).toContain('### Sync `production` to `qovery`');
    expect(`${comment}${await readFile(planFile, 'utf8')}`).not.toMatch(/the-(first|second)-secret/);

    const applied = await runExample(programs.fileOf('examples/plan-in-ci/apply.ts'), {
      args: [planFile],
      env,
    });
    expect(applied).toMatchObject({ code: 0, stderr: '' });
    expect(emulator.find('APP_API_KEY')?.value).toBe('the-first-secret');
    expect(emulator.find('APP_REGION')?.value).toBe('the-second-secret');

    const again = await runExample(programs.fileOf('examples/plan-in-ci/apply.ts'), {
      args: [planFile],
      env,
    });
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^PLAN_STALE: /);
  });
});

sourceConformance(
  {
    name: 'the custom source of the examples',
    writable: true,
    watchable: false,
    describable: false,
    location: { environment: 'staging' },
    async create(secrets) {
      const place = await mkdtemp(join(directory, 'source-'));
      await writeFile(join(place, 'staging.json'), JSON.stringify(secrets));
      return jsonDirectorySource(place);
    },
    createBroken: async (secrets) => {
      const place = await mkdtemp(join(directory, 'source-'));
      await writeFile(join(place, 'staging.json'), JSON.stringify(secrets).slice(0, -1));
      return jsonDirectorySource(place);
    },
  },
  { describe, it },
);
