import { describe, expect, it } from 'vitest';
import type { WriteChange } from '../../../src/contracts/destination.js';
import type { ErrorCode } from '../../../src/contracts/error-codes.js';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import { attempt, type Known } from '../../../src/drivers/qovery/attempt.js';
import { ownerNames } from '../../../src/drivers/qovery/entries.js';
import type { Variable } from '../../../src/drivers/qovery/variable.js';
import { variableApi } from '../../../src/drivers/qovery/wire.js';
import { failure } from '../../support/engine.js';
import { scriptedClient, type Scripted } from '../scripted-client.js';
import { memoryFacts } from '../support.js';

const ID = '00000000-0000-4000-8000-000000000001';
const NEW = '00000000-0000-4000-8000-000000000002';
const ABOVE = '00000000-0000-4000-8000-000000000003';
const place = { scope: 'ENVIRONMENT', parentId: 'e' } as const;
const value = new SecretValue('new');

const shown = (more: object = {}) => ({
  id: NEW,
  key: 'A',
  scope: 'ENVIRONMENT',
  variable_type: 'VALUE',
  is_secret: true,
  updated_at: '2026-01-02T03:04:05Z',
  ...more,
});
const ok = (more: object = {}): Scripted => ({ data: shown(more) });
const gone: Scripted = { data: undefined, status: 204 };
const refused = (code: ErrorCode, maybeWritten = false): Scripted => ({
  error: new SecretSyncError(code, `It is ${code}.`, { maybeWritten }),
});

const secretEntry = { key: 'A', id: ID, kind: 'secret' };
const variableEntry = { key: 'A', id: ID, kind: 'variable', value: new SecretValue('old') };

interface World {
  readonly listed?: readonly object[];
  readonly halfDone?: WriteChange;
  readonly signal?: AbortSignal;
}

async function attempted(change: WriteChange, script: readonly Scripted[], world: World = {}) {
  const { listed = [], halfDone, signal = new AbortController().signal } = world;
  const { client, requests } = scriptedClient(script);
  const variables = listed as readonly Variable[];
  const known: Known = {
    listed: variables,
    seen: new Map(variables.map((variable) => [variable.id, variable])),
    halfDone: new Map(halfDone === undefined ? [] : [[halfDone.key, halfDone]]),
  };
  const facts = memoryFacts();
  const context = { api: variableApi(client, place, signal), place, owners: ownerNames(facts), known };
  const outcome = await attempt(context, change, signal);
  const sent = requests.map(({ method, path = [] }) => `${method} /${path.join('/')}`);
  const message = outcome.status === 'applied' ? undefined : outcome.error.message;
  return { outcome, message, sent, requests, known, facts };
}

const creation: WriteChange = { key: 'A', action: 'create', value };
const update: WriteChange = { key: 'A', action: 'update', value, entry: secretEntry };
const deletion: WriteChange = { key: 'A', action: 'delete', entry: secretEntry };
const replacement = (entry: WriteChange['entry']): WriteChange => ({
  key: 'A',
  action: 'replace',
  value,
  ...(entry && { entry }),
});
const applied = { key: 'A', status: 'applied', id: NEW, revision: '2026-01-02T03:04:05Z' };

