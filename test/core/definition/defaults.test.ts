import { describe, expect, it } from 'vitest';
import { resolveSyncOptions, unrestrictedCapabilities } from '../../../src/core/definition/defaults.js';

describe('sync options', () => {
  it('have defaults', () => {
    expect(resolveSyncOptions()).toEqual({
      initialSyncBehavior: 'overwrite-destination',
      autoSyncEnabled: true,
      disableSecretDeletion: false,
      deletionScope: 'ask',
      maxDeletions: { count: 100, ratio: 0.5 },
      allowEmptySource: false,
      allowReplace: false,
      invalidKeys: 'refuse',
      deleteLeftBehind: false,
      redeploy: 'never',
    });
  });

  it('stay as they are given, the key schema trimmed, and a limit of deletions beside the default of the other', () => {
    const given = {
      initialSyncBehavior: 'import-prioritize-source',
      autoSyncEnabled: false,
      disableSecretDeletion: true,
      deletionScope: 'owned',
      allowEmptySource: true,
      allowReplace: true,
      invalidKeys: 'skip',
      deleteLeftBehind: true,
      redeploy: 'wait',
    } as const;
    const maxDeletions = { count: 0 };
    expect(resolveSyncOptions({ ...given, maxDeletions, keySchema: ' A_{{secretKey}} ' })).toEqual({
      ...given,
      maxDeletions: { count: 0, ratio: 0.5 },
      keySchema: 'A_{{secretKey}}',
    });
    expect(resolveSyncOptions({ maxDeletions: { ratio: 0 } }).maxDeletions).toEqual({ count: 100, ratio: 0 });
  });
});

describe('a destination without capabilities of its own', () => {
  it('takes every key and value, all at once, and can redeploy', () => {
    expect(unrestrictedCapabilities).toMatchObject({
      import: true,
      writes: 'batch',
      reservedWritable: true,
      followUp: { action: 'redeploy' },
    });
    const all = unrestrictedCapabilities;
    expect([all.checkKey('A'), all.checkValue('B'), all.isReserved('A')]).toEqual([
      undefined,
      undefined,
      false,
    ]);
  });
});
