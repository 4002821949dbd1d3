import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WriteChange } from '../../src/contracts/destination.js';
import { memorySource } from '../../src/sources/memory.js';
import { memoryStore } from '../../src/stores/memory.js';
import type { Fault, RequestLogEntry } from '../../src/testing/emulators/server/types.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../src/testing/emulators/qovery/index.js';
import { QOVERY_DEFAULTS } from '../../src/testing/emulators/qovery/switches.js';
import type { QoveryVariable } from '../../src/testing/emulators/qovery/types.js';
import { createEngine, failure, qoveryTarget } from '../support/engine.js';

let emulator: QoveryEmulator;
beforeAll(async () => {
  emulator = await startQoveryEmulator();
});
afterEach(() => {
  emulator.setIntercept(undefined);
  emulator.configure(QOVERY_DEFAULTS);
});
afterAll(() => emulator.close());

const isWrite = ({ method }: RequestLogEntry) => method !== 'GET';

/** A sync whose one write is the action; `race` happens right before its first request. */
async function oneWrite(
  action: WriteChange['action'],
  {
    race,
    fault,
  }: {
    race?: (id: string | undefined) => void;
    fault?: (request: RequestLogEntry) => Fault | undefined;
  } = {},
) {
  const target = qoveryTarget(emulator);
  const source = memorySource({ A: action === 'create' ? 'new' : 'old' });
  const { engine } = createEngine({ source, drivers: [target.driver], store: memoryStore() });
  if (action !== 'create')
    await engine.sync(target.definition({}, action === 'replace' ? 'variable' : 'secret'));
  if (action === 'update' || action === 'replace') source.set('A', 'new');
  if (action === 'delete') source.delete('A');
  const syncOptions = {
    allowEmptySource: true,
    deletionScope: 'matching',
    maxDeletions: { ratio: 1 },
  } as const;
  const definition = target.definition({ syncOptions });
  const id = emulator.findAll('A', { parent_id: target.environmentId })[0]?.id;
  let isOver = false;
  emulator.clearRequests();
  emulator.setIntercept((request) => {
    if (!isOver && isWrite(request)) race?.(id);
    isOver ||= isWrite(request);
    return fault?.(request);
  });
  const find = (filter: Partial<QoveryVariable> = {}) =>
    emulator.findAll('A', { parent_id: target.environmentId, ...filter })[0];
  return {
    target,
    find,
    run: () => engine.sync(definition),
    operations: () => emulator.requests.map(({ method }) => method),
  };
}

const atFirst = (method: string, fault: Fault) => {
  let isOver = false;
  return (request: RequestLogEntry) => {
    if (isOver || request.method !== method) return undefined;
    isOver = true;
    return fault;
  };
};
const applied = [{ key: 'A', status: 'applied' }];

describe('a create that meets an entry', () => {
  it.each([{}, { ownedBy: 'api-token:ci' }])(
    'of its own lost response ends as one entry, with %j',
    async (switches) => {
      emulator.configure(switches);
      for (const fault of ['reset-after', 'html-after', 'truncate', 'cut'] as const) {
        const { run, find } = await oneWrite('create', { fault: atFirst('POST', fault) });
        expect((await run()).outcomes).toMatchObject(applied);
        expect(find()).toMatchObject({ value: 'new', is_secret: true });
      }
    },
  );

  it('made meanwhile, at its own scope and of its own kind, updates it', async () => {
    const { run, find, operations, target } = await oneWrite('create', {
      race: () => void target.add({ key: 'A', value: 'theirs', description: 'theirs' }),
    });
    expect((await run()).outcomes).toMatchObject(applied);
    expect(find()).toMatchObject({ value: 'new', description: 'theirs' });
    expect(operations()).toEqual(['GET', 'POST', 'GET', 'PUT']);
  });

  it.each([
    ['of the other kind', { is_secret: false }, 'here as variable'],
    ['of another system', { owned_by: 'Doppler' }, 'belongs to another system'],
    ['that is a file', { mount_path: '/etc/a' }, 'here as file'],
    ['of another type', { variable_type: 'EXTERNAL_SECRET' }, 'here as external'],
    ['that is an override', { variable_type: 'OVERRIDE' }, 'here as override'],
  ])('%s fails and says where it is', async (_what, more, words) => {
    const { run, find, target } = await oneWrite('create', {
      race: () => void target.add({ key: 'A', value: 'theirs', ...more }),
    });
    const error = await failure(run(), 'SYNC_FAILED');
    expect(error.result.outcomes).toMatchObject([
      { key: 'A', status: 'failed', error: { code: 'CONFLICT' } },
    ]);
    expect(error.message).toContain(words);
    expect(find()?.value).toBe('theirs');
  });

  it('of a lower scope, which no list shows, fails and says the level', async () => {
    emulator.configure({ conflictReach: 'all-scopes' });
    const target = qoveryTarget(emulator);
    target.add({ key: 'A', value: 'below' });
    const { environmentId: _, ...destinationConfig } = target.config;
    const definition = { ...target.definition(), destinationConfig };
    const { engine } = createEngine({ source: memorySource({ A: 'new' }), drivers: [target.driver] });
    const error = await failure(engine.sync(definition), 'SYNC_FAILED');
    expect(error.result.outcomes).toMatchObject([{ key: 'A', status: 'failed' }]);
    expect(error.message).toContain('at the level of the environment');
  });
});

