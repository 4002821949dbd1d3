import { closeSync, openSync, writeSync } from 'node:fs';
import { appendFile, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SecretSyncEngine } from '../../../src/engine/secret-sync-engine.js';
import { dotenvSource } from '../../../src/sources/dotenv/index.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { memoryDestination } from '../../../src/testing/memory-destination/index.js';
import { createVirtualClock, type VirtualClock } from '../../support/virtual-clock.js';
import { call, errorOf, shown } from '../infisical/support.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dotenv-moving-'));
  path = join(directory, '.env');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const FULL = 'A=1\nB=2\nC=3\n';

/** A clock on which something happens each time somebody waits, for as long as there is something left to do. */
function clockWith(steps: (() => Promise<unknown>)[]): VirtualClock {
  const clock = createVirtualClock({ auto: true });
  return {
    ...clock,
    async sleep(ms, signal) {
      await steps.shift()?.();
      await clock.sleep(ms, signal);
    },
  };
}

describe('a dotenv file that moves while it is read', () => {
  it('is read again while it is written in pieces, until it is left alone', async () => {
    await writeFile(path, '');
    const pieces = ['A=1\n', 'B=2\n', 'C=3\n'];
    const clock = clockWith(pieces.map((piece) => () => appendFile(path, piece)));
    const read = await dotenvSource(path, { clock }).read({}, call());
    expect(shown(read)).toEqual({
      secrets: [
        ['A', '1'],
        ['B', '2'],
        ['C', '3'],
      ],
    });
  });

  it('is read again when another file takes its place, or its times move and nothing else', async () => {
    await writeFile(path, 'A=1\n');
    const clock = clockWith([
      async () => {
        await writeFile(`${path}.new`, 'A=2\n');
        await rename(`${path}.new`, path);
      },
      () => utimes(path, 1, 1),
      () => writeFile(path, 'A=3\n'),
    ]);
    expect(shown(await dotenvSource(path, { clock }).read({}, call()))).toEqual({ secrets: [['A', '3']] });
  });

  it('is waited for longer when it holds less than it did in the same place', async () => {
    await writeFile(path, FULL);
    const steps: (() => Promise<unknown>)[] = [];
    const clock = clockWith(steps);
    const source = dotenvSource(path, { clock });
    await source.read({}, call());
    // What a program does that truncates the file and writes it in pieces, with pauses of seconds.
    const file = openSync(path, 'w');
    writeSync(file, 'A=1\n');
    steps.push(async () => {
      writeSync(file, FULL.slice(4));
      closeSync(file);
    });
    const before = clock.now();
    expect(shown(await source.read({}, call()))).toEqual({
      secrets: [
        ['A', '1'],
        ['B', '2'],
        ['C', '3'],
      ],
    });
    expect(clock.slept).toContain(3_000);
    expect(clock.now() - before).toBe(3_100);
  });

  it('may hold less once it was left alone for long, or at once when it was replaced', async () => {
    await writeFile(path, FULL);
    const clock = createVirtualClock({ auto: true });
    const source = dotenvSource(path, { clock });
    await source.read({}, call());
    await writeFile(path, 'A=1\n');
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['A', '1']] });
    await writeFile(path, FULL);
    await source.read({}, call());
    await writeFile(`${path}.new`, 'B=2\n');
    await rename(`${path}.new`, path);
    const sleeps = clock.slept.length;
    expect(shown(await source.read({}, call()))).toEqual({ secrets: [['B', '2']] });
    expect(clock.slept.slice(sleeps)).toEqual([100]);
  });

  it('is an error that a retry helps with when it is never left alone, and says what to do', async () => {
    await writeFile(path, '');
    const clock = createVirtualClock({ auto: true });
    const restless = {
      ...clock,
      async sleep(ms: number, signal?: AbortSignal) {
        await appendFile(path, 'A=hunter2\n');
        await clock.sleep(ms, signal);
      },
    };
    const error = await errorOf(dotenvSource(path, { clock: restless }).read({}, call()));
    expect(error).toMatchObject({ code: 'SOURCE_READ_FAILED', retryable: true });
    expect(error.message).toContain('have its writer replace it by rename, then run again');
    expect(error.message).not.toContain('hunter2');
  });

  it('is not waited for when it was left alone for long, by its own times', async () => {
    await writeFile(path, FULL);
    const clock = createVirtualClock({ start: Date.now() + 3_600_000 });
    await dotenvSource(path, { clock }).read({}, call());
    expect(clock.slept).toEqual([]);
  });

  it('is read as it is with a settle time of 0', async () => {
    await writeFile(path, FULL);
    const clock = createVirtualClock();
    await dotenvSource(path, { clock, settleTime: 0 }).read({}, call());
    expect(clock.slept).toEqual([]);
  });

  it('is no longer waited for after an abort', async () => {
    await writeFile(path, FULL);
    const controller = new AbortController();
    const reason = new Error('enough');
    const clock = clockWith([() => Promise.resolve(controller.abort(reason))]);
    await expect(dotenvSource(path, { clock }).read({}, controller)).rejects.toBe(reason);
  });

  it.each([Number.NaN, -1, Infinity, '100'])('refuses %s for a settle time', (settleTime) => {
    const problems = [{ path: 'debounce' }, { path: 'settleTime' }, { path: 'settle' }];
    try {
      Reflect.apply(dotenvSource, undefined, [path, { settleTime, debounce: -1, settle: 1 }]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_OPTION', problems });
    }
  });

  it('loses no key at the destination in a sync that meets it half-written', async () => {
    await writeFile(path, FULL);
    const steps: (() => Promise<unknown>)[] = [];
    const destination = memoryDestination();
    const engine = new SecretSyncEngine({
      source: dotenvSource(path, { clock: clockWith(steps) }),
      drivers: [destination],
      store: memoryStore(),
    });
    const definition = {
      name: 'half-written',
      destination: 'memory',
      destinationConfig: {},
      syncOptions: { keySchema: 'APP_{{secretKey}}' },
    } as const;
    await engine.sync(definition);
    await writeFile(path, FULL.slice(0, 8));
    steps.push(() => appendFile(path, FULL.slice(8)));
    const { plan } = await engine.sync(definition);
    expect(plan.summary).toMatchObject({ delete: 0, unchanged: 3 });
  });
});
