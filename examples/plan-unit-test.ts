// A unit test of a plan: plain data in, a plan out. No engine, network or async; use it with any test runner.
import assert from 'node:assert/strict';
import { explain, planSync } from 'secret-sync-engine';
import { qovery } from 'secret-sync-engine/drivers/qovery';

const definition = { name: 'nightly', syncOptions: { keySchema: 'APP_{{secretKey}}' } };

const plan = planSync({
  definition,
  source: { API_KEY: 'new', REGION: 'eu' },
  destination: { APP_API_KEY: 'old', APP_REGION: 'eu', APP_LEGACY: 'x', GRAFANA_URL: 'of another team' },
});

assert.deepEqual(
  plan.changes.map(({ key, action }) => [key, action]),
  [
    ['APP_API_KEY', 'update'],
    ['APP_LEGACY', 'delete'],
    ['APP_REGION', 'unchanged'],
    ['GRAFANA_URL', 'keep'],
  ],
);
assert.equal(explain(plan, 'GRAFANA_URL'), '"GRAFANA_URL" is left alone: does not match the key schema.');

// What a destination can take is data too: Qovery refuses a key that starts with a digit.
const refused = planSync({
  definition: { name: 'nightly' },
  source: { '2FA_SEED': 'x' },
  destination: {},
  capabilities: qovery.capabilities({}),
});
assert.equal(refused.applicable, false);
assert.equal(refused.problems[0]?.reason, 'invalid-key');

// An empty source never empties a destination by accident.
const emptied = planSync({ definition, source: {}, destination: { APP_A: '1', APP_B: '2' } });
assert.deepEqual(
  emptied.problems.map(({ reason }) => reason),
  ['source-empty'],
);

console.log('The plans are as expected.');
