import fs, { readFileSync } from 'node:fs';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { dotenvSource, type DotenvOptions } from '../../../src/sources/dotenv/index.js';
import { writeFile as writeDotenvFile } from '../../../src/sources/dotenv/write-file.js';
import { signatureOf, systemCode } from '../../../src/sources/dotenv/file.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { eventually } from '../../support/eventually.js';
import { createVirtualClock } from '../../support/virtual-clock.js';
import { call, change, errorOf } from '../infisical/support.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dotenv-write-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}
/** Puts a new file in the place of one, which is one change; a file that is written is empty for a moment. */
async function replace(name: string, text: string): Promise<void> {
  await rename(await file(`${name}.new`, text), join(directory, name));
}
const textOf = (path: string) => readFile(path, 'utf8');

describe('dotenvSource, when it writes', () => {
  it('writes to the last file, over what an earlier one holds', async () => {
    const [base, local] = [await file('.env', 'A=1\nB=2\n'), await file('.env.local', '# mine\nB=3\n')];
    const source = dotenvSource([base, local]);
    const changes = [change('A', '4', 'update'), change('B', '5', 'update'), change('C', '6')];
    expect(await source.checkWrite({}, changes, call())).toEqual([]);
    expect(await textOf(local)).toBe('# mine\nB=3\n');
    await source.write({}, changes, call());
    expect(await textOf(base)).toBe('A=1\nB=2\n');
    expect(await textOf(local)).toBe('# mine\nB=5\nA=4\nC=6\n');
    expect((await source.read({}, call())).secrets).toEqual([
      ['A', '4'],
      ['B', '5'],
      ['C', '6'],
    ]);
  });

  it('keeps the mode of the file, and leaves no other file behind', async () => {
    const path = await file('.env', 'A=1\n');
    await chmod(path, 0o640);
    await dotenvSource(path).write({}, [change('A', '2', 'update')], call());
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(directory)).toEqual(['.env']);
  });

  it('writes the file that a symbolic link leads to, and keeps the link', async () => {
    await mkdir(join(directory, 'shared'));
    const target = await file('shared/env', 'A=1\n');
    const link = join(directory, '.env');
    await symlink(target, link);
    await dotenvSource(link).write({}, [change('A', '2', 'update')], call());
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await textOf(target)).toBe('A=2\n');
  });

  it('lists what cannot be written, refuses it, and writes nothing then', async () => {
    const path = await file('.env', 'A=1\n');
    const source = dotenvSource(path);
    const canaries = createCanaries();
    const quotes = canaries.values.find(({ name }) => name === 'quotes and backslashes');
    const changes = [change('B', '2'), change('QUOTES', `#${quotes?.text ?? ''}`), change('a name', 'x')];
    const refused = await source.checkWrite({}, changes, call());
    expect(refused.map(({ key }) => key)).toEqual(['QUOTES', 'a name']);
    const error = await errorOf(source.write({}, changes, call()));
    expect(error).toMatchObject({ code: 'SOURCE_NOT_WRITABLE', problems: refused });
    canaries.assertAbsent('the error', error);
    expect(await textOf(path)).toBe('A=1\n');
  });

  it('loses no write of several at once', async () => {
    const path = await file('.env', '');
    const source = dotenvSource(path);
    const keys = Array.from({ length: 8 }, (_, index) => `KEY_${index}`);
    await Promise.all(keys.map(async (key) => source.write({}, [change(key, '1')], call())));
    expect((await textOf(path)).split('\n').sort()).toEqual(['', ...keys.map((key) => `${key}=1`)]);
  });

  it('goes on after a write that failed', async () => {
    const path = await file('.env', 'A=1\n');
    const source = dotenvSource(path);
    const failing = source.write({}, [change('a name', 'x')], call());
    const next = source.write({}, [change('B', '2')], call());
    await expect(failing).rejects.toThrow();
    await next;
    expect(await textOf(path)).toBe('A=1\nB=2\n');
  });

  it('does not replace a file that has changed since it was read', async () => {
    const path = await file('.env', 'A=1\n');
    expect(await writeDotenvFile(path, 'A=2\n', 'another signature')).toBe(false);
    expect(await textOf(path)).toBe('A=1\n');
    expect(await readdir(directory)).toEqual(['.env']);
  });

  it('tells two texts of one length apart that were written within one step of the clock', async () => {
    const path = await file('.env', 'A=1\n');
    const when = new Date('2026-01-01T00:00:00Z');
    await utimes(path, when, when);
    const signature = await signatureOf(path);
    await writeFile(path, 'A=2\n');
    await utimes(path, when, when);
    expect(await writeDotenvFile(path, 'A=3\n', signature)).toBe(false);
    expect(await textOf(path)).toBe('A=2\n');
  });

  it('fails, and makes no file, where there is none or it is broken', async () => {
    const missing = join(directory, 'missing');
    const broken = await file('broken', 'A=1\nhunter2\n');
    for (const path of [missing, broken]) {
      const error = await errorOf(dotenvSource(path).write({}, [change('A', '2', 'update')], call()));
      expect(error.code).toBe('SOURCE_READ_FAILED');
      expect(String(error)).not.toContain('hunter2');
    }
    expect(await readdir(directory)).toEqual(['broken']);
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('names a directory that cannot be written', async () => {
    const path = await file('.env', 'A=1\n');
    await chmod(directory, 0o500);
    const error = await errorOf(dotenvSource(path).write({}, [change('A', '2', 'update')], call()));
    await chmod(directory, 0o700);
    expect(error).toMatchObject({ code: 'SOURCE_WRITE_FAILED' });
    expect(error.message).toContain('EACCES');
  });
});

