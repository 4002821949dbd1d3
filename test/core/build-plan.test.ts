import { describe, expect, it } from 'vitest';
import type { SourceReadResult } from '../../src/contracts/source.js';
import { decide } from '../../src/core/build-plan.js';
import { unrestrictedCapabilities } from '../../src/core/definition/defaults.js';
import { createKeyring } from '../../src/core/fingerprint/keyring.js';
import { indexState } from '../../src/core/inputs/ownership.js';
import { sourceSnapshot } from '../../src/core/inputs/source-snapshot.js';
import { planSync } from '../../src/core/plan-sync.js';
import type { DecisionInput } from '../../src/core/situation.js';
import { inOneGo } from '../../src/shared/turns/turns.js';

const syncs = [{ syncId: 'nightly', importedAt: '2026-01-01T00:00:00.000Z' }];

function decided(
  source: SourceReadResult,
  more: Partial<DecisionInput> & { readonly redeploy?: 'start' } = {},
) {
  const { redeploy = 'never', ...input } = more;
  const syncOptions = { redeploy, initialSyncBehavior: 'import-prioritize-source' } as const;
  return inOneGo(
    decide({
      operation: 'sync',
      definition: planSync({ definition: { name: 'nightly', syncOptions }, source: {}, destination: {} })
        .definition,
      place: 'memory',
      source: sourceSnapshot(source),
      entries: [],
      ownership: indexState({ syncs }),
      capabilities: unrestrictedCapabilities,
      options: { force: false },
      keyring: createKeyring('k'.repeat(32)),
      seal: false,
      ...input,
    }),
  );
}

describe('a decision', () => {
  const blocked = { ...unrestrictedCapabilities, checkKey: () => 'use another' };

  it('is sealed where it will be compared, or cannot be applied as it is', () => {
    expect(decided({ A: '1' }).plan.preconditions).toBeUndefined();
    expect(decided({ A: '1' }, { seal: true }).plan.preconditions).toBeDefined();
    expect(decided({ A: '1' }, { capabilities: blocked }).plan.preconditions).toBeDefined();
    expect(decided({ A: '1' }, { seal: true, keyring: undefined }).plan.preconditions).toBeUndefined();
  });

  it('is about a first sync where none was done, or the run began before it was', () => {
    const entries = [{ key: 'B', value: '2' }];
    const isImporting = (more: Partial<DecisionInput>) => {
      const { plan } = decided({ A: '1' }, { entries, ...more });
      expect(plan.imports.length > 0).toBe(plan.isInitialSync);
      return plan.isInitialSync;
    };
    expect(isImporting({})).toBe(false);
    expect(isImporting({ isStillInitial: false })).toBe(false);
    expect(isImporting({ isStillInitial: true })).toBe(true);
    expect(isImporting({ ownership: indexState() })).toBe(true);
  });

  it('is followed by a redeployment where something is written, or one is due', () => {
    const after = (A: string, more: Partial<DecisionInput>) =>
      decided(
        { A, B: '1' },
        {
          redeploy: 'start',
          entries: [
            { key: 'A', value: '1' },
            { key: 'B', value: '1' },
          ],
          ...more,
        },
      ).plan.after;
    expect(after('1', {})).toBeUndefined();
    expect(after('1', { isRedeployDue: false })).toBeUndefined();
    expect(after('1', { isRedeployDue: true })).toEqual({ action: 'redeploy', wait: false });
    expect(after('2', {})).toEqual({ action: 'redeploy', wait: false });
  });

  it('says whether the source has parts, and what is certain of them', () => {
    const parts = { secrets: { A: '1' }, parts: [{ name: 'app', keys: ['A'] }] };
    expect([decided({ A: '1' }), decided(parts)].map(({ hasParts }) => hasParts)).toEqual([false, true]);
    const { isSourceCertain } = decided(parts);
    expect([isSourceCertain('app'), isSourceCertain('web'), isSourceCertain(undefined)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('of an import and a removal lists no key that both sides hold alike unless it was imported', () => {
    const entries = [{ key: 'A', value: '1' }];
    expect(decided({ A: '1' }, { entries, operation: 'import' }).alike).toHaveLength(1);
    expect(decided({ A: '1' }, { entries, operation: 'sync' }).alike).toEqual([]);
    expect(decided({ A: '1' }, { entries, operation: 'remove' }).alike).toEqual([]);
  });
});
