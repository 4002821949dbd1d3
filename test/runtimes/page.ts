import { format, resolveConfig } from 'prettier';
import type { Trial } from './program.js';
import type { Runtime } from './runtimes.js';

/** Returns the page of the documentation that tells what ran where. */
export async function runtimesPage(results: ReadonlyMap<Runtime, readonly Trial[]>): Promise<string> {
  const names = [...new Set([...results.values()].flat().map(({ name }) => name))];
  const runtimes = [...results];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = names.map((name) =>
    row([name, ...runtimes.map(([, trials]) => (trials.some((trial) => trial.name === name) ? 'yes' : '–'))]),
  );
  const text = `# Runtimes

This page is written by \`npm run test:runtimes\`, which runs one program with the packed package in each runtime, against
emulators of both services in another process. CI runs it too, and fails when this page shows something else.

${row(['what was tried', ...runtimes.map(([{ name, version }]) => `${name.split(' ')[0] ?? ''} ${version}`)])}
${row(['---', ...runtimes.map(() => '---')])}
${rows.join('\n')}

- **Node.js**: \`engines\` names the versions that are supported. \`require\` works in all of them.
- **Deno** ran with \`--allow-net\`, and with \`--allow-read\` and \`--allow-write\` for one folder; the package needs no
  \`--allow-sys\` and no \`--allow-env\`. Without access to \`/proc\` and to the name of the host, the file store can't tell
  whether the process that holds a lock still runs, and waits until the lock is old.
- **workerd** (Cloudflare Workers) ran without \`nodejs_compat\`. Its \`fetch\` does not tell a refused connection from one that
  was lost later, so that every such failure counts as one that may have written something; a run then reads back what it
  wrote. A service runs there what its \`queue\` is given, and its API was tried: see the example of a worker. \`start()\`, the
  file store, and the dotenv source need a process, and were not tried there.
- The other sources and the root entry use web-standard APIs only.
`;
  return format(text, { ...(await resolveConfig('docs/reference/runtimes.md')), parser: 'markdown' });
}
