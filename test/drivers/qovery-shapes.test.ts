import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { qovery, type QoveryVariableType } from '../../src/drivers/qovery/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { createEngine } from '../support/engine.js';

/**
 * A list in the shapes that the API of Qovery sends, as the tests of its official console captured them, with values of
 * our own: null where the specification forbids it, fields that it does not declare, timestamps whose trailing zeros are
 * cut, the name of what an alias stands for as its value.
 */
const SHAPES = readFileSync(new URL('../fixtures/qovery-variables.json', import.meta.url), 'utf8');
const ENVIRONMENT = '7a1d0000-0000-4000-8000-000000000999';

/**
 * The decision on each entry: where a secret of its key is wanted, where a variable is, and where neither is and
 * variables are kept. The wanted value is another than the one that is there, save for VARIABLE and EMPTY.
 */
const DECISIONS: readonly (readonly [key: string, secret: string, variable: string, unwanted: string])[] = [
  ['VARIABLE', 'replace, kind-differs', 'unchanged, value-equal', 'delete, absent-from-source'],
  ['SECRET', 'update, not-verifiable', 'blocked, kind-differs', 'keep, other-kind'],
  ['EMPTY', 'replace, kind-differs', 'unchanged, value-equal', 'delete, absent-from-source'],
  ['TRAILING_ZEROS', 'blocked, kind-differs', 'update, value-differs', 'delete, absent-from-source'],
  ['WHOLE_SECOND', 'update, not-verifiable', 'blocked, kind-differs', 'keep, other-kind'],
  ['DESCRIBED', 'blocked, kind-differs', 'update, value-differs', 'delete, absent-from-source'],
  // What has neither a type nor what an alias or override has is a plain value.
  ['WITHOUT_TYPE', 'blocked, kind-differs', 'update, value-differs', 'delete, absent-from-source'],
  // Of the project: an override is created where the kind is the same, and nothing else is possible.
  ['PROJECT_VARIABLE', 'blocked, occupied', 'create, missing', 'keep, other-scope'],
  ['PROJECT_SECRET', 'create, missing', 'blocked, occupied', 'keep, other-scope'],
  ['ALIAS', 'blocked, occupied', 'blocked, occupied', 'keep, fixed'],
  ['OVERRIDDEN', 'blocked, occupied', 'blocked, occupied', 'keep, fixed'],
  ['FILE', 'blocked, occupied', 'blocked, occupied', 'keep, fixed'],
  ['EXTERNAL', 'blocked, occupied', 'blocked, occupied', 'keep, fixed'],
  ['EXTERNAL_FILE', 'blocked, occupied', 'blocked, occupied', 'keep, fixed'],
  ['OF_DOPPLER', 'blocked, occupied', 'blocked, occupied', 'keep, fixed'],
  ['WITHOUT_OWNER', 'blocked, kind-differs', 'update, value-differs', 'delete, absent-from-source'],
  ['UNHEARD_OF', 'blocked, occupied', 'blocked, occupied', 'keep, fixed'],
  ['OF_A_SERVICE', 'create, missing', 'create, missing', 'keep, other-scope'],
  ['QOVERY_ENVIRONMENT_ID', 'blocked, reserved', 'blocked, reserved', 'keep, reserved'],
];

const { results } = JSON.parse(SHAPES) as { results: { key: string }[] };
const wanted = {
  ...Object.fromEntries(results.map(({ key }) => [key, 'wanted'])),
  VARIABLE: 'plain',
  EMPTY: '',
};

/** The decisions about an environment that holds these entries, by key. */
async function decide(source: Readonly<Record<string, string>>, variableType: QoveryVariableType) {
  const { engine } = createEngine({
    source: memorySource(source),
    drivers: [qovery({ accessToken: 'token' })],
    fetch: async () => new Response(SHAPES, { headers: { 'content-type': 'application/json' } }),
  });
  const { changes } = await engine.plan({
    name: 'shapes',
    destination: 'qovery',
    destinationConfig: { organizationId: 'o', projectId: 'p', environmentId: ENVIRONMENT, variableType },
    syncOptions: { deletionScope: 'matching', maxDeletions: { count: 100, ratio: 1 } },
  });
  return new Map(changes.map(({ key, action, reason }) => [key, `${action}, ${reason}`]));
}

describe('entries in the shapes that Qovery sends', () => {
  it('are all in the table', () => {
    expect(DECISIONS.map(([key]) => key).sort()).toEqual([...new Set(results.map(({ key }) => key))].sort());
  });

  it.each(DECISIONS)(
    '%s: %s as a secret, %s as a variable, %s where it is not wanted',
    async (key, ...row) => {
      const decisions = [
        await decide(wanted, 'secret'),
        await decide(wanted, 'variable'),
        await decide({ OTHER: 'x' }, 'variable'),
      ];
      expect(decisions.map((changes) => changes.get(key))).toEqual(row);
    },
  );
});
