import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CONFORMANCE_PAGE, conformancePage } from './page.js';

// UPDATE_DOCS=1 writes it.
it('shows on its page what was checked, and against which version', async () => {
  const file = new URL(`../../${CONFORMANCE_PAGE}`, import.meta.url);
  const wanted = await conformancePage();
  if (process.env['UPDATE_DOCS'] === '1') await writeFile(file, wanted);
  else expect(await readFile(file, 'utf8')).toBe(wanted);
});
