import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fileStore } from '../../../src/stores/file/index.js';
import { complaintsIn } from '../../support/complaints/complaints.js';
import { bundlePrograms, type Programs } from '../../support/servers/programs.js';
import { createRandom } from '../../support/properties/random.js';
import { readSecrets } from '../file-sides.js';

const WORKER = 'test/service/auto-sync/hour-worker.ts';
let directory: string;
let programs: Programs;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secret-sync-kill-'));
  programs = await bundlePrograms([WORKER]);
});
afterAll(async () => {
  await programs.remove();
  await rm(directory, { recursive: true, force: true });
});

interface Life {
  readonly steps: number;
  /** The time of its last step. */
  readonly time: string;
  readonly isDone: boolean;
  readonly stderr: string;
}

/** Lets a process live, until it is done or has taken so many steps: then it is killed in the midst of things. */
function live(home: string, beginning: string, mostSteps: number): Promise<Life> {
  return new Promise((resolve) => {
    // It kills itself: from here that could be done only after it has gone on for a while, or was done.
    const args = [home, beginning, String(mostSteps)];
    const child = spawn(process.execPath, [programs.fileOf(WORKER), ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('close', () => {
      const lines = stdout.split('\n').slice(0, -1);
      const time = lines.findLast((line) => /^\d+$/.test(line)) ?? beginning;
      const isDone = lines.at(-1) === 'done';
      resolve({ steps: lines.length, time, isDone, stderr: complaintsIn(stderr) });
    });
  });
}

const recordSchema = z.object({
  definition: z.object({ name: z.string() }),
  version: z.number(),
  sourceDigest: z.string(),
  deletion: z.null(),
  runs: z.object({ sync: z.object({ status: z.string(), failure: z.null(), asked: z.null() }) }),
});
const placeSchema = z.object({
  place: z.string(),
  syncs: z.array(z.object({ syncId: z.string() })),
  entries: z.array(z.record(z.string(), z.string())),
});

/** All that is left of an hour, without the times and ids of its runs. */
async function stateOf(home: string) {
  const store = fileStore(join(home, 'store'));
  const documents = async <Document>(prefix: string, schema: z.ZodType<Document>) =>
    Promise.all(
      (await store.list(prefix)).map(async (key) => schema.parse((await store.get(key))?.document)),
    );
  const secrets = async (side: string) =>
    Promise.all(
      (await readdir(join(home, side)))
        .filter((name) => name.endsWith('.json'))
        .sort()
        .map(async (name) => [name, [...(await readSecrets(join(home, side, name)))]] as const),
    );
  return {
    source: await secrets('source'),
    destination: await secrets('destination'),
    records: await documents('syncs/', recordSchema),
    // A claim that a kill left unconfirmed holds all the same, since its record is there.
    names: await documents('sync-names/', z.object({ id: z.string() })),
    places: (await documents('places/', placeSchema)).map(({ syncs, ...rest }) => ({
      ...rest,
      syncs: syncs.map(({ syncId }) => syncId).sort(),
    })),
    leases: await store.list('leases/'),
  };
}

describe('a service that is killed at random moments', { timeout: 300_000 }, () => {
  it.each([1])('ends in the same state as one that is not (%i)', async (seed) => {
    const random = createRandom(seed);
    const [calm, hard] = [join(directory, `calm-${seed}`), join(directory, `hard-${seed}`)];
    const undisturbed = await live(calm, '', Infinity);
    expect(undisturbed).toMatchObject({ isDone: true, stderr: '' });

    let life: Life = { steps: 0, time: '', isDone: false, stderr: '' };
    let kills = 0;
    while (!life.isDone) {
      const most = kills < 6 ? 1 + random.below(undisturbed.steps / 4) : Infinity;
      life = await live(hard, life.time, most);
      expect(life.stderr).toBe('');
      if (!life.isDone) kills += 1;
    }
    expect(kills).toBeGreaterThanOrEqual(3);
    const [expected, found] = [await stateOf(calm), await stateOf(hard)];
    expect(found).toEqual(expected);
    expect(found.records.every(({ runs }) => runs.sync.status === 'succeeded')).toBe(true);
    expect(found.leases).toEqual([]);
    expect(new Map(found.destination).get('place-0.json')?.length).toBeGreaterThan(4);
  });
});