describe.each(['404', '403', '400-exist'] as const)('an entry that is gone, told by %s', (missing) => {
  const gone = (id: string | undefined) => void emulator.deleteVariable(id ?? '');

  it('is created again by an update', async () => {
    emulator.configure({ missing });
    const { run, find, operations } = await oneWrite('update', { race: gone });
    expect((await run()).outcomes).toMatchObject(applied);
    expect(find()?.value).toBe('new');
    expect(operations()).toEqual(['GET', 'PUT', 'GET', 'POST']);
  });

  it('is updated under its new id, where it was made again', async () => {
    emulator.configure({ missing });
    const { run, find, operations, target } = await oneWrite('update', {
      race: (id) => {
        gone(id);
        target.add({ key: 'A', value: 'theirs' });
      },
    });
    expect((await run()).outcomes).toMatchObject(applied);
    expect(find()?.value).toBe('new');
    expect(operations()).toEqual(['GET', 'PUT', 'GET', 'PUT']);
  });

  it('is deleted, also when the response to its deletion was lost', async () => {
    emulator.configure({ missing });
    for (const options of [{ race: gone }, { fault: atFirst('DELETE', 'reset-after') }]) {
      const { run, find } = await oneWrite('delete', options);
      expect((await run()).outcomes).toMatchObject(applied);
      expect(find()).toBeUndefined();
    }
  });

  it('is replaced by a create', async () => {
    emulator.configure({ missing });
    const { run, find, operations } = await oneWrite('replace', { race: gone });
    expect((await run()).outcomes).toMatchObject(applied);
    expect(find()).toMatchObject({ value: 'new', is_secret: true });
    expect(operations()).toEqual(['GET', 'DELETE', 'GET', 'POST']);
  });
});

describe('an entry that is still there', () => {
  it.each(['update', 'delete', 'replace'] as const)(
    'fails its %s after a 403, which is sent once',
    async (action) => {
      const { run, find, operations } = await oneWrite(action, {
        fault: (request) => (isWrite(request) ? { status: 403 } : undefined),
      });
      const error = await failure(run(), 'SYNC_FAILED');
      expect(error.result.outcomes).toMatchObject([
        { key: 'A', status: 'failed', error: { code: 'FORBIDDEN', status: 403 } },
      ]);
      expect(find()?.value).toBe('old');
      expect(operations().filter((method) => method !== 'GET')).toHaveLength(1);
    },
  );

  it('may have been updated when no response is understood, and it cannot be read', async () => {
    const { run } = await oneWrite('update', {
      fault: ({ method }) => (method === 'PUT' ? 'html-after' : undefined),
    });
    const error = await failure(run(), 'SYNC_FAILED');
    expect(error.result.outcomes).toMatchObject([{ key: 'A', status: 'indeterminate' }]);
  });

  it.each(['html-after', 'html-before'] as const)('tells whether it was deleted (%s)', async (fault) => {
    const { run } = await oneWrite('delete', {
      fault: ({ method }) => (method === 'DELETE' ? fault : undefined),
    });
    const outcomes = await run().then(
      (result) => result.outcomes,
      (error: { result: { outcomes: unknown } }) => error.result.outcomes,
    );
    expect(outcomes).toMatchObject([{ key: 'A', status: fault === 'html-after' ? 'applied' : 'failed' }]);
  });
});

it('lists once for all keys of a batch', async () => {
  const target = qoveryTarget(emulator);
  const keys = ['A', 'B', 'C', 'D', 'E', 'F'];
  const source = memorySource(keys.map((key) => [key, 'new'] as const));
  const { engine } = createEngine({ source, drivers: [target.driver] });
  let isOver = false;
  emulator.clearRequests();
  emulator.setIntercept((request) => {
    if (!isOver && isWrite(request)) keys.forEach((key) => target.add({ key, value: 'theirs' }));
    isOver ||= isWrite(request);
    return undefined;
  });
  const { outcomes } = await engine.sync(target.definition());
  expect(outcomes.every(({ status }) => status === 'applied')).toBe(true);
  expect(emulator.requests.filter(({ method }) => method === 'GET')).toHaveLength(2);
});
