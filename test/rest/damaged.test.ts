import { describe, expect, it } from 'vitest';
import type { RestAccess } from '../../src/rest/index.js';
import { memoryDestination } from '../../src/testing/memory-destination/index.js';
import { unsteadyStore } from '../service/support.js';
import { createApi, secretSyncOf, SYNCS } from './support.js';

const ROOT = `${SYNCS}/memory`;

/** An API with a record of a project, and what damages the record. */
async function prepare(authorize: (access: RestAccess) => boolean = () => true) {
  const { store, control } = unsteadyStore();
  const api = await createApi({
    drivers: [memoryDestination(), memoryDestination({ name: 'other' })],
    store,
    authorize: (_request, access) => access.action === 'create' || authorize(access),
  });
  const body = { name: 'shop', projectId: 'p-1', isEnabled: false, destinationConfig: {} };
  const { id } = secretSyncOf(await api.call('POST', ROOT, { body }));
  api.asked.length = 0;
  return {
    api,
    id,
    control,
    damage: async () => {
      for (const key of await store.list('syncs/')) {
        const version = (await store.get(key))?.version ?? null;
        await store.put(key, { formatVersion: 99 }, { ifVersion: version });
      }
    },
    documents: () => store.list('syncs/'),
  };
}

describe('the deletion of a damaged record', () => {
  it('takes it by its id, once authorize has let that in, and shows no record', async () => {
    const { api, id, damage, documents } = await prepare();
    await damage();
    expect(await api.call('GET', `${ROOT}/${id}`)).toMatchObject({
      status: 500,
      body: { error: 'STATE_UNREADABLE' },
    });
    api.asked.length = 0;
    const reply = await api.call('DELETE', `${ROOT}/${id}`);
    expect(reply).toMatchObject({ status: 200, body: { secretSync: null } });
    expect(api.asked).toEqual([{ action: 'delete', destination: 'memory', syncId: id }]);
    expect(await documents()).toEqual([]);
    expect((await api.call('DELETE', `${ROOT}/${id}`)).status).toBe(404);
  });

  it.each<readonly [what: string, path: string, isAllowed: boolean, status: number]>([
    ['a request that may not delete', `${ROOT}/:id`, false, 403],
    ['a destination that does not exist', `${SYNCS}/nowhere/:id`, true, 404],
    ['its name in place of its id', `${ROOT}/shop`, true, 500],
  ])('leaves it there for %s', async (_what, path, isAllowed, status) => {
    const { api, id, damage, documents } = await prepare(() => isAllowed);
    await damage();
    expect((await api.call('DELETE', path.replace(':id', id))).status).toBe(status);
    expect(await documents()).toHaveLength(1);
  });

  it('is none of a sound record that the store does not return for a moment', async () => {
    const { api, id, control, documents } = await prepare(({ projectId }) => projectId !== 'p-1');
    let fails = true;
    control.fails = (method, key) => {
      const isFirst = fails && method === 'get' && key.startsWith('syncs/');
      if (isFirst) fails = false;
      return isFirst;
    };
    expect((await api.call('DELETE', `${ROOT}/${id}`)).status).toBe(500);
    expect((await api.call('DELETE', `${ROOT}/${id}`)).status).toBe(403);
    expect(await documents()).toHaveLength(1);
  });
});
