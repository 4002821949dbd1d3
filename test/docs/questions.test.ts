import { dirname, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, pageOf } from './pages.js';

const INDEX = 'docs/README.md';

/** What a newcomer asks, where the first page must lead, and what must be found there. */
const QUESTIONS: readonly (readonly [asks: RegExp, page: string, found: RegExp])[] = [
  [/without writing anything/, 'docs/guide/getting-started.md#2-plan', /A plan writes nothing/],
  [/test a plan/, 'docs/testing.md#a-plan-in-a-unit-test', /planSync\(\{/],
  [/without an account/, 'docs/testing.md#a-whole-sync-on-an-emulator', /startQoveryEmulator/],
  [
    /stop it from deleting/,
    'docs/guide/deletion-safety.md#choose-how-much-a-sync-may-delete',
    /disableSecretDeletion/,
  ],
  [/see what failed/, 'docs/reference/plan-and-result.md#result', /outcomes/],
  [/from cron/, 'docs/recipes/cron.md', /\*\/15 \* \* \* \*/],
  [/two processes/, 'docs/guide/many-machines.md', /lease/],
  [/in PostgreSQL/, 'docs/stores/postgres.md', /postgresStore\(/],
  [/undo a sync\?/, 'docs/guide/concepts.md#undo-a-sync', /put the old value back/],
  [/show progress/, 'docs/recipes/progress-bar.md', /'progress'/],
  [/plan in CI/, 'docs/guide/plans-in-ci.md', /engine\.apply\(/],
  [/behind a proxy/, 'docs/guide/networks-and-proxies.md#through-a-proxy', /ProxyAgent/],
  [/rotate the fingerprint key/, 'docs/recipes/rotating-keys.md', /previousFingerprintKey/],
  [
    /least rights/,
    'docs/guide/going-to-production.md',
    /least rights\.\*\* Hasura Cloud:.*Qovery:.*Infisical:/,
  ],
  [/over HTTP/, 'docs/guide/rest.md', /createRestHandler\(/],
  [/traces and metrics/, 'docs/guide/telemetry.md', /openTelemetry\(\)/],
  [/deploy after a sync/, 'docs/guide/deploy-afterwards.md', /redeploy: 'start'/],
  [/Infisical's own syncs/, 'docs/recipes/coming-from-infisical.md', /## Move a sync/],
  [/write a driver/, 'docs/write-your-own/driver.md', /defineDriver\(\{/],
  [/from somewhere else/, 'docs/write-your-own/source.md', /defineSource\(/],
  [/many keys/, 'docs/guide/concepts.md#cost', /one for each key/],
  [/tool of my own/, 'docs/reference/events.md', /`progress`/],
  [/log without values/, 'docs/recipes/pino.md', /pino/],
];

/** The section of a page that an anchor names; all of it without one. */
function sectionOf(path: string, anchor: string): string {
  const page = pageOf(path);
  if (anchor === '') return page.text;
  const sections = page.text.split(/^(?=#{1,3} )/m);
  const found = sections.filter((text) => anchorsOf({ path, text }).has(anchor));
  expect(found, `${path}#${anchor}`).toHaveLength(1);
  return found[0] ?? '';
}

describe('a question of a newcomer', () => {
  const rows = pageOf(INDEX)
    .text.split('\n')
    .filter((line) => line.startsWith('| '));

  it.each(QUESTIONS)('%s is settled one click from the first page, at %s', (asks, target, found) => {
    const asked = rows.filter((row) => asks.test(row.split('|')[1] ?? ''));
    expect(asked).toHaveLength(1);
    const links = [...(asked[0] ?? '').matchAll(/\]\(([^)]+)\)/g)].map(({ 1: link = '' }) =>
      posix.join(dirname(INDEX), link),
    );
    expect(links).toContain(target);
    const [path = '', anchor = ''] = target.split('#');
    expect(sectionOf(path, anchor)).toMatch(found);
  });
});
