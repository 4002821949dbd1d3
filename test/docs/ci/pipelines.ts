// As much of GitHub Actions and GitLab CI as the recipes use: one job at a time, each in a new directory.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { blocksOf, pageOf } from '../pages.js';

/** How a job ended, and what it left. */
export interface JobRun {
  readonly code: number;
  readonly output: string;
  /** Each call of a command that is not ours, with its arguments; `@` stands before the text of a file. */
  readonly calls: readonly string[];
}

/** Where jobs run, and what is given to them. */
export interface Runner {
  readonly home: string;
  /** The environment of a job, and what `${{ secrets.NAME }}` and `${{ vars.NAME }}` stand for. */
  readonly settings: Readonly<Record<string, string>>;
  /** What is checked out: the text of each file. */
  readonly files: Readonly<Record<string, string>>;
}

/** Runs a job of a recipe. */
export type Pipeline = (job: string, runner: Runner) => Promise<JobRun>;

type Texts = Readonly<Record<string, string>>;

/** Commands in place of those of a machine of CI: programs of the examples are run, the others are noted. */
async function installCommands(home: string, fileOf: (path: string) => string): Promise<string> {
  const bin = join(home, 'bin');
  const program = fileOf('examples/PROGRAM.ts').replace('PROGRAM.mjs', '');
  const commands: Texts = {
    npx: `[ "$1" = tsx ] || exit 64\nfile="${program}\${2%.ts}.mjs"\nshift 2\nexec "${process.execPath}" "$file" "$@"`,
    npm: '[ "$*" = ci ]',
    gh: 'for a in "$@"; do [ "$a" = plan.md ] && a="@$(cat plan.md)"; printf "%s " "$a"; done >> "$CALLS"; [ -n "$GH_TOKEN" ]',
    curl: 'for a in "$@"; do [ "$a" = body@plan.md ] && a="@$(cat plan.md)"; printf "%s " "$a"; done >> "$CALLS"',
  };
  await mkdir(bin, { recursive: true });
  for (const [name, script] of Object.entries(commands))
    await writeFile(join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  return bin;
}

/** A checkout, and what runs a script in it. */
async function openJob({ home, files }: Runner, fileOf: (path: string) => string) {
  const directory = await mkdtemp(join(home, 'job-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const bin = await installCommands(home, fileOf);
  const callsFile = join(directory, 'calls.txt');
  await writeFile(callsFile, '');
  const env = { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, CALLS: callsFile };
  let output = '';
  return {
    directory,
    run: (script: string, more: Texts) =>
      new Promise<number>((resolve) => {
        const options = { cwd: directory, env: { ...env, ...more } };
        const child = execFile(
          'bash',
          ['-e', '-o', 'pipefail', '-c', script],
          options,
          (_error, out, error) => {
            output += out + error;
            resolve(child.exitCode ?? -1);
          },
        );
      }),
    async end(code: number): Promise<JobRun> {
      const calls = (await readFile(callsFile, 'utf8')).split('\n').filter((line) => line !== '');
      return { code, output, calls };
    },
  };
}

const cacheOf = ({ home }: Runner) => join(home, 'cache');

async function restore(runner: Runner, directory: string, path: string): Promise<void> {
  if (existsSync(cacheOf(runner))) await cp(cacheOf(runner), join(directory, path), { recursive: true });
}

async function save(runner: Runner, directory: string, path: string): Promise<void> {
  const from = join(directory, path);
  if (existsSync(from)) await cp(from, cacheOf(runner), { recursive: true, force: true });
}

function yamlOf(page: string): unknown {
  const [block] = blocksOf(pageOf(page)).filter(({ info }) => info === 'yaml');
  return parse(block?.code ?? '');
}

interface GitHubStep {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Texts;
  readonly with?: { readonly path?: string };
}

interface GitHubWorkflow {
  readonly env: Texts;
  readonly jobs: Readonly<Record<string, { readonly if: string; readonly steps: readonly GitHubStep[] }>>;
}

/** The workflow of a page. An expression that is not known here fails the test. */
export function gitHubActions(page: string, fileOf: (path: string) => string): Pipeline {
  const workflow = yamlOf(page) as GitHubWorkflow;
  return async (name, runner) => {
    const job = workflow.jobs[name];
    if (job === undefined) throw new Error(`There is no job ${name}.`);
    const opened = await openJob(runner, fileOf);
    const value = (expression: string): string => {
      const [, setting] = /^(?:secrets|vars)\.(\w+)$/.exec(expression) ?? [];
      const known: Texts = {
        'github.token': 'token-of-the-job',
        'github.event.number': '7',
        ...runner.settings,
      };
      const found = known[setting ?? expression];
      if (found === undefined) throw new Error(`${expression} is not known.`);
      return found;
    };
    const filled = (text: string) =>
      text.replaceAll(/\$\{\{ (.+?) \}\}/g, (_all, expression: string) => value(expression));
    const filledAll = (texts: Texts = {}): Texts =>
      Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, filled(text)]));
    const isWanted = (condition: string | undefined, code: number): boolean => {
      if (condition === undefined) return code === 0;
      if (condition === 'always()') return true;
      if (condition === "${{ !cancelled() && hashFiles('plan.md') != '' }}")
        return existsSync(join(opened.directory, 'plan.md'));
      throw new Error(`${condition} is not known.`);
    };
    let code = 0;
    for (const step of job.steps) {
      if (!isWanted(step.if, code)) continue;
      const path = step.with?.path ?? '';
      if (step.run !== undefined) {
        const env = { ...filledAll(workflow.env), ...filledAll(step.env), ...urls(runner) };
        const ended = await opened.run(filled(step.run), env);
        code ||= ended;
      } else if (step.uses === 'actions/cache/restore@v4') await restore(runner, opened.directory, path);
      else if (step.uses === 'actions/cache/save@v4') await save(runner, opened.directory, path);
      else if (!/^actions\/(?:checkout|setup-node)@v4$/.test(step.uses ?? ''))
        throw new Error(`${step.uses} is not known.`);
    }
    return opened.end(code);
  };
}

