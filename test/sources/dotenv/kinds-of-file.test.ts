import { execFileSync } from 'node:child_process';
import { open, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dotenvSource } from '../../../src/sources/dotenv/index.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { call, change, errorOf, shown } from '../infisical/support.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dotenv-kinds-'));
  path = join(directory, '.env');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const pipe = () => execFileSync('mkfifo', [path]);

describe.skipIf(process.platform === 'win32')('dotenvSource, of what is no regular file', () => {
  it('reads a named pipe until its writer closes it, however slowly that writes', async () => {
    pipe();
    const source = dotenvSource(path);
    for (const value of ['1', '2']) {
      const writing = open(path, 'w').then(async (file) => {
        await file.write(`A=${value}\n`);
        await new Promise((resolve) => setImmediate(resolve));
        await file.write('B=${A}\n');
        await file.close();
      });
      const read = await source.read({}, call());
      await writing;
      expect(shown(read)).toEqual({
        secrets: [
          ['A', value],
          ['B', '${A}'],
        ],
      });
      expect(read.unresolved).toEqual(['B']);
    }
  });

  it('holds no thread for named pipes that no program writes to, and says so', async () => {
    pipe();
    const clock = createVirtualClock({ auto: true });
    // More than there are threads: a file could not be read beside them.
    const reads = Array.from({ length: 8 }, () => errorOf(dotenvSource(path, { clock }).read({}, call())));
    await writeFile(`${path}.plain`, 'A=1\n');
    expect(shown(await dotenvSource(`${path}.plain`, { settleTime: 0 }).read({}, call()))).toEqual({
      secrets: [['A', '1']],
    });
    for (const error of await Promise.all(reads)) {
      expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED', retryable: true });
      expect(error.message).toContain('is a named pipe that no program writes to');
    }
  });

  it('ends the wait for a pipe at the abort', async () => {
    pipe();
    const controller = new AbortController();
    const reading = dotenvSource(path).read({}, controller);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });

  it('refuses to write a named pipe, in the plan already', async () => {
    pipe();
    const clock = createVirtualClock({ auto: true });
    const writing = open(path, 'w').then(async (file) => {
      await file.write('A=1\n');
      await file.close();
    });
    const refused = await dotenvSource(path, {
      clock: { ...clock, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
    }).checkWrite({}, [change('A', '2', 'update')], call());
    await writing;
    expect(refused).toEqual([
      { key: 'A', message: `"${path}" is not a regular file, so it is only read; write to another file` },
    ]);
  });

  it.each(['/dev/null', '/dev/zero'])('refuses the device %s', async (device) => {
    await symlink(device, path);
    const error = await errorOf(dotenvSource(path).read({}, call()));
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED', retryable: false });
    expect(error.message).toContain('is a device or a socket: give the path of a regular file.');
  });

  it('refuses a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const error = await errorOf(dotenvSource(path).read({}, call()));
    await new Promise((resolve) => server.close(resolve));
    expect(error.message).toContain('is a device or a socket');
  });

  it('refuses a file that is too long, without reading it', async () => {
    const file = await open(path, 'w');
    await file.truncate(2 ** 32);
    await file.close();
    const error = await errorOf(dotenvSource(path).read({}, call()));
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED', retryable: false });
    expect(error.message).toContain('is longer than 16777216 bytes');
  });
});

describe('dotenvSource, of several files', () => {
  const file = async (name: string, text: string) => {
    const at = join(directory, name);
    await writeFile(at, text);
    return at;
  };
  const source = (...paths: string[]) => dotenvSource(paths, { settleTime: 0 });

  it('names each file as a part, with the keys that it holds, one that holds nothing too', async () => {
    const paths = [
      await file('a', 'A=1\nB=2\n'),
      await file('b', '# nothing\n'),
      await file('c', 'B=3\n'),
    ] as const;
    expect((await source(...paths).read({}, call())).parts).toEqual([
      { name: paths[0], keys: ['A', 'B'] },
      { name: paths[1], keys: [] },
      { name: paths[2], keys: ['B'] },
    ]);
  });

  it('is one part for a file that is named twice, where it was named last', async () => {
    const [a, b] = [await file('a', 'A=1\n'), await file('b', 'A=2\n')];
    const read = await source(a, b, a).read({}, call());
    expect(read.parts?.[Symbol.iterator]().next().value).toEqual({ name: b, keys: ['A'] });
    expect(shown(read)).toEqual({ secrets: [['A', '1']] });
  });

  it('lists values with references, of the file that wins, unless in single quotes', async () => {
    const base = await file('a', 'A=${X}\nB="x${prod.shared.KEY}y"\nC=\'${X}\'\nD=$X\nE=${}\nF=${X:-y}\n');
    const local = await file('b', 'A=fine\nG=1\nG=${X}\n');
    expect((await source(base, local).read({}, call())).unresolved).toEqual(['B', 'F', 'G']);
    expect(await source(local).read({}, call())).toHaveProperty('unresolved', ['G']);
  });
});
