import { format, resolveConfig } from 'prettier';
import { isSame, type ReferenceCase } from './cases.js';
import { HASURA_CLOUD_CASES } from './hasura-cloud.js';
import { QOVERY_CASES } from './qovery.js';

export const REFERENCE_PAGE = 'docs/recipes/coming-from-infisical.md';
const HEADING = '## Case by case\n';

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

function table(destination: string, cases: readonly ReferenceCase<unknown>[]): string {
  const shown = cases.map((given) => {
    const { situation, theirs, ours, why = '' } = given;
    const [fate = '', code] = ours.split(', ');
    const told = code === undefined ? fate : `${fate}, \`${code}\``;
    return row([situation, theirs, isSame(given) ? told : `**${told}**`, why]);
  });
  return [
    row([destination, "Infisical's sync", 'this library', 'why']),
    row(['---', '---', '---', '---']),
    ...shown,
  ].join('\n');
}

/** Returns the page with the section that tells what becomes of a key in each case. */
export async function withCases(page: string): Promise<string> {
  const [before = '', rest = ''] = page.split(HEADING);
  const after = /\n## [^]*$/.exec(rest)?.[0] ?? '';
  const section = `
What happens to a key in each situation that the code and tests of Infisical's own syncs cover. Each row of these tables is tested; deliberate differences are bold.

${table('at Qovery', QOVERY_CASES)}

${table('at Hasura Cloud', HASURA_CLOUD_CASES)}
`;
  const text = before + HEADING + section + after;
  return format(text, { ...(await resolveConfig(REFERENCE_PAGE)), parser: 'markdown' });
}
