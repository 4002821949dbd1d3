// A source of your own: one JSON file for each environment, which imports can be written to.
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatResult, memoryStore, SecretSyncEngine, type SecretSource } from 'secret-sync-engine';
import { memoryDestination } from 'secret-sync-engine/testing';
import * as z from 'zod';

// Pairs, since an object of zod or JSON would treat a key such as "__proto__" in its own way.
const secretsSchema = z.array(z.tuple([z.string(), z.string()]));

/** A source of files `<environment>.json` in a directory, each a list of `[key, value]`. */
export function jsonDirectorySource(directory: string): SecretSource {
  const pathOf = (environment = 'default') => join(directory, `${encodeURIComponent(environment)}.json`);
  const load = async (path: string) => {
    const text = await readFile(path, 'utf8');
    try {
      return new Map(secretsSchema.parse(JSON.parse(text)));
    } catch {
      // What a parser says of the text can quote a value: say it in words of our own.
      throw new Error('The file is not a JSON list of [key, value].');
    }
  };
  return {
    name: 'json-directory',
    // A missing file throws, as it must: an empty return value would mean that there are no secrets.
    async read({ environment }, { signal }) {
      signal.throwIfAborted();
      return load(pathOf(environment));
    },
    async write({ environment }, changes, { signal }) {
      signal.throwIfAborted();
      const path = pathOf(environment);
      const secrets = await load(path);
      for (const { key, value } of changes) secrets.set(key, value.reveal());
      await writeFile(`${path}.new`, JSON.stringify([...secrets]), { mode: 0o600 });
      await rename(`${path}.new`, path);
    },
  };
}

async function main(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'custom-source-'));
  try {
    await writeFile(join(directory, 'staging.json'), JSON.stringify([['API_KEY', 'from-the-file']]));
    const destination = memoryDestination();
    destination.set('REGION', 'only-at-the-destination');
    const source = jsonDirectorySource(directory);
    const engine = new SecretSyncEngine({ source, drivers: [destination], store: memoryStore() });

    const sync = {
      name: 'from-json',
      environment: 'staging',
      destination: 'memory',
      destinationConfig: {},
      syncOptions: { initialSyncBehavior: 'import-prioritize-source' },
    } as const;
    console.log(formatResult(await engine.sync(sync)));
    const again = await engine.plan(sync);
    console.log(`\nPlanned again: ${again.summary.unchanged} keys are equal on both sides.`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