/** What leads the programs to the emulator. */
const urls = ({ settings }: Runner): Texts =>
  Object.fromEntries(
    ['QOVERY_INSTANCE_URL', 'ALLOW_PRIVATE_NETWORK'].map((name) => [name, settings[name] ?? '']),
  );

interface GitLabCache {
  readonly paths: readonly string[];
  readonly policy: 'pull' | 'pull-push';
}

interface GitLabPipeline {
  readonly variables: Texts;
  readonly cache: GitLabCache;
  readonly before_script: readonly string[];
  readonly [job: string]: unknown;
}

interface GitLabJob {
  readonly script: readonly string[];
  readonly cache?: GitLabCache;
}

/** The pipeline of a page. */
export function gitLab(page: string, fileOf: (path: string) => string): Pipeline {
  const pipeline = yamlOf(page) as GitLabPipeline;
  return async (name, runner) => {
    const job = pipeline[name] as GitLabJob | undefined;
    if (job === undefined) throw new Error(`There is no job ${name}.`);
    const opened = await openJob(runner, fileOf);
    const { paths, policy } = job.cache ?? pipeline.cache;
    const [path = ''] = paths;
    const given: Texts = {
      CI_PROJECT_DIR: opened.directory,
      CI_API_V4_URL: 'https://gitlab.example/api/v4',
      CI_PROJECT_ID: '1',
      CI_MERGE_REQUEST_IID: '7',
      COMMENT_TOKEN: 'token-of-the-project',
    };
    const variables = Object.fromEntries(
      Object.entries(pipeline.variables).map(([key, text]) => [
        key,
        text.replaceAll(/\$(\w+)/g, (_all, variable: string) => given[variable] ?? ''),
      ]),
    );
    await restore(runner, opened.directory, path);
    const script = [...pipeline.before_script, ...job.script].join('\n');
    const code = await opened.run(script, { ...runner.settings, ...given, ...variables });
    if (policy === 'pull-push' && code === 0) await save(runner, opened.directory, path);
    return opened.end(code);
  };
}
