import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { QoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import { FINGERPRINT_KEY, qoveryTarget } from '../../support/engine.js';
import type { Programs } from '../../support/servers/programs.js';
import { withProgramsAtQovery } from '../../support/servers/programs-at-qovery.js';
import { gitHubActions, gitLab, type Runner } from './pipelines.js';

const PROGRAMS = ['plan-in-ci/plan.ts', 'ci-script.ts'];
const RECIPES = [
  ['github-actions', gitHubActions],
  ['gitlab', gitLab],
] as const;

let directory: string;
let emulator: QoveryEmulator;
let programs: Programs;
withProgramsAtQovery(
  PROGRAMS.map((name) => `examples/${name}`),
  (made) => ({ programs, emulator, directory } = made),
);

describe.each(RECIPES)('the YAML of the recipe %s', (name, pipelineOf) => {
  /** A new environment of Qovery, and what runs a job on it whose checkout has these secrets. */
  async function prepare() {
    const target = qoveryTarget(emulator);
    const home = await mkdtemp(join(directory, `${name}-`));
    const pipeline = pipelineOf(`docs/recipes/${name}.md`, (path) => programs.fileOf(path));
    const settings: Runner['settings'] = {
      SECRET_SYNC_FINGERPRINT_KEY: FINGERPRINT_KEY,
      QOVERY_ACCESS_TOKEN: emulator.accessToken,
      QOVERY_INSTANCE_URL: emulator.url,
      QOVERY_ORGANIZATION_ID: target.organizationId,
      QOVERY_PROJECT_ID: target.projectId,
      QOVERY_ENVIRONMENT_ID: target.environmentId,
      ALLOW_PRIVATE_NETWORK: 'true',
      'github.run_id': '1',
      'github.run_attempt': '1',
    };
    async function run(job: 'plan' | 'apply', secrets: string) {
      emulator.clearRequests();
      const ended = await pipeline(job, { home, settings, files: { 'secrets.env': secrets } });
      return { ...ended, methods: [...new Set(emulator.requests.map(({ method }) => method))] };
    }
    return { target, run };
  }

  it('comments on the plan, applies it after the merge, and keeps the state for the next run', async () => {
    const { target, run } = await prepare();
    const secrets = 'API_KEY=the-first-secret\n';
    const planned = await run('plan', secrets);
    expect(planned, planned.output).toMatchObject({ code: 0, methods: ['GET'] });
    const comment = planned.calls.join('\n');
    expect(comment).toContain('@### Sync `production` to `qovery`');
    expect(comment).toContain('+ APP_API_KEY (secret, from API_KEY)');
    expect(`${comment}${planned.output}`).not.toContain('the-first-secret');

    const applied = await run('apply', secrets);
    expect(applied, applied.output).toMatchObject({ code: 0, calls: [] });
    expect(target.find('APP_API_KEY')?.value).toBe('the-first-secret');

    // Secrets that can't be read back are not written again: the state was kept.
    const again = await run('apply', secrets);
    expect(again, again.output).toMatchObject({ code: 0, methods: ['GET'] });
    expect(again.output).toContain('Nothing to do.');
  });

  it('comments also on a plan that fails its job because of a blocked key', async () => {
    const { target, run } = await prepare();
    const planned = await run('plan', 'API_KEY=the-first-secret\nAPI-KEY=the-second-secret\n');
    expect(planned.code, planned.output).toBe(1);
    expect(planned.calls.join('\n')).toContain('! APP_API-KEY');
    expect(target.values().size).toBe(0);
  });

  it('fails, and comments on nothing, where there is no plan', async () => {
    const { run } = await prepare();
    const planned = await run('plan', 'API_KEY="never closed\n');
    expect(planned.code).not.toBe(0);
    expect(planned.calls.join('\n')).not.toContain('###');
  });
});
