import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireLock } from '../../../src/stores/file/lock.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { currentOwner, ownerLiveness, parseOwner } from '../../../src/stores/file/lock-owner.js';
import { storeConformance } from '../../../src/testing/conformance/store/index.js';
import { bundlePrograms, type Programs } from '../../support/servers/programs.js';

const SCRIPTS = ['test/stores/file/hold-lock.ts', 'test/stores/file/increment.ts'] as const;

let parent: string;
let root: string;
let programs: Programs;

beforeAll(async () => {
  programs = await bundlePrograms(SCRIPTS);
});
afterAll(() => programs.remove());

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'file-store-'));
  root = join(parent, 'state');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const run = (script: (typeof SCRIPTS)[number], ...args: string[]) =>
  spawn(process.execPath, [programs.fileOf(script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
const all = async () => (existsSync(root) ? (await readdir(root, { recursive: true })).sort() : []);
const file = () => join(root, 'places', 'a.json');
const put = (value: number, options: { lockWait?: number } = {}) =>
  fileStore(root, options).put('places/a', value, { ifVersion: null });

storeConformance(
  { name: 'fileStore', create: () => fileStore(root), reopen: () => fileStore(root) },
  { describe, it },
);

describe('fileStore', () => {
  it('creates nothing before the first put, not even when it reads, lists or is refused', async () => {
    const store = fileStore(root);
    await store.get('places/a');
    await store.list('');
    await expect(store.put('places/a', 1, { ifVersion: 'x' })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    await expect(store.delete('places/a', { ifVersion: 'x' })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    expect(existsSync(root)).toBe(false);
  });

  it('leaves one file a document, and neither lock nor temporary file', async () => {
    await put(1);
    expect(await all()).toEqual(['places', join('places', 'a.json')]);
  });

  it('flushes what it puts and deletes, except where the caller can do without', async () => {
    await put(1);
    const file = await open(join(root, 'places', 'a.json'));
    const handles = Object.getPrototypeOf(file) as typeof file;
    const sync = vi.spyOn(handles, 'sync');
    let fail: (error: Error) => void = () => undefined;
    const datasync = vi.spyOn(handles, 'datasync').mockReturnValue(
      new Promise((_resolve, reject) => {
        fail = reject;
      }),
    );
    await file.close();
    const store = fileStore(root);
    const flushes = async (work: () => Promise<unknown>) => {
      sync.mockClear();
      await work();
      return sync.mock.calls.length;
    };
    try {
      let version: string | null = null;
      const write = async (options: { readonly flush?: boolean; readonly intact?: boolean }) => {
        ({ version } = await store.put('places/b', 1, { ifVersion: version, ...options }));
      };
      // The file and its directory; a document that is whole after a power cut, be it the old one; a lease.
      expect(await flushes(() => write({}))).toBe(2);
      expect(await flushes(() => write({ flush: false }))).toBe(1);
      expect(await flushes(() => write({ flush: false, intact: false }))).toBe(0);
      // The lease is flushed all the same, but nobody waits for it, and nobody hears that it failed.
      expect(datasync).toHaveBeenCalledTimes(1);
      fail(new Error('EIO'));
      const remove = (flush: boolean) => store.delete('places/b', { ifVersion: version ?? '', flush });
      expect(await flushes(() => remove(false))).toBe(0);
      version = null;
      await write({});
      expect(await flushes(() => remove(true))).toBe(1);
    } finally {
      sync.mockRestore();
      datasync.mockRestore();
    }
  });

  it('makes files for their owner only, also where an old one was open to others', async () => {
    const { version } = await put(1);
    await chmod(file(), 0o644);
    await fileStore(root).put('places/a', 2, { ifVersion: version });
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'places'))).mode & 0o777).toBe(0o700);
    expect((await stat(root)).mode & 0o777).toBe(0o700);
  });

  it.each(['', '../a', 'a/../../b', '/a', 'a\\b', 'A', 'a.json', 'a\0'])(
    'refuses %j as a key',
    async (key) => {
      const store = fileStore(root);
      await expect(store.get(key)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
      await expect(store.put(key, 1, { ifVersion: null })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
      expect(existsSync(root)).toBe(false);
    },
  );

  it('refuses an empty directory name and a negative wait', () => {
    expect(() => fileStore('')).toThrow(/directory/);
    expect(() => fileStore(root, { lockWait: -1 })).toThrow(/lockWait/);
    expect(() => fileStore(root, { lockWait: Number.NaN })).toThrow(/lockWait/);
  });

  it.each([
    ['not JSON', 'hunter2'],
    ['cut off', '{"formatVersion":1,"version":"v","document":{"hunter2":'],
    ['empty', ''],
    ['no envelope', '["hunter2"]'],
    ['without a document', '{"formatVersion":1,"version":"v"}'],
    ['without a version', '{"formatVersion":1,"document":"hunter2"}'],
    ['of a newer format', '{"formatVersion":2,"version":"v","document":"hunter2"}'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])(
    'calls a file that is %s unreadable, naming it, never quoting it, and never replaces it',
    async (_, text) => {
      await put(1);
      await writeFile(file(), text);
      const store = fileStore(root);
      for (const attempt of [
        () => store.get('places/a'),
        () => store.put('places/a', 2, { ifVersion: null }),
        () => store.delete('places/a', { ifVersion: 'v' }),
      ]) {
        const error: unknown = await attempt().catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: 'STATE_UNREADABLE' });
        expect(String(error)).toContain('a.json');
        expect(String(error)).not.toContain('hunter2');
      }
      expect(await readFile(file())).toEqual(Buffer.from(text));
      expect(await store.list('')).toEqual(['places/a']);
    },
  );

  it('calls a directory in place of a document unreadable', async () => {
    await mkdir(file(), { recursive: true });
    await expect(fileStore(root).get('places/a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
  });

  it('refuses a document that is a symbolic link, and writes nothing through it', async () => {
    await put(1);
    const elsewhere = join(parent, 'elsewhere.json');
    await writeFile(elsewhere, await readFile(file()));
    await rm(file());
    await symlink(elsewhere, file());
    const store = fileStore(root);
    await expect(store.get('places/a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    await expect(store.put('places/a', 2, { ifVersion: null })).rejects.toMatchObject({
      code: 'STATE_UNREADABLE',
    });
    expect(await readFile(elsewhere, 'utf8')).toContain('"document":1');
  });

  it.each([
    ['empty', ''],
    ['absent', undefined],
    ['an object', { directory: 'state' }],
  ])('refuses a directory that is %s', (_title, directory) => {
    const make = (): unknown => Reflect.apply(fileStore, undefined, [directory]);
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it('refuses a directory, or one below it, that is a symbolic link or a file', async () => {
    const elsewhere = join(parent, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, root);
    await expect(put(1)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await rm(root);
    await mkdir(root);
    await symlink(elsewhere, join(root, 'places'));
    await expect(put(1)).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    await expect(fileStore(root).get('places/a')).rejects.toMatchObject({ code: 'STATE_UNREADABLE' });
    await rm(root, { recursive: true });
    await writeFile(root, '');
    await expect(put(1)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it('writes no temporary file through a symbolic link', async () => {
    const elsewhere = join(parent, 'elsewhere');
    await mkdir(join(root, 'places'), { recursive: true });
    await writeFile(elsewhere, 'mine');
    await symlink(elsewhere, `${file()}.tmp`);
    await put(1);
    expect(await readFile(elsewhere, 'utf8')).toBe('mine');
    expect(await all()).toEqual(['places', join('places', 'a.json')]);
  });

  it('ignores a temporary file that a crash left, and replaces it with the next write', async () => {
    const { version } = await put(1);
    await writeFile(`${file()}.tmp`, '{"formatVersion":1,"version":"torn","docu');
    const store = fileStore(root);
    expect(await store.get('places/a')).toEqual({ document: 1, version });
    expect(await store.list('')).toEqual(['places/a']);
    await store.put('places/a', 2, { ifVersion: version });
    expect(await all()).toEqual(['places', join('places', 'a.json')]);
  });

  it('says which code the system gave when a document cannot be written, and leaves nothing behind', async () => {
    await mkdir(join(root, 'places', 'a.json.tmp', 'in-the-way'), { recursive: true });
    const error: unknown = await put(1).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'STATE_NOT_SAVED', retryable: false });
    expect(String(error)).toMatch(/a\.json" could not be written \(E[A-Z]+\)/);
    expect(await readdir(join(root, 'places'))).toEqual(['a.json.tmp']);
  });
});

describe('the lock of a document', () => {
  const lockPath = () => `${file()}.lock`;
  const leave = async (text: string, ageMs = 0) => {
    await mkdir(join(root, 'places'), { recursive: true });
    await writeFile(lockPath(), text);
    const when = new Date(Date.now() - ageMs);
    await utimes(lockPath(), when, when);
  };
  const owner = currentOwner('token-of-another');

  it('makes a writer wait, then fail so that trying again helps, while its owner runs', async () => {
    await mkdir(join(root, 'places'), { recursive: true });
    const lock = await acquireLock(lockPath(), Date.now());
    const error: unknown = await put(1, { lockWait: 0 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'STATE_NOT_SAVED', retryable: true });
    expect(String(error)).toContain(`process ${process.pid}`);
    const waiting = put(1);
    await lock.release();
    await waiting;
    expect(await all()).toEqual(['places', join('places', 'a.json')]);
  });

  it('is never taken from a process that runs, however old it is', async () => {
    await leave(JSON.stringify(owner), 3_600_000);
    const isKnown = owner.started !== undefined;
    const attempt = put(1, { lockWait: 0 });
    if (isKnown) await expect(attempt).rejects.toMatchObject({ code: 'STATE_NOT_SAVED' });
    else await attempt;
  });

  it('is cleared away when its owner was killed, and so is all that the owner left', async () => {
    await mkdir(join(root, 'places'), { recursive: true });
    const holder = run('test/stores/file/hold-lock.ts', lockPath());
    await once(holder.stdout, 'data');
    await link(lockPath(), join(root, 'places', 'left-behind.claim'));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await put(1);
    expect(await all()).toEqual(['places', join('places', 'a.json')]);
  });

  it('is cleared away by exactly one of many that find its owner dead', async () => {
    await leave(JSON.stringify({ ...owner, pid: 2 ** 22 + 1 }));
    const ends = await Promise.allSettled(Array.from({ length: 8 }, (_, value) => put(value)));
    expect(ends.filter((end) => end.status === 'fulfilled')).toHaveLength(1);
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await all()).toEqual(['places', join('places', 'a.json')]);
  });

  it('is cleared away even when the process that cleared it before was killed at that too', async () => {
    const dead = { ...owner, pid: 2 ** 22 + 1 };
    await leave(JSON.stringify({ ...dead, token: 'first' }));
    await writeFile(join(root, 'places', 'first.lock'), JSON.stringify({ ...dead, token: 'second' }));
    await writeFile(join(root, 'places', 'second.lock'), JSON.stringify({ ...dead, token: 'third' }));
    await put(1);
    expect(await all()).toEqual(['places', join('places', 'a.json')]);
  });

  it.each([
    ['of another machine', JSON.stringify({ ...owner, realm: 'elsewhere' })],
    ['that a power cut emptied', ''],
    ['that names no owner', '{"pid":"1"}'],
  ])('%s is waited for while it is young, and cleared away once it is old', async (_, text) => {
    await leave(text);
    await expect(put(1, { lockWait: 0 })).rejects.toMatchObject({ code: 'STATE_NOT_SAVED', retryable: true });
    await leave(text, 60_000);
    await put(1);
    expect(await all()).toEqual(['places', join('places', 'a.json')]);
  });

  it('is not released by an owner from whom it was taken', async () => {
    await mkdir(join(root, 'places'), { recursive: true });
    const lock = await acquireLock(lockPath(), Date.now());
    await leave(JSON.stringify(owner));
    expect(await lock.isHeld()).toBe(false);
    await lock.release();
    expect(existsSync(lockPath())).toBe(true);
  });

  it('tells a process from another one that got its id later', () => {
    expect(ownerLiveness({ ...owner, pid: 2 ** 22 + 1 })).toBe('dead');
    expect(ownerLiveness({ ...owner, realm: 'elsewhere' })).toBe('unknown');
    const { started, ...unknownStart } = owner;
    expect(ownerLiveness(unknownStart)).toBe('unknown');
    expect(ownerLiveness(owner)).toBe(started === undefined ? 'unknown' : 'alive');
    if (started !== undefined) expect(ownerLiveness({ ...owner, started: `${started}0` })).toBe('dead');
    expect(parseOwner(JSON.stringify(owner))).toEqual(owner);
    expect(parseOwner('null')).toBeUndefined();
  });

  it('of a process that is killed at any moment costs no write that it had reported', async () => {
    for (const lines of [1, 3, 8, 20]) {
      const before = (await fileStore(root).get('counter'))?.document ?? 0;
      const child = run('test/stores/file/increment.ts', root, '1000000');
      const isGone = once(child, 'exit');
      let output = '';
      for await (const chunk of child.stdout.setEncoding('utf8')) {
        output += String(chunk);
        if (output.split('\n').length > lines) child.kill('SIGKILL');
      }
      // Its output ends before it does, and for as long as it counts as running, what it left is its own.
      await isGone;
      // A claim into which it had not yet written its name could be anybody's, until it is old.
      const old = new Date(Date.now() - 60_000);
      for (const name of await all()) if (name.endsWith('.claim')) await utimes(join(root, name), old, old);
      const reported = output.split('\n').slice(0, -1).map(Number);
      expect(reported[0]).toBe(Number(before) + 1);
      const store = fileStore(root);
      const found = await store.get('counter');
      expect(Number(found?.document)).toBeGreaterThanOrEqual(Number(reported.at(-1)));
      await store.put('counter', Number(found?.document), { ifVersion: found?.version ?? null });
      expect(await all()).toEqual(['counter.json']);
    }
  });

  it('lets processes that write at once lose nothing of each other', async () => {
    const times = 40;
    const processes = [1, 2, 3].map(() => run('test/stores/file/increment.ts', root, String(times)));
    for (const child of processes) child.stdout.resume();
    const codes = await Promise.all(
      processes.map(async (child) => ((await once(child, 'exit')) as [number])[0]),
    );
    expect(codes).toEqual([0, 0, 0]);
    expect((await fileStore(root).get('counter'))?.document).toBe(3 * times);
    expect(await all()).toEqual(['counter.json']);
  });
});