describe('a change that the API confirms', () => {
  it.each([
    ['create', creation, [ok()], applied, ['POST /variable']],
    ['update', update, [ok({ id: ID })], { ...applied, id: ID }, [`PUT /variable/${ID}`]],
    ['delete', deletion, [gone], { key: 'A', status: 'applied' }, [`DELETE /variable/${ID}`]],
    [
      'replace',
      replacement(variableEntry),
      [gone, ok()],
      applied,
      [`DELETE /variable/${ID}`, 'POST /variable'],
    ],
  ] as const)('is applied: %s', async (_, change, script, expected, requests) => {
    const { outcome, sent, known } = await attempted(change, script);
    expect(outcome).toEqual(expected);
    expect(sent).toEqual(requests);
    expect(known.halfDone.size).toBe(0);
  });

  it('has no revision where the API shows none', async () => {
    const { outcome } = await attempted(creation, [ok({ updated_at: null })]);
    expect(outcome).toEqual({ key: 'A', status: 'applied', id: NEW });
  });

  it('teaches who owns what is created', async () => {
    expect((await attempted(creation, [ok({ owned_by: 'token' })])).facts.get('ownedBy')).toBe('token');
  });

  it('sends along what the entry has beside its value', async () => {
    const listed = [shown({ id: ID, description: 'why', enable_interpolation_in_file: true })];
    const extras = { description: 'why', enable_interpolation_in_file: true };
    const updated = await attempted(update, [ok({ id: ID })], { listed });
    expect(updated.requests[0]?.body).toMatchObject(extras);
    const replaced = await attempted(replacement(secretEntry), [gone, ok()], { listed });
    expect(replaced.requests[1]?.body).toMatchObject(extras);
    // The entry was deleted by an earlier attempt of this run.
    const finished = await attempted(creation, [ok()], { listed, halfDone: replacement(secretEntry) });
    expect(finished.requests[0]?.body).toMatchObject(extras);
    expect(finished.known.halfDone.size).toBe(0);
  });
});

describe('a create where the project has the key', () => {
  const above = shown({ id: ABOVE, scope: 'PROJECT' });
  const overriding = `POST /variable/${ABOVE}/override`;

  it.each([
    ['in the same kind overrides it', above, overriding],
    [
      'in another kind is a variable of its own',
      { ...above, is_secret: false, value: 'x' },
      'POST /variable',
    ],
    ['under another name is a variable of its own', { ...above, key: 'B' }, 'POST /variable'],
  ])('%s', async (_, variable, request) => {
    const { sent, outcome } = await attempted(creation, [ok()], { listed: [variable] });
    expect(sent).toEqual([request]);
    expect(outcome.status).toBe('applied');
  });

  it.each(['NOT_FOUND', 'FORBIDDEN'] as const)(
    'is a variable of its own where that is gone: %s',
    async (code) => {
      const { sent, outcome } = await attempted(creation, [refused(code), ok()], { listed: [above] });
      expect(sent).toEqual([overriding, 'POST /variable']);
      expect(outcome.status).toBe('applied');
    },
  );

  it('fails by what the override met where the key is taken all the same', async () => {
    const script = [refused('FORBIDDEN'), refused('CONFLICT')];
    expect((await attempted(creation, script, { listed: [above] })).message).toBe('"A": It is FORBIDDEN.');
    const other = [refused('FORBIDDEN'), refused('DESTINATION_REJECTED')];
    expect((await attempted(creation, other, { listed: [above] })).message).toBe(
      '"A": It is DESTINATION_REJECTED.',
    );
  });

  it.each([
    ['another refusal', refused('DESTINATION_REJECTED')],
    ['a refusal that may have written', refused('NOT_FOUND', true)],
  ])('is not tried as a variable of its own after %s', async (_, refusal) => {
    expect((await attempted(creation, [refusal], { listed: [above] })).sent).toEqual([overriding]);
  });
});

describe('an alias that was made by mistake', () => {
  it('is deleted again', async () => {
    const { outcome, message, sent } = await attempted(creation, [ok({ variable_type: 'ALIAS' }), gone]);
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'DESTINATION_REJECTED' } });
    expect(message).toBe(
      '"A": Qovery made an alias of it, which was deleted again; use a value that is not the name of a variable.',
    );
    expect(sent).toEqual(['POST /variable', `DELETE /variable/${NEW}`]);
  });

  it('stays where it existed before', async () => {
    const listed = [shown({ variable_type: 'ALIAS' })];
    const { sent, outcome } = await attempted(creation, [ok({ variable_type: 'ALIAS' })], { listed });
    expect(outcome.status).toBe('applied');
    expect(sent).toEqual(['POST /variable']);
  });
});

