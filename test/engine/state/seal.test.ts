import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/contracts/json.js';
import { createKeyring, ephemeralKeyring, type Keyring } from '../../../src/core/fingerprint/keyring.js';
import { seal, unseal } from '../../../src/engine/state/seal.js';
import { createSealedStore } from '../../../src/engine/state/sealed-store.js';
import { readEntries } from '../../../src/stores/entries.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { failure, FINGERPRINT_KEY, OTHER_KEY } from '../../support/engine.js';
import { inOneGo } from '../../../src/shared/turns/turns.js';

const ours = createKeyring(FINGERPRINT_KEY);
const theirs = createKeyring(OTHER_KEY);
const both = createKeyring([OTHER_KEY, FINGERPRINT_KEY]);
const none = ephemeralKeyring();
const KEY = 'syncs/nightly';
const FIELDS = { b: [1, { d: 'x', c: null }], a: 'y' };

describe('a seal', () => {
  const sealed = (keyring: Keyring) => inOneGo(seal(keyring, KEY, FIELDS));
  const { mac: _mac, keyId: _keyId, ...bare } = sealed(ours);
  it.each<[string, Keyring, JsonValue, string, boolean]>([
    ['of this engine', ours, { ...sealed(ours) }, 'valid', true],
    ['under a previous key', both, { ...sealed(ours) }, 'valid', false],
    ['under a key that it does not have', ours, { ...sealed(theirs) }, 'unknown-key', false],
    ['of an engine without a key', ours, { ...sealed(none) }, 'keyless', false],
    ['that is missing', ours, bare, 'unsealed', false],
    ['without its key id', ours, { ...bare, mac: sealed(ours).mac }, 'unsealed', false],
    ['without its MAC', ours, { ...bare, keyId: sealed(ours).keyId }, 'unsealed', false],
    ['on what is no object', ours, ['x'], 'unsealed', false],
    ['with an altered field', ours, { ...sealed(ours), a: 'z' }, 'altered', false],
    ['with a field too many', ours, { ...sealed(ours), e: 1 }, 'altered', false],
    ['with another MAC', ours, { ...sealed(ours), mac: 'x' }, 'altered', false],
    ['without a key, altered', ours, { ...sealed(none), a: 'z' }, 'altered', false],
    ['without a key, for an engine without one', none, { ...sealed(none) }, 'valid', true],
    [
      'without a key, altered, for an engine without one',
      none,
      { ...sealed(none), a: 'z' },
      'altered',
      false,
    ],
    ['under a key, for an engine without one', none, { ...sealed(ours) }, 'valid', false],
    ['that is missing, for an engine without a key', none, bare, 'valid', false],
  ])('%s is worth what it proves', (_title, keyring, stored, worth, isCurrent) => {
    expect(inOneGo(unseal(keyring, KEY, stored))).toMatchObject({ worth, isCurrent });
  });

  it('comes off without a trace, and holds whatever the order of the fields', () => {
    const { a, b, mac, keyId } = sealed(ours) as typeof FIELDS & { mac: string; keyId: string };
    expect(inOneGo(unseal(ours, KEY, { mac, a, keyId, b: [1, { c: null, d: 'x' }] }))).toEqual({
      document: FIELDS,
      worth: 'valid',
      isCurrent: true,
    });
    expect(b).toEqual(FIELDS.b);
  });

  it('says of which document it is', () => {
    expect(inOneGo(unseal(ours, 'syncs/other', { ...sealed(ours) })).worth).toBe('altered');
    expect(inOneGo(unseal(none, 'syncs/other', { ...sealed(none) })).worth).toBe('altered');
  });
});

