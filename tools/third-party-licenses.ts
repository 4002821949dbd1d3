import { readdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Writes the licenses of packages that were bundled into one file, as those licenses ask for. */
export async function writeLicenses(packages: readonly string[], target: string): Promise<void> {
  const sections = packages.map(async (name) => {
    const folder = fileURLToPath(new URL(`../node_modules/${name}/`, import.meta.url));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} has no license file: it can't be bundled`);
    const { version } = JSON.parse(await readFile(`${folder}package.json`, 'utf8')) as { version: string };
    return `${name} ${version}\n\n${(await readFile(folder + file, 'utf8')).trim()}\n`;
  });
  const intro = 'Parts of these packages are contained in the files of this folder.\n';
  await writeFile(target, [intro, ...(await Promise.all(sections))].join(`\n${'-'.repeat(80)}\n\n`));
}
