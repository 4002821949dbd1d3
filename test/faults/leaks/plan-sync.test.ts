import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretValue } from '../../../src/contracts/secret.js';
import type { SourceRead } from '../../../src/contracts/source.js';
import { unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';
import { planSync, type PlanSyncInput } from '../../../src/core/plan-sync.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import { anyPlanInput } from '../../support/properties/arbitraries.js';
import { propertyRuns } from '../../support/properties/property.js';

const canaries = createCanaries();
const FINGERPRINT_KEY = canaries.tokens[0]?.text ?? '';

/** Every canary under a name of its own, wrapped or not. */
const planted = (prefix: string, wrap: boolean) =>
  new Map(
    canaries.values.map(
      ({ text }, index) => [`${prefix}_${index}`, wrap ? new SecretValue(text) : text] as const,
    ),
  );

const KEY_SCHEMA = 'APP_{{secretKey}}';
const refusing = { checkKey: () => 'no', checkValue: () => 'no' };

const inputs: [string, Partial<PlanSyncInput>][] = [
  ['creates', {}],
  ['updates', { destination: planted('APP_NEW', false) }],
  ['overwrites and deletes', { destination: planted('APP_OLD', true) }],
  [
    'replaces',
    { destination: [...planted('APP_NEW', true)].map(([key, value]) => ({ key, kind: 'other', value })) },
  ],
  ['imports', { operation: 'import', destination: planted('APP_OLD', false) }],
  ['removes', { operation: 'remove', destination: planted('APP_NEW', true) }],
  ['is blocked', { capabilities: { ...unrestrictedCapabilities, ...refusing, limits: { valueBytes: 1 } } }],
  [
    'finds values too long',
    { capabilities: { ...unrestrictedCapabilities, limits: { valueBytes: 1, keys: 0 } } },
  ],
  ['has duplicates', { source: [...planted('NEW', false), ...planted('NEW', true)] }],
  ['has collisions', { capabilities: { ...unrestrictedCapabilities, canonicalKey: () => 'one' } }],
];

describe('no plan holds a value or the fingerprint key', () => {
  it.each(inputs)('when it %s', (_title, more) => {
    for (const wrap of [true, false]) {
      const plan = planSync({
        definition: {
          name: 'nightly',
          syncOptions: { keySchema: KEY_SCHEMA, initialSyncBehavior: 'import-prioritize-destination' },
        },
        source: planted('NEW', wrap),
        destination: {},
        fingerprintKey: FINGERPRINT_KEY,
        ...more,
      });
      expect(plan.changes.length + plan.imports.length).toBeGreaterThan(0);
      canaries.assertAbsent('the plan', plan);
      canaries.assertAbsent('the JSON of the plan', JSON.stringify(plan));
    }
  });

  it('nor does the error about a value that is no string', () => {
    const secrets: unknown = {
      A: canaries.values.map(({ text }) => text),
      B: { text: canaries.values[0]?.text },
    };
    const attempt = () =>
      planSync({
        definition: { name: 'nightly' },
        source: secrets as Record<string, string>,
        destination: {},
      });
    expect(attempt).toThrowError(/"A": its value is object/);
    try {
      attempt();
    } catch (error) {
      canaries.assertAbsent('the error', error);
    }
  });

  it('whatever the source, destination, state and options', () => {
    const anyCanary = fc.constantFrom(...canaries.values.map(({ text }) => text));
    const anyPlanted = anyPlanInput.chain((input) =>
      fc.array(anyCanary, { minLength: 20, maxLength: 20 }).map((texts): PlanSyncInput => {
        const next = () => texts.shift() ?? '';
        const source: SourceRead = input.source;
        const pairs = source.secrets as Iterable<readonly [string, unknown]>;
        return {
          ...input,
          source: { ...source, secrets: Array.from(pairs, ([key]) => [key, next()] as const) },
          destination: input.destination.map((entry) =>
            entry.value === undefined ? entry : { ...entry, value: next() },
          ),
        };
      }),
    );
    fc.assert(
      fc.property(anyPlanted, (input) => canaries.assertAbsent('the plan', JSON.stringify(planSync(input)))),
      propertyRuns,
    );
  });
});
