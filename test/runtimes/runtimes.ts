import { arch, platform } from 'node:process';

/** A runtime that comes as an npm package. */
export interface Runtime {
  readonly name: string;
  /** The package with the program for this machine, pinned. */
  readonly package: string;
  readonly version: string;
  /** The program, from the package's folder. */
  readonly binary: string;
  /** What stands before the file to run; absent: a worker, see `worker.ts`. */
  readonly arguments?: (folder: string) => readonly string[];
  /** In CI, the run fails where it can't be had. */
  readonly isRequired: boolean;
}

const node = (version: string, isRequired: boolean): Runtime => ({
  name: `Node.js ${version.split('.').slice(0, 2).join('.')}`,
  package: `node-${platform}-${arch}`,
  version,
  binary: 'bin/node',
  arguments: () => [],
  isRequired,
});

/** As the packages of the other runtimes name it. */
const [aarch64, arm64] = arch === 'arm64' ? ['aarch64', 'arm64'] : ['x64', 'x64'];

/** All that a run tries, in the order of the page. */
export const RUNTIMES: readonly Runtime[] = [
  node('20.19.6', true),
  node('22.12.0', true),
  node('24.9.0', true),
  // The current line: its packages come later than its versions.
  node('26.10.0', false),
  {
    name: 'Bun',
    package: `@oven/bun-${platform}-${aarch64}`,
    version: '1.4.4',
    binary: 'bin/bun',
    arguments: () => ['run'],
    isRequired: true,
  },
  {
    name: 'Deno',
    package: `@deno/${platform}-${arm64}${platform === 'linux' ? '-glibc' : ''}`,
    version: '2.9.6',
    binary: 'deno',
    // Not `--allow-sys`, and not `--allow-env`: the package needs neither.
    arguments: (folder) => [
      'run',
      '--no-prompt',
      '--no-remote',
      '--allow-net',
      `--allow-read=${folder}`,
      `--allow-write=${folder}`,
    ],
    isRequired: true,
  },
  {
    name: 'workerd',
    package: `@cloudflare/workerd-${platform}-${arch === 'x64' ? '64' : 'arm64'}`,
    version: '1.20261117.1',
    binary: 'bin/workerd',
    isRequired: true,
  },
];
