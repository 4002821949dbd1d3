import { describe, expect, it } from 'vitest';
import type { WriteChange, WriteOutcome } from '../../../src/contracts/destination.js';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import type { Known } from '../../../src/drivers/qovery/attempt.js';
import { ownerNames } from '../../../src/drivers/qovery/entries.js';
import { variableApi } from '../../../src/drivers/qovery/wire.js';
import { write } from '../../../src/drivers/qovery/write.js';
import { scriptedClient, type Scripted } from '../scripted-client.js';
import { memoryFacts } from '../support.js';

const place = { scope: 'ENVIRONMENT', parentId: 'e' } as const;
const creation = (key: string): WriteChange => ({ key, action: 'create', value: new SecretValue('1') });
const created = (key: string): Scripted => ({
  data: { id: '00000000-0000-4000-8000-000000000001', key, scope: 'ENVIRONMENT', is_secret: true },
});
const refused = (code: 'UNAUTHORIZED' | 'FORBIDDEN'): Scripted => ({
  error: new SecretSyncError(code, 'no'),
});

/** Writes these keys one after the other. */
function written(keys: readonly string[], script: readonly Scripted[], abort = new AbortController()) {
  const { client, requests } = scriptedClient(script);
  const { signal } = abort;
  const known: Known = { listed: [], seen: new Map(), halfDone: new Map() };
  const api = variableApi(client, place, signal);
  const context = { api, place, owners: ownerNames(memoryFacts()), known, concurrency: 1 };
  const reported: WriteOutcome[] = [];
  const onOutcome = (outcome: WriteOutcome) => {
    reported.push(outcome);
    if (outcome.key === 'STOP') abort.abort(new Error('stopped'));
  };
  const changes = keys.map(creation);
  return { done: write(context, { phase: 'upsert', changes }, { signal, onOutcome }), reported, requests };
}

const statuses = (outcomes: readonly WriteOutcome[]) => outcomes.map(({ key, status }) => `${key} ${status}`);

describe('the writes of a batch', () => {
  it('go on after a key that fails', async () => {
    const { done, reported } = written(['A', 'B'], [refused('FORBIDDEN'), created('B')]);
    expect(statuses(await done)).toEqual(['A failed', 'B applied']);
    expect(statuses(reported)).toEqual(['A failed', 'B applied']);
  });

  it('end with a token that is refused', async () => {
    const { done, requests } = written(['A', 'B', 'C'], [created('A'), refused('UNAUTHORIZED')]);
    expect(statuses(await done)).toEqual(['A applied', 'B failed']);
    expect(requests).toHaveLength(2);
  });

  it('end with an abort, which is thrown', async () => {
    const { done, requests, reported } = written(['STOP', 'B'], [created('STOP')]);
    await expect(done).rejects.toThrow('stopped');
    expect(statuses(reported)).toEqual(['STOP applied']);
    expect(requests).toHaveLength(1);
  });

  it('end with a mistake in the code, which is thrown when its key is reported', async () => {
    const mistake = new TypeError('not a function');
    const { done, reported, requests } = written(['A', 'B'], [{ error: mistake }]);
    await expect(done).rejects.toBe(mistake);
    expect(reported).toMatchObject([
      { key: 'A', status: 'unknown', error: { key: 'A', maybeWritten: true } },
    ]);
    expect(requests).toHaveLength(1);
  });
});
