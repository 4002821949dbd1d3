import { existsSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import {
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEntries } from '../../../src/stores/entries.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { currentOwner } from '../../../src/stores/file/lock-owner.js';
import { memorySource } from '../../../src/sources/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createEngine, memoryDefinition } from '../../support/engine.js';

const SOME_GIB = 3 * 1024 ** 3;

let parent: string;
let root: string;
const faults = vi.hoisted(() => ({ link: false, write: false }));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  const errno = (code: string) => Object.assign(new Error(code), { code, syscall: 'x' });
  return {
    ...real,
    /** A network file system that makes a link, loses its response, and refuses it when it is asked again. */
    link: async (...given: Parameters<typeof real.link>) => {
      await real.link(...given);
      if (faults.link) throw errno('EEXIST');
    },
    /** A disk that takes the name of a file, and none of its content. */
    open: async (...given: Parameters<typeof real.open>) => {
      const file = await real.open(...given);
      if (faults.write && given[1] === 'wx') file.writeFile = () => Promise.reject(errno('ENOSPC'));
      return file;
    },
  };
});

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'file-store-'));
  root = join(parent, 'state');
  await mkdir(join(root, 'places'), { recursive: true });
});
afterEach(async () => {
  faults.link = false;
  faults.write = false;
  vi.restoreAllMocks();
  await rm(parent, { recursive: true, force: true });
});

const inRoot = (name: string) => join(root, 'places', name);
const put = (lockWait = 0) => fileStore(root, { lockWait }).put('places/a', 1, { ifVersion: null });
const names = async (folder = join(root, 'places')) => (await readdir(folder)).sort();
const dead = { ...currentOwner('x'), pid: 2 ** 22 + 1 };
const minuteOld = async (path: string, ms = -60_000) => {
  const when = new Date(Date.now() + ms);
  await utimes(path, when, when);
};

describe('a lock file that was crafted', () => {
  it('names no file outside the store by its token', async () => {
    await writeFile(inRoot('a.json.lock'), JSON.stringify({ ...dead, token: '../../outside' }));
    await expect(put()).rejects.toMatchObject({ code: 'STATE_NOT_SAVED', retryable: true });
    await minuteOld(inRoot('a.json.lock'));
    await put();
    expect(await names()).toEqual(['a.json']);
    expect(await names(parent)).toEqual(['state']);
  });

  it('that leads in a circle of dead owners ends in an error, and leaves nothing behind', async () => {
    for (const [name, token] of [
      ['a.json', 'one'],
      ['one', 'two'],
      ['two', 'one'],
    ] as const)
      await writeFile(inRoot(`${name}.lock`), JSON.stringify({ ...dead, token }));
    await expect(put()).rejects.toMatchObject({ code: 'STATE_NOT_SAVED', retryable: true });
    expect(await names()).toEqual(['a.json.lock', 'one.lock', 'two.lock']);
  });

  it.each([
    ['empty', (path: string) => writeFile(path, '')],
    ['larger than the memory', (path: string) => writeFile(path, '').then(() => truncate(path, SOME_GIB))],
  ])('that is %s, and from the future, ends by being watched for its length', async (_title, make) => {
    await make(inRoot('a.json.lock'));
    await minuteOld(inRoot('a.json.lock'), 3_600_000);
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    await expect(put()).rejects.toMatchObject({ code: 'STATE_NOT_SAVED' });
    now = 30_000;
    await expect(put()).rejects.toMatchObject({ code: 'STATE_NOT_SAVED' });
    now = 30_001;
    await put();
    expect(await names()).toEqual(['a.json']);
  });

  it('is a directory: an error with the code of the system', async () => {
    await mkdir(inRoot('a.json.lock'));
    await expect(put()).rejects.toMatchObject({ code: 'STATE_NOT_SAVED' });
    expect(await names()).toEqual(['a.json.lock']);
  });
});

