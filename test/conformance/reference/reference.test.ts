import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { isSame } from './cases.js';
import { fateAtHasuraCloud, fateAtQovery } from './fates.js';
import { HASURA_CLOUD_CASES } from './hasura-cloud.js';
import { REFERENCE_PAGE, withCases } from './page.js';
import { QOVERY_CASES } from './qovery.js';

describe('the key of a case of the reference, at Qovery', () => {
  it.each(QOVERY_CASES)('is $ours (there $theirs): $situation', async (given) => {
    expect(await fateAtQovery(given)).toBe(given.ours);
  });
});

describe('the key of a case of the reference, at Hasura Cloud', () => {
  it.each(HASURA_CLOUD_CASES)('is $ours (there $theirs): $situation', async (given) => {
    expect(await fateAtHasuraCloud(given)).toBe(given.ours);
  });
});

describe('the tables of these cases', () => {
  it('say why wherever the end differs, and nowhere else', () => {
    const cases = [...QOVERY_CASES, ...HASURA_CLOUD_CASES];
    expect(cases.filter((given) => isSame(given) === (given.why !== undefined))).toEqual([]);
  });

  // UPDATE_DOCS=1 writes them.
  it('are shown in the docs', async () => {
    const file = new URL(`../../../${REFERENCE_PAGE}`, import.meta.url);
    const page = await readFile(file, 'utf8');
    const wanted = await withCases(page);
    if (process.env['UPDATE_DOCS'] === '1') await writeFile(file, wanted);
    else expect(page).toBe(wanted);
  });
});