describe('dotenvSource, when the file is one that cannot simply be replaced', () => {
  /** Lets a rename fail with a code of the system, as over a bind mount, which not every machine lets a test make. */
  function failRename(code: string) {
    const spy = vi
      .spyOn(fs.promises, 'rename')
      .mockRejectedValue(Object.assign(new Error('cannot be replaced'), { code }));
    syncBuiltinESMExports();
    onTestFinished(() => {
      spy.mockRestore();
      syncBuiltinESMExports();
    });
  }

  it.each(['EBUSY', 'EXDEV', 'EACCES'])(
    'writes it in place after %s, and leaves no copy behind',
    async (code) => {
      const path = await file('.env', 'A=a long value that is cut\nB=2\n');
      await chmod(path, 0o640);
      const { ino } = await stat(path);
      failRename(code);
      await dotenvSource(path).write({}, [change('A', '1', 'update')], call());
      expect(await textOf(path)).toBe('A=1\nB=2\n');
      expect(await stat(path)).toMatchObject({ ino, mode: 0o100640 });
      expect(await readdir(directory)).toEqual(['.env']);
    },
  );

  it('names any other failure, and leaves file and directory as they were', async () => {
    const path = await file('.env', 'A=1\n');
    failRename('EIO');
    const error = await errorOf(dotenvSource(path).write({}, [change('A', '2', 'update')], call()));
    expect(error).toMatchObject({ code: 'SOURCE_WRITE_FAILED' });
    expect(error.message).toContain('EIO');
    expect(await textOf(path)).toBe('A=1\n');
    expect(await readdir(directory)).toEqual(['.env']);
  });

  it('keeps a copy beside it while it is written in place, which only its owner may read', async () => {
    const path = await file('.env', 'A=1\n');
    failRename('EBUSY');
    const copies: [string, number][] = [];
    const real = fs.promises.open;
    const spy = vi.spyOn(fs.promises, 'open').mockImplementation(async (...parameters) => {
      if (parameters[1] === 'r+') {
        const names = (await readdir(directory)).filter((name) => name.endsWith('.copy'));
        for (const name of names) {
          const at = join(directory, name);
          copies.push([await textOf(at), (await stat(at)).mode & 0o777]);
        }
      }
      return real(...parameters);
    });
    syncBuiltinESMExports();
    onTestFinished(() => {
      spy.mockRestore();
      syncBuiltinESMExports();
    });
    await dotenvSource(path).write({}, [change('A', '2', 'update')], call());
    expect(copies).toEqual([['A=1\n', 0o600]]);
  });

  it('keeps that copy, and names it, where neither the new nor the former text could be written', async () => {
    const path = await file('.env', 'A=hunter2\n');
    failRename('EBUSY');
    const real = fs.promises.open;
    const spy = vi.spyOn(fs.promises, 'open').mockImplementation(async (...parameters) => {
      const opened = await real(...parameters);
      if (parameters[1] !== 'r+') return opened;
      await opened.truncate(3);
      await opened.close();
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    });
    syncBuiltinESMExports();
    const error = await errorOf(dotenvSource(path).write({}, [change('A', '2', 'update')], call()));
    spy.mockRestore();
    syncBuiltinESMExports();
    expect(error).toMatchObject({ code: 'SOURCE_WRITE_FAILED', maybeWritten: true });
    const [copy = ''] = (await readdir(directory)).filter((name) => name.endsWith('.copy'));
    expect(error.message).toContain(copy);
    expect(error.message).not.toContain('hunter2');
    expect(await textOf(join(directory, copy))).toBe('A=hunter2\n');
  });

  it('keeps the second name of a file with two', async () => {
    const path = await file('.env', 'A=1\n');
    const other = join(directory, 'other');
    await link(path, other);
    await dotenvSource(path).write({}, [change('A', '2', 'update')], call());
    expect(await textOf(other)).toBe('A=2\n');
    expect((await readdir(directory)).sort()).toEqual(['.env', 'other']);
  });

  // Only root may give files away.
  it.runIf(process.getuid?.() === 0)('keeps the owner, the group and the mode', async () => {
    const path = await file('.env', 'A=1\n');
    await chown(path, 1234, 2345);
    await chmod(path, 0o460);
    await dotenvSource(path).write({}, [change('A', '2', 'update')], call());
    expect(await stat(path)).toMatchObject({ uid: 1234, gid: 2345, mode: 0o100460 });
    expect(await textOf(path)).toBe('A=2\n');
  });

  it('refuses every key, in the plan already, where the directory cannot be written', async () => {
    const path = await file('.env', 'A=1\n');
    const spy = vi
      .spyOn(fs.promises, 'access')
      .mockRejectedValue(Object.assign(new Error('no'), { code: 'EROFS' }));
    syncBuiltinESMExports();
    onTestFinished(() => {
      spy.mockRestore();
      syncBuiltinESMExports();
    });
    const source = dotenvSource(path);
    const changes = [change('A', '2', 'update'), change('B', '3')];
    const refused = await source.checkWrite({}, changes, call());
    expect(refused.map(({ key }) => key)).toEqual(['A', 'B']);
    expect(refused[0]?.message).toMatch(/directory .* can't be written \(EROFS\)/);
    expect(await errorOf(source.write({}, changes, call()))).toMatchObject({ code: 'SOURCE_NOT_WRITABLE' });
    expect(await textOf(path)).toBe('A=1\n');
  });
});

describe('dotenvSource, when it watches', () => {
  /** What a read finds at once: the text, or the code of the system's error. */
  const found = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      return systemCode(error);
    }
  };

  async function watching(given: string | string[], options: DotenvOptions = {}) {
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const paths = [given].flat();
    let heard: readonly string[] = [];
    const onChange = vi.fn(() => void (heard = paths.map(found)));
    await dotenvSource(paths, { debounce: 5, ...options }).watch({}, onChange, { signal: controller.signal });
    /** Whether it has told of a change when the last of the files held this, or a read failed with that code. */
    const hasTold = (text: string) => heard.at(-1) === text;
    const tells = (text: string) => eventually(() => expect(heard.at(-1)).toBe(text));
    return { controller, onChange, hasTold, tells };
  }

  it('tells of a file that was written, replaced, removed and made again', async () => {
    const path = await file('.env', 'A=1\n');
    const { tells } = await watching(path);
    await file('.env', 'A=2\n');
    await tells('A=2\n');
    await replace('.env', 'A=3\n');
    await tells('A=3\n');
    await file('.env', 'A=4\n');
    await tells('A=4\n');
    await rm(path);
    await tells('ENOENT');
    await file('.env', 'A=5\n');
    await tells('A=5\n');
    await dotenvSource(path).write({}, [change('A', '6', 'update')], call());
    await tells('A=6\n');
  });

  it('says nothing of other files in the directory', async () => {
    const path = await file('.env', 'A=1\n');
    const { onChange, tells } = await watching(path);
    for (const name of ['other', '.env.local', '.env~']) await file(name, 'x');
    await replace('.env', 'A=2\n');
    await tells('A=2\n');
    expect(onChange).toHaveBeenCalledTimes(1);
  });

  it('watches all files, also one that is not there yet', async () => {
    const paths = [await file('.env', 'A=1\n'), join(directory, '.env.local')];
    const { onChange, tells } = await watching(paths);
    await replace('.env.local', 'A=2\n');
    await tells('A=2\n');
    expect(onChange).toHaveBeenCalledTimes(1);
    await replace('.env', 'A=3\n');
    await eventually(() => expect(onChange).toHaveBeenCalledTimes(2));
  });

  it('sees through a symbolic link', async () => {
    await mkdir(join(directory, 'shared'));
    const target = await file('shared/env', 'A=1\n');
    await symlink(target, join(directory, '.env'));
    const { tells } = await watching(join(directory, '.env'));
    await file('shared/env', 'A=2\n');
    await tells('A=2\n');
  });

  it('follows a symbolic link that comes to lead elsewhere', async () => {
    for (const name of ['first', 'second', 'third']) {
      await mkdir(join(directory, name));
      await file(`${name}/env`, `FROM=${name}\n`);
    }
    const link = join(directory, '.env');
    await symlink(join('first', 'env'), link);
    const { onChange, tells } = await watching(link);
    for (const name of ['second', 'third']) {
      await symlink(join(name, 'env'), `${link}.new`);
      await rename(`${link}.new`, link);
      await tells(`FROM=${name}\n`);
      await replace(`${name}/env`, `FROM=${name} edited\n`);
      await tells(`FROM=${name} edited\n`);
    }
    await file('first/env', 'FROM=nobody\n');
    await replace('third/env', 'FROM=the last\n');
    await tells('FROM=the last\n');
    expect(onChange).toHaveBeenCalledTimes(5);
  });

  it('follows links to directories that are led elsewhere, as a deployment does', async () => {
    for (const name of ['1', '2']) {
      await mkdir(join(directory, 'releases', name), { recursive: true });
      await file(`releases/${name}/.env`, `RELEASE=${name}\n`);
    }
    const current = join(directory, 'current');
    await symlink(join('releases', '1'), current);
    const { tells } = await watching(join(current, '.env'));
    await symlink(join('releases', '2'), `${current}.new`);
    await rename(`${current}.new`, current);
    await tells('RELEASE=2\n');
    await file('releases/2/.env', 'RELEASE=2 edited\n');
    await tells('RELEASE=2 edited\n');
  });

  it('goes on when its directory is moved away and made anew', async () => {
    const [place, old] = [join(directory, 'app'), join(directory, 'old')];
    await mkdir(place);
    const path = await file('app/.env', 'A=1\n');
    const { tells } = await watching(path);
    await rename(place, old);
    await mkdir(place);
    await file('app/.env', 'A=2\n');
    await tells('A=2\n');
    await file('app/.env', 'A=3\n');
    await tells('A=3\n');
  });

  it('goes on when its directory, and the one above, are removed and come back later', async () => {
    const place = join(directory, 'srv', 'app');
    await mkdir(place, { recursive: true });
    const path = await file('srv/app/.env', 'A=1\n');
    const { tells } = await watching(path);
    await rm(join(directory, 'srv'), { recursive: true });
    await tells('ENOENT');
    await mkdir(place, { recursive: true });
    await file('srv/app/.env', 'A=2\n');
    await tells('A=2\n');
    await file('srv/app/.env', 'A=3\n');
    await tells('A=3\n');
  });

  it('survives links that lead in a circle, and goes on when they no longer do', async () => {
    const path = await file('.env', 'A=1\n');
    const { tells } = await watching(path);
    await rm(path);
    await symlink('.env', path);
    await tells('ELOOP');
    await rm(path);
    await file('.env', 'A=2\n');
    await tells('A=2\n');
  });

  it('looks every two seconds at what it cannot watch at present', async () => {
    await mkdir(join(directory, 'full'));
    await file('full/env', 'A=2\n');
    const path = await file('.env', 'A=1\n');
    const clock = createVirtualClock();
    const { onChange, hasTold } = await watching(path, { clock });
    const real = fs.watch;
    const watched: string[] = [];
    let isFull = true;
    const watch = vi.spyOn(fs, 'watch').mockImplementation((...given) => {
      if (isFull) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      watched.push(basename(String(given[0])));
      return Reflect.apply(real, fs, given);
    });
    syncBuiltinESMExports();
    onTestFinished(() => {
      watch.mockRestore();
      syncBuiltinESMExports();
    });
    expect(fs.watch).not.toBe(real);
    /** Lets pass what it sleeps, one sleep after the other, until this is so. */
    const until = (isReached: () => boolean) =>
      eventually(async () => {
        if (!isReached() && clock.sleepers > 0) await clock.advance(clock.slept.at(-1) ?? 0);
        expect(isReached()).toBe(true);
      });
    const isSleepingLong = () => clock.sleepers === 1 && clock.slept.at(-1) === 2_000;

    await symlink(join('full', 'env'), `${path}.new`);
    await rename(`${path}.new`, path);
    await until(() => hasTold('A=2\n'));
    await until(isSleepingLong);
    const start = clock.now();
    await file('full/env', 'A=3\n');
    await until(() => hasTold('A=3\n'));
    expect(clock.now() - start).toBe(2_000 + 5);
    expect(watched).toEqual([]);
    isFull = false;
    await until(() => watched.includes('full'));
    const begun = clock.slept.length;
    await replace('full/env', 'A=4\n');
    await until(() => hasTold('A=4\n'));
    expect(clock.slept.slice(begun)).not.toContain(2_000);
    expect(onChange).toHaveBeenCalledTimes(3);
  });

  it('holds nothing open after the abort, wherever it has followed its paths to', async () => {
    const held = () => process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap').length;
    // Those of the tests before are closed in a moment.
    await eventually(() => expect(held()).toBe(0));
    await mkdir(join(directory, 'elsewhere'));
    await file('elsewhere/env', 'A=2\n');
    const path = await file('.env', 'A=1\n');
    const { controller, tells } = await watching(path);
    await rm(path);
    await symlink(join('elsewhere', 'env'), path);
    await tells('A=2\n');
    await eventually(() => expect(held()).toBe(2));
    controller.abort();
    await eventually(() => expect(held()).toBe(0));
  });

  it('stops at the abort', async () => {
    const path = await file('.env', 'A=1\n');
    const stopped = await watching(path);
    const { tells } = await watching(path);
    stopped.controller.abort();
    await file('.env', 'A=2\n');
    await tells('A=2\n');
    expect(stopped.onChange).not.toHaveBeenCalled();
    await dotenvSource(path).watch({}, stopped.onChange, { signal: AbortSignal.abort() });
  });

  it('fails where there is no directory to watch', async () => {
    const path = join(directory, 'nowhere', '.env');
    const error = await errorOf(dotenvSource(path).watch({}, () => undefined, call()));
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED' });
    expect(error.message).toMatch(/nowhere".*ENOENT/);
  });
});
