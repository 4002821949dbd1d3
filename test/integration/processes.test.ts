import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import { fileStore } from '../../src/stores/file/index.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { stoppedClock } from '../support/crash.js';
import { createEngine, FINGERPRINT_KEY, qoveryTarget, type QoveryTarget } from '../support/engine.js';
import { complaintsIn } from '../support/complaints/complaints.js';
import { bundlePrograms, type Programs } from '../support/servers/programs.js';
import type { SyncProcessInput } from './sync-process.js';

const SCRIPT = 'test/integration/sync-process.ts';
let programs: Programs;
beforeAll(async () => {
  programs = await bundlePrograms([SCRIPT]);
});
afterAll(() => programs.remove());

describe('two processes that sync one place at once', { timeout: 300_000 }, () => {
  let emulator: QoveryEmulator;
  let target: QoveryTarget;
  let directory: string;
  let dotenv: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    emulator = await startQoveryEmulator();
    target = qoveryTarget(emulator);
    directory = await mkdtemp(join(tmpdir(), 'secret-sync-'));
    dotenv = join(directory, '.env');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await emulator.close();
    await rm(directory, { recursive: true });
  });

  /** Starts one; `told` resolves when it tells an event of a type. */
  function start(name = 'nightly', clockOffset = 0) {
    const input: SyncProcessInput = {
      dotenv,
      directory: join(directory, 'state'),
      fingerprintKey: FINGERPRINT_KEY,
      accessToken: emulator.accessToken,
      instanceUrl: emulator.url,
      config: target.config,
      name,
      clockOffset,
    };
    const child = spawn(process.execPath, [programs.fileOf(SCRIPT), JSON.stringify(input)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const types: string[] = [];
    const waiting = new Map<string, () => void>();
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { type } = JSON.parse(line) as { type: string };
      types.push(type);
      waiting.get(type)?.();
    });
    let errors = '';
    child.stderr.on('data', (text) => (errors += String(text)));
    const ended = once(child, 'close').then(([code]) => ({
      code: code as number | null,
      errors: complaintsIn(errors),
    }));
    const told = (type: string) =>
      types.includes(type) ? Promise.resolve() : new Promise<void>((resolve) => waiting.set(type, resolve));
    return { child, types, ended, told };
  }

  /** Makes the lease as old as one that was not renewed for so long. */
  async function ageLease(ms: number): Promise<void> {
    const leases = join(directory, 'state', 'leases');
    const [lease = ''] = await readdir(leases);
    const then = new Date(Date.now() - ms);
    await utimes(join(leases, lease), then, then);
  }

  it.each([0, 40_000, -40_000, 3_600_000, -3_600_000])(
    'keep apart, and follow one that died, when the clock of the other differs by %d ms',
    async (offset) => {
      await writeFile(dotenv, 'A=1\n');
      let reached = (): void => undefined;
      const isReached = new Promise<void>((resolve) => (reached = resolve));
      let isHanging = true;
      emulator.setIntercept(({ method }) => {
        if (method === 'GET' || !isHanging) return undefined;
        reached();
        return 'hang-after';
      });
      const first = start('nightly', offset);
      await isReached;
      // It sees that the lease is held, whatever the time of its holder.
      const second = start();
      await second.told('lease-waiting');
      expect(second.types).toEqual(['run-started', 'lease-waiting']);
      second.child.kill('SIGKILL');
      await second.ended;
      isHanging = false;
      first.child.kill('SIGKILL');
      await first.ended;
      await ageLease(30_000);
      const third = start('nightly', -offset);
      expect(await third.ended).toEqual({ code: 0, errors: '' });
      expect(third.types).not.toContain('lease-waiting');
      expect(Object.fromEntries(target.values())).toEqual({ A: '1' });
    },
  );

  it('take turns: one waits, each key is made once, and the end is the newest source', async () => {
    await writeFile(dotenv, 'A=1\nB=2\nOLD=x\n');
    let release = (): void => undefined;
    let reached = (): void => undefined;
    const isHeld = new Promise<void>((resolve) => (reached = resolve));
    const isFree = new Promise<void>((resolve) => (release = resolve));
    emulator.setIntercept(async ({ method }) => {
      if (method === 'GET') return undefined;
      reached();
      await isFree;
      return undefined;
    });
    const first = start();
    await isHeld;
    const second = start();
    await second.told('lease-waiting');
    // The first one has read its source, the second one waits and will read it only then.
    await writeFile(dotenv, 'A=1\nB=newer\nC=3\n');
    expect(second.types).toEqual(['run-started', 'lease-waiting']);
    release();
    expect(await first.ended).toEqual({ code: 0, errors: '' });
    expect(await second.ended).toEqual({ code: 0, errors: '' });
    expect(first.types).not.toContain('lease-waiting');
    expect(Object.fromEntries(target.values())).toEqual({ A: '1', B: 'newer', C: '3' });
    expect(emulator.requests.map(({ method }) => method).sort()).toEqual([
      'DELETE',
      'GET',
      'GET',
      'POST',
      'POST',
      'POST',
      'POST',
      'PUT',
    ]);
    const { engine } = createEngine({
      source: memorySource({ A: '1', B: 'newer', C: '3' }),
      store: fileStore(join(directory, 'state')),
      drivers: [target.driver],
    });
    const { plan } = await engine.sync(target.definition({ syncOptions: { deletionScope: 'owned' } }));
    expect(plan.summary).toMatchObject({ unchanged: 3, create: 0, update: 0, delete: 0 });
  });

  it('remember all that a process began which was killed in the middle', async () => {
    await writeFile(dotenv, 'A=1\nB=2\nC=3\n');
    let writes = 0;
    let reached = (): void => undefined;
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    emulator.setIntercept(({ method }) => {
      if (method === 'GET') return undefined;
      writes += 1;
      if (writes < 3) return undefined;
      reached();
      return 'hang-after';
    });
    const doomed = start();
    await isReached;
    doomed.child.kill('SIGKILL');
    await doomed.ended;
    emulator.setIntercept(undefined);
    // A minute later, by the clock of the file system, its lease has ended, and its source has dropped what it was writing.
    await ageLease(60_000);
    const { engine } = createEngine({
      source: memorySource({ A: '1' }),
      store: fileStore(join(directory, 'state')),
      drivers: [target.driver],
      clock: stoppedClock(Date.now(), 'killed'),
    });
    await engine.sync(target.definition({ syncOptions: { deletionScope: 'owned' } }));
    expect(Object.fromEntries(target.values())).toEqual({ A: '1' });
  });
});
