import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SyncPlan } from '../../../src/contracts/plan.js';
import { hasuraCloud } from '../../../src/drivers/hasura-cloud/index.js';
import { qovery } from '../../../src/drivers/qovery/index.js';
import { memorySource } from '../../../src/sources/memory.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { createEngine, failure } from '../../support/engine.js';
import { during, holdingTime, SITES } from '../sites.js';

describe.each(SITES)('%s: a plan that cannot be trusted is refused with nothing sent', (_name, open) => {
  const rows: readonly (readonly [string, (plan: SyncPlan) => unknown, string])[] = [
    ['edited by hand', (plan) => ({ ...plan, changes: plan.changes.slice(1) }), 'edited'],
    [
      'whose key was edited',
      (plan) => ({ ...plan, changes: plan.changes.map((change) => ({ ...change, key: 'OTHER' })) }),
      'edited',
    ],
    [
      'made applicable by hand',
      (plan) => ({ ...plan, applicable: true, problems: [], warnings: [] }),
      'edited',
    ],
    ['for another place', (plan) => ({ ...plan, place: 'elsewhere' }), 'edited'],
    ['from a newer version', (plan) => ({ ...plan, formatVersion: 3 }), 'newer version'],
    ['from an older version', (plan) => ({ ...plan, formatVersion: 1 }), 'plan again'],
    ['that is none', () => ({ nothing: 'of a plan' }), 'not a plan'],
    ['that is null', () => null, 'not a plan'],
    [
      'with a __proto__ of its own',
      (plan) => JSON.parse(JSON.stringify(plan).replace('{', '{"__proto__":{"applicable":true},')) as unknown,
      'edited',
    ],
  ];

  it.each(rows)('%s', async (_title, change, word) => {
    const site = await during(open());
    const { engine } = site.engine({ source: memorySource({ A: '1', B: '2' }) });
    const plan = JSON.parse(JSON.stringify(await engine.plan(site.definition()))) as SyncPlan;
    site.emulator.clearRequests();
    const error = await failure(engine.apply(change(plan) as SyncPlan), 'PLAN_INVALID');
    expect(error.message).toContain(word);
    expect(site.emulator.requests).toEqual([]);
    expect((await engine.apply(plan)).status).toBe('succeeded');
  });

  it('for a driver that is not there', async () => {
    const site = await during(open());
    const plan = await site.engine({ source: memorySource({ A: '1' }) }).engine.plan(site.definition());
    const other = createEngine({ drivers: [site.driver.name === 'qovery' ? hasuraCloud() : qovery()] });
    const error = await failure(other.engine.apply(plan), 'PLAN_INVALID');
    expect(error.message).toContain(`"${site.driver.name === 'qovery' ? 'hasura-cloud' : 'qovery'}"`);
  });
});

describe.each(SITES)(
  '%s: a state file that cannot be used stops a sync before anything is written',
  (_name, open) => {
    it.each<[string, (text: string) => string, string]>([
      ['of a newer version', (text) => text.replaceAll('"formatVersion":1', '"formatVersion":2'), 'version'],
      ['cut in the middle', (text) => text.slice(0, text.length / 2), 'not JSON'],
      ['that is empty', () => '', 'not JSON'],
      ['that is not JSON', () => 'state: fine', 'not JSON'],
      ['that is other JSON', () => '[]', 'not a document'],
      ['with an entry that was edited', (text) => text.replace('"key":"A"', '"key":"B"'), 'altered'],
    ])('%s', async (_title, damage, word) => {
      const directory = await mkdtemp(join(tmpdir(), 'secret-sync-'));
      onTestFinished(() => rm(directory, { recursive: true, force: true }));
      const site = await during(open());
      const source = memorySource({ A: '1' });
      const { engine } = site.engine({ source, store: holdingTime(site.clock, fileStore(directory)) });
      await engine.sync(site.definition());
      const [file = ''] = await readdir(join(directory, 'places'));
      const path = join(directory, 'places', file);
      await writeFile(path, damage(await readFile(path, 'utf8')));
      source.set('A', '2');
      site.emulator.clearRequests();
      const error = await failure(engine.sync(site.definition()), 'STATE_UNREADABLE');
      expect(error.message).toContain(word);
      expect(site.emulator.requests).toEqual([]);
      expect(Object.fromEntries(site.values())).toEqual({ A: '1' });
    });
  },
);