describe('a store that seals', () => {
  const setUp = async (options: Parameters<typeof createSealedStore>[2] = {}) => {
    const inner = memoryStore();
    const foreign = createSealedStore(inner, theirs);
    await foreign.put('syncs/forged', { of: 'them' }, { ifVersion: null });
    const store = createSealedStore(inner, ours, options);
    await store.put('syncs/mine', { of: 'us' }, { ifVersion: null });
    return { inner, foreign, store };
  };

  it('gives back what was put, and refuses what proves nothing, by name and with what helps', async () => {
    const { store } = await setUp();
    expect((await store.get('syncs/mine'))?.document).toEqual({ of: 'us' });
    const error = await failure(store.get('syncs/forged'), 'STATE_UNREADABLE');
    expect(error.message).toContain('"syncs/forged"');
    expect(error.message).toContain('acceptUnverifiedState');
    expect(error.retryable).toBe(false);
    expect(await store.get('syncs/none')).toBeUndefined();
  });

  it('takes it for true where it is told to, says so, and seals it with the next put', async () => {
    const seen: string[] = [];
    const { store, inner } = await setUp({
      acceptUnverifiedState: true,
      onUnverified: (key) => seen.push(key),
    });
    const found = await store.get('syncs/forged');
    expect(found?.document).toEqual({ of: 'them' });
    expect(seen).toEqual(['syncs/forged']);
    await store.put('syncs/forged', { of: 'us' }, { ifVersion: found?.version ?? null });
    expect((await createSealedStore(inner, ours).get('syncs/forged'))?.document).toEqual({ of: 'us' });
  });

  it('never takes what was altered for true', async () => {
    const { store, inner } = await setUp({ acceptUnverifiedState: true });
    const found = await inner.get('syncs/mine');
    const altered = { ...(found?.document as Record<string, JsonValue>), of: 'me' };
    await inner.put('syncs/mine', altered, { ifVersion: found?.version ?? null });
    await failure(store.get('syncs/mine'), 'STATE_UNREADABLE');
  });

  it('checks no seal again of what is known by its version, and every other one', async () => {
    const inner = memoryStore();
    const store = createSealedStore(inner, ours);
    const known = await store.put('syncs/known', FIELDS, { ifVersion: null });
    await store.put('syncs/new', FIELDS, { ifVersion: null });
    const asStored = await inner.get('syncs/known');
    const isKnown = ({ version }: { readonly version: string }) => version === known.version;
    expect(await store.entries?.('syncs/', isKnown)).toMatchObject([
      { key: 'syncs/known', document: asStored?.document },
      { key: 'syncs/new', document: FIELDS },
    ]);
    await inner.put('syncs/known', { ...FIELDS, a: 'altered' }, { ifVersion: known.version });
    await failure(async () => store.entries?.('syncs/', isKnown), 'STATE_UNREADABLE');
  });

  it('lets one that is refused make no other unreadable, and discards it', async () => {
    const { store } = await setUp();
    await failure(async () => store.entries?.('syncs/'), 'STATE_UNREADABLE');
    const { entries, damaged } = await readEntries(store, 'syncs/');
    expect(entries.map(({ key, document }) => [key, document])).toEqual([['syncs/mine', { of: 'us' }]]);
    expect(damaged.map(({ key }) => key)).toEqual(['syncs/forged']);
    await store.discard?.('syncs/forged');
    await failure(async () => store.discard?.('syncs/mine'), 'STATE_CONFLICT');
    await store.discard?.('syncs/none');
    expect((await store.entries?.('syncs/'))?.map(({ key }) => key)).toEqual(['syncs/mine']);
  });

  it('shows a lease that is not sealed as none that anyone holds, with its version, so that it is watched', async () => {
    const { store, foreign } = await setUp({ acceptUnverifiedState: true });
    const { version } = await foreign.put('leases/a', { holder: 'me' }, { ifVersion: null });
    expect(await store.leases.get('leases/a')).toMatchObject({ document: null, version });
    await store.leases.put('leases/a', { holder: 'me' }, { ifVersion: version });
    expect((await store.leases.get('leases/a'))?.document).toEqual({ holder: 'me' });
  });
});