describe('a change of which it is not known how it ended', () => {
  it.each([
    ['a create that may have been carried out', creation, refused('DESTINATION_UNAVAILABLE', true)],
    ['a create of a key that is taken', creation, refused('CONFLICT')],
    ['an update of what may be gone', update, refused('NOT_FOUND')],
    ['an update that is forbidden, as the API says of what is gone', update, refused('FORBIDDEN')],
    ['a deletion of what may be gone', deletion, refused('NOT_FOUND')],
    ['a replace of what may be gone', replacement(secretEntry), refused('FORBIDDEN')],
  ])('is unknown: %s', async (_, change, refusal) => {
    const { outcome, message } = await attempted(change, [refusal]);
    expect(outcome.status).toBe('unknown');
    expect(message).toMatch(/^"A": It is [A-Z_]+\.$/);
  });

  it('says that the entry was deleted for it', async () => {
    const { message, outcome } = await attempted(replacement(variableEntry), [gone, refused('CONFLICT')]);
    expect(outcome.status).toBe('unknown');
    expect(message).toBe(
      '"A": It is CONFLICT. The variable that existed there was deleted for it; run the sync again.',
    );
    const { kind: _, ...withoutKind } = secretEntry;
    const other = await attempted(replacement(withoutKind), [gone, refused('CONFLICT')]);
    expect(other.message).toContain('The entry that existed there was deleted for it');
  });
});

describe('a change that is refused', () => {
  it.each([
    ['a create', creation, [refused('DESTINATION_REJECTED')]],
    ['a create that is forbidden', creation, [refused('FORBIDDEN')]],
    ['an update', update, [refused('DESTINATION_REJECTED')]],
    ['a replace whose deletion is refused', replacement(secretEntry), [refused('DESTINATION_REJECTED')]],
  ])('has failed: %s', async (_, change, script) => {
    const { outcome, message, sent, known } = await attempted(change, script);
    expect(outcome.status).toBe('failed');
    expect(message).toMatch(/^"A": It is [A-Z_]+\.$/);
    expect(sent).toHaveLength(1);
    expect(known.halfDone.size).toBe(0);
  });

  it('has failed where its entry has no id', async () => {
    const { outcome, message, sent } = await attempted({ key: 'A', action: 'delete' }, []);
    expect(outcome.status).toBe('unknown');
    expect(message).toBe('"A": The variable to change has no id; plan again.');
    expect(sent).toEqual([]);
  });

  it('is put back where it can be read', async () => {
    const listed = [shown({ id: ID, is_secret: false, value: 'old', description: 'why' })];
    const old = ok({ is_secret: false, value: 'old' });
    const script = [gone, refused('DESTINATION_REJECTED'), old];
    const { message, requests, known } = await attempted(replacement(variableEntry), script, { listed });
    expect(message).toBe('"A": It is DESTINATION_REJECTED. The variable that existed there was put back.');
    expect(requests[2]?.body).toMatchObject({ key: 'A', is_secret: false, description: 'why' });
    expect(known.halfDone.size).toBe(0);
  });

  it.each([
    ['the API refuses', [gone, refused('DESTINATION_REJECTED'), refused('FORBIDDEN')], 3],
    ['the token is refused', [gone, refused('UNAUTHORIZED')], 2],
  ] as const)('can not be put back where %s', async (_, script, count) => {
    const { message, sent, known } = await attempted(replacement(variableEntry), script);
    expect(message).toMatch(
      /The variable that existed there was deleted and could not be put back; run the sync again\.$/,
    );
    expect(sent).toHaveLength(count);
    expect(known.halfDone.size).toBe(1);
  });

  it('can not be put back where it can not be read', async () => {
    const { message } = await attempted(replacement(secretEntry), [gone, refused('DESTINATION_REJECTED')]);
    expect(message).toBe(
      `"A": It is DESTINATION_REJECTED. The secret that existed there was deleted and can't be put back, since it can't be read; run the sync again.`,
    );
  });
});

describe('what is no refusal', () => {
  it('is thrown: an abort, a mistake in the code, and a write without a value', async () => {
    const ended = { signal: AbortSignal.abort(new Error('ended')) };
    await failure(attempted(creation, [refused('CONFLICT')], ended), 'CONFLICT');
    const mistake = new TypeError('not a function');
    await expect(attempted(creation, [{ error: mistake }])).rejects.toBe(mistake);
    await expect(attempted({ key: 'A', action: 'create' }, [])).rejects.toThrow('A write needs a value.');
  });
});
