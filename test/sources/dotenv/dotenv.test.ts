import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dotenvSource } from '../../../src/sources/dotenv/index.js';
import { sourceConformance } from '../../../src/testing/conformance/source/index.js';
import { createVirtualClock } from '../../support/virtual-clock.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dotenv-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const call = () => ({ signal: new AbortController().signal });
async function write(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}
const read = async (...paths: string[]) => [
  ...((await dotenvSource(paths).read({}, call())).secrets as [string, string][]),
];
const failure = async (...paths: string[]) => {
  try {
    await read(...paths);
  } catch (error) {
    return error;
  }
  return undefined;
};

/** In a quote that the value does not hold; dotenv has no way to write one that holds all three. */
function render(value: string): string {
  const quote = ["'", '`', '"'].find((one) => !value.includes(one));
  if (quote === undefined) throw new Error('dotenv cannot write this value');
  return `${quote}${value}${quote}`;
}

const clock = createVirtualClock({ auto: true });
sourceConformance(
  {
    name: 'dotenvSource',
    create: async (secrets) =>
      dotenvSource(await write('.env', secrets.map(([key, value]) => `${key}=${render(value)}\n`).join('')), {
        clock,
      }),
    createBroken: async (secrets) =>
      dotenvSource(
        await write('.env', secrets.map(([key, value]) => `${key}="${value}\nalso ${value}\n`).join('')),
      ),
    createWithParts: async (parts) =>
      dotenvSource(
        await Promise.all(
          parts.map((secrets, index) =>
            write(`.env.${index}`, secrets.map(([key, value]) => `${key}=${render(value)}\n`).join('')),
          ),
        ),
        { clock },
      ),
    createUnresolved: async (key) =>
      dotenvSource(await write('.env', `${key}="${'${NONE}'}"\nA=1\n`), { clock }),
    writable: true,
    watchable: true,
    watchTimeout: 30_000,
    change: async (_source, key, value) => void (await write('.env', `${key}=${value}\n`)),
    held: () =>
      clock.sleepers + process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length,
    describable: false,
    // One of the texts holds all three kinds of quotes.
    anyValue: false,
  },
  { describe, it },
);

describe('dotenvSource', () => {
  it('reads one file given as a path', async () => {
    const source = dotenvSource(await write('.env', 'A=1\nB=2'));
    expect(source.name).toBe('dotenv');
    expect((await source.read({}, call())).secrets).toEqual([
      ['A', '1'],
      ['B', '2'],
    ]);
  });

  it('lets a later file win, key by key, whatever the key is called', async () => {
    const first = await write('.env', 'A=1\nB=2\n__proto__=x\n');
    const second = await write('.env.local', 'C=3\nB=4\n__proto__=y\n');
    expect(await read(first, second)).toEqual([
      ['A', '1'],
      ['B', '4'],
      ['__proto__', 'y'],
      ['C', '3'],
    ]);
  });

  it('hands a key on twice that stands twice in one file, unless a later file has it once', async () => {
    const twice = await write('.env', 'A=1\nA=1\nB=2\n');
    expect(await read(twice)).toEqual([
      ['A', '1'],
      ['A', '1'],
      ['B', '2'],
    ]);
    expect(await read(twice, await write('.env.local', 'A=3'))).toEqual([
      ['A', '3'],
      ['B', '2'],
    ]);
    expect(await read(await write('.env.local', 'A=3'), twice)).toHaveLength(3);
  });

  it('reads a file anew each time', async () => {
    const path = await write('.env', 'A=1');
    const source = dotenvSource(path);
    await source.read({}, call());
    await write('.env', 'A=2');
    expect((await source.read({}, call())).secrets).toEqual([['A', '2']]);
  });

  it('takes a byte order mark, and no bytes at all', async () => {
    expect(await read(await write('.env', '\ufeffA=1'))).toEqual([['A', '1']]);
    expect(await read(await write('.env', ''))).toEqual([]);
  });

  it('names all that is wrong in all files at once, and shows no line', async () => {
    const missing = join(directory, 'missing');
    const folder = join(directory, 'folder');
    await mkdir(folder);
    const latin = await write('latin', Uint8Array.from([0x41, 0x3d, 0xe4]));
    const junk = await write('junk', 'A=1\nhunter2\nB="hunter2\n\nC=3\n= hunter2\n');
    const error = await failure(missing, folder, latin, junk);
    expect(error).toMatchObject({ name: 'SecretSyncError', code: 'SOURCE_READ_FAILED', retryable: false });
    const lines = String(error).split('\n').slice(1);
    expect(lines).toEqual([
      `- "${missing}" can't be read (ENOENT): check the path, and that this user may read it.`,
      `- "${folder}" is a directory: give the path of a file.`,
      `- "${latin}" is not UTF-8: save it in that encoding.`,
      `- "${junk}" line 2 is not a KEY=value line, a comment or blank: correct it.`,
      `- "${junk}" line 3 opens a quote that is not closed at the end of a line: correct it.`,
      `- "${junk}" line 6 is not a KEY=value line, a comment or blank: correct it.`,
    ]);
    expect(String(error)).not.toContain('hunter2');
  });

  it('fails for one missing file among several, rather than answer less', async () => {
    const error = await failure(await write('.env', 'A=1'), join(directory, 'missing'));
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED' });
  });

  it('refuses to be made without a path', () => {
    for (const paths of ['', [], ['.env', '']])
      expect(() => dotenvSource(paths)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('is not changed by what is done to the list of paths', async () => {
    const paths = [await write('.env', 'A=1')];
    const source = dotenvSource(paths);
    paths.push('missing');
    expect((await source.read({}, call())).secrets).toEqual([['A', '1']]);
  });
});