describe('a file system that lies or is full', () => {
  it('may refuse the link that it has just made', async () => {
    faults.link = true;
    await put();
    expect(await names()).toEqual(['a.json']);
  });

  it('leaves no file behind that it had no room for', async () => {
    faults.write = true;
    const error: unknown = await put().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'STATE_NOT_SAVED' });
    expect(String(error)).toContain('ENOSPC');
    expect(await names()).toEqual([]);
  });
});

describe('a document that cannot be read', () => {
  it('is refused unread when it is larger than any document is', async () => {
    await writeFile(inRoot('a.json'), '{');
    await truncate(inRoot('a.json'), SOME_GIB);
    const error: unknown = await fileStore(root)
      .get('places/a')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'STATE_UNREADABLE', retryable: false });
    expect(String(error)).toContain('64 MiB');
  });

  it('makes no other unreadable, and is named', async () => {
    const store = fileStore(root);
    for (const key of ['places/a', 'places/b', 'places/c'])
      await store.put(key, { of: key }, { ifVersion: null });
    await writeFile(inRoot('b.json'), '');
    await expect(store.entries?.('places/')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    const { entries, damaged } = await readEntries(store, 'places/');
    expect(entries.map(({ key, document }) => [key, document])).toEqual([
      ['places/a', { of: 'places/a' }],
      ['places/c', { of: 'places/c' }],
    ]);
    expect(damaged).toMatchObject([{ key: 'places/b', error: { code: 'STATE_UNREADABLE' } }]);
  });

  it('is discarded, and no other', async () => {
    const store = fileStore(root);
    await store.discard?.('places/a');
    const { version } = await store.put('places/a', 1, { ifVersion: null });
    await expect(store.discard?.('places/a')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await writeFile(inRoot('a.json'), '{"formatVersion":1,');
    await expect(store.put('places/a', 2, { ifVersion: version })).rejects.toMatchObject({
      code: 'STATE_UNREADABLE',
    });
    await store.discard?.('places/a');
    expect(await store.get('places/a')).toBeUndefined();
    expect(await names()).toEqual([]);
  });

  it('is not followed where it is a link, also when it is discarded', async () => {
    const target = join(parent, 'target.json');
    await writeFile(target, 'kept');
    await symlink(target, inRoot('a.json'));
    await fileStore(root).discard?.('places/a');
    expect(await names()).toEqual([]);
    expect(existsSync(target)).toBe(true);
  });
});

