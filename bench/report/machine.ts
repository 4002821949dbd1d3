import { readFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem, type } from 'node:os';
import * as z from 'zod';

const packageSchema = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
});

const readPackage = async (path: string) => packageSchema.parse(JSON.parse(await readFile(path, 'utf8')));

/** What the figures hold for: versions, machine, date. Run in the package's own directory. */
export async function describeMachine(): Promise<string> {
  const own = await readPackage('package.json');
  const versions = await Promise.all(
    Object.keys(own.dependencies).map(async (name) => {
      const { version } = await readPackage(`node_modules/${name}/package.json`);
      return `${name} ${version}`;
    }),
  );
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return [
    `- ${new Date().toISOString().slice(0, 10)}, secret-sync-engine ${own.version}`,
    `- Node ${process.version} on ${type()} ${process.arch}, ${processors.length} cores (${processors[0]?.model ?? 'of unknown model'}), ${memory} GiB; load average at the start: ${loadavg()[0]?.toFixed(1)}`,
    `- ${versions.join(', ')}`,
  ].join('\n');
}
