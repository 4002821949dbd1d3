import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { defineDriver, type WriteOutcome } from '../../src/contracts/destination.js';
import type { SecretSource } from '../../src/contracts/source.js';

const secretsSchema = z.record(z.string(), z.string());

/** Secrets in a file, which a killed process leaves as it was or as it was to be. */
export async function readSecrets(path: string): Promise<Map<string, string>> {
  try {
    return new Map(Object.entries(secretsSchema.parse(JSON.parse(await readFile(path, 'utf8')))));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
}

export async function writeSecrets(path: string, secrets: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.tmp`, JSON.stringify(Object.fromEntries([...secrets].sort())));
  await rename(`${path}.tmp`, path);
}

/** Called before each read and write, and after each write. */
type Step = () => Promise<void>;

/** A source with a file for each `secretPath`, which can't tell of changes. */
export const fileSource = (directory: string, step: Step): SecretSource => ({
  name: 'files',
  async read({ secretPath = '/' }) {
    await step();
    return readSecrets(join(directory, `${secretPath}.json`));
  },
});

/** A destination with a file for each place. */
export const fileDestination = (directory: string, step: Step) =>
  defineDriver({
    specVersion: 1,
    name: 'files',
    displayName: 'Files',
    credentialsSchema: z.strictObject({ account: z.string() }),
    configSchema: z.strictObject({ place: z.string() }),
    capabilities: {
      import: true,
      writes: 'each',
      reservedWritable: false,
      checkKey: () => undefined,
      checkValue: () => undefined,
      isReserved: () => false,
    },
    endpoint: () => 'https://files.invalid',
    authorization: () => ({}),
    identity: (_credentials, { place }) => `files:${place}`,
    connect({ config: { place } }) {
      const path = join(directory, `${place}.json`);
      return {
        async read() {
          await step();
          return { entries: Array.from(await readSecrets(path), ([key, value]) => ({ key, value })) };
        },
        async write({ changes }, options) {
          const outcomes: WriteOutcome[] = [];
          for (const { key, value } of changes) {
            await step();
            const secrets = await readSecrets(path);
            if (value === undefined) secrets.delete(key);
            else secrets.set(key, value.reveal());
            await writeSecrets(path, secrets);
            await step();
            const outcome: WriteOutcome = { key, status: 'applied' };
            options.onOutcome(outcome);
            outcomes.push(outcome);
          }
          return outcomes;
        },
      };
    },
    validateConnection: async () => undefined,
  });