describe('a directory that was swapped for a link', () => {
  it('takes no directory, lock or document for the store', async () => {
    const outside = join(parent, 'outside');
    await mkdir(outside);
    await symlink(outside, join(root, 'syncs'));
    const store = fileStore(root);
    await expect(store.put('syncs/deep/a', 1, { ifVersion: null })).rejects.toMatchObject({
      code: 'STATE_UNREADABLE',
    });
    await expect(store.put('syncs/a', 1, { ifVersion: null })).rejects.toMatchObject({
      code: 'STATE_UNREADABLE',
    });
    await expect(store.entries?.('syncs/')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    expect(await names(outside)).toEqual([]);
  });

  it('is noticed after it was used', async () => {
    const store = fileStore(root);
    const { version } = await store.put('places/a', 1, { ifVersion: null });
    await rename(join(root, 'places'), join(parent, 'moved'));
    await symlink(join(parent, 'moved'), join(root, 'places'));
    await expect(store.put('places/a', 2, { ifVersion: version })).rejects.toMatchObject({
      code: 'STATE_UNREADABLE',
    });
    await expect(store.delete('places/a', { ifVersion: version })).rejects.toMatchObject({
      code: 'STATE_UNREADABLE',
    });
    expect(await names(join(parent, 'moved'))).toEqual(['a.json']);
  });
});

describe('the age of a document', () => {
  it('is told once something was written or refused, and reading writes nothing', async () => {
    await put();
    const reader = fileStore(root);
    expect((await reader.get('places/a'))?.age).toBeUndefined();
    expect(await names()).toEqual(['a.json']);
    await expect(reader.put('places/a', 2, { ifVersion: null })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    expect((await reader.get('places/a'))?.age).toBeGreaterThanOrEqual(0);
    expect(await names()).toEqual(['a.json']);
  });

  it.each([3_600_000, -3_600_000])('is not of the clock of this machine (%d ms off)', async (offset) => {
    const store = fileStore(root);
    await store.put('places/a', 1, { ifVersion: null });
    await minuteOld(inRoot('a.json'));
    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + offset);
    const age = (await store.get('places/a'))?.age ?? 0;
    expect(age).toBeGreaterThanOrEqual(59_000);
    expect(age).toBeLessThan(600_000);
  });

  it('is none of less than 0', async () => {
    const store = fileStore(root);
    await store.put('places/a', 1, { ifVersion: null });
    await minuteOld(inRoot('a.json'), 3_600_000);
    expect((await store.get('places/a'))?.age).toBe(0);
  });
});

describe('a sync on a hostile file store', () => {
  const outside = () => join(parent, 'outside');
  /** The document of the only place. */
  const document = async () => inRoot((await names()).find((name) => name.endsWith('.json')) ?? '');

  it.each<[string, string, () => Promise<() => unknown>]>([
    [
      'the lock is a directory',
      'STATE_NOT_SAVED',
      async () => {
        const lock = `${await document()}.lock`;
        await mkdir(lock);
        return () => rm(lock, { recursive: true });
      },
    ],
    [
      'the lock names files outside by its token',
      'STATE_NOT_SAVED',
      async () => {
        const lock = `${await document()}.lock`;
        await writeFile(lock, JSON.stringify({ ...dead, token: '../../outside' }));
        return () => rm(lock);
      },
    ],
    [
      'the disk is full, and takes no lease',
      'STATE_UNREADABLE',
      async () => {
        faults.write = true;
        return () => (faults.write = false);
      },
    ],
    [
      'the document is larger than the memory',
      'STATE_UNREADABLE',
      async () => {
        const [path, kept] = [await document(), outside()];
        await rename(path, kept);
        await writeFile(path, '{');
        await truncate(path, SOME_GIB);
        return () => rename(kept, path);
      },
    ],
    [
      'the document is a link',
      'STATE_UNREADABLE',
      async () => {
        const [path, kept] = [await document(), outside()];
        await rename(path, kept);
        await symlink(kept, path);
        return () => rename(kept, path);
      },
    ],
    [
      'its directory was swapped for a link',
      'STATE_UNREADABLE',
      async () => {
        await rename(join(root, 'places'), outside());
        await symlink(outside(), join(root, 'places'));
        return async () => {
          await rm(join(root, 'places'));
          await rename(outside(), join(root, 'places'));
        };
      },
    ],
  ])(
    'fails where %s, writes nothing outside the store, and works once it is repaired',
    async (_title, code, damage) => {
      const destination = memoryDestination({ readable: false });
      const source = memorySource({ A: '1' });
      const store = fileStore(root, { lockWait: 0 });
      const { engine } = createEngine({ source, store, drivers: [destination] });
      await engine.sync(memoryDefinition());
      const before = await names();
      const repair = await damage();
      const kept = existsSync(outside()) ? await stat(outside()) : undefined;
      const hostile = await names();

      source.set('A', 'changed');
      source.set('B', '2');
      await expect(engine.sync(memoryDefinition())).rejects.toMatchObject({ code });
      // What can't be saved after the writes was begun in a document of its own.
      const isWritten = code === 'STATE_NOT_SAVED';
      expect(Object.fromEntries(destination.values())).toEqual(
        isWritten ? { A: 'changed', B: '2' } : { A: '1' },
      );
      expect(await names()).toEqual(hostile);
      expect(existsSync(outside()) ? (await stat(outside())).mtimeMs : undefined).toBe(kept?.mtimeMs);

      await repair();
      expect((await engine.sync(memoryDefinition())).status).toBe('succeeded');
      expect(Object.fromEntries(destination.values())).toEqual({ A: 'changed', B: '2' });
      expect(await names()).toEqual(before);
    },
  );
});
