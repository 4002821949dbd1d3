import type { StateStore } from '../../src/contracts/state-store.js';

export interface StoreCall {
  readonly method: 'get' | 'put' | 'delete';
  readonly key: string;
  /** How many calls of this method on keys of this kind (`places` or `leases`) came before it. */
  readonly index: number;
}

/** What a hook may ask for: fail before anything is done, or after. */
export type StoreFault = 'before' | 'after' | undefined;

export class DiskError extends Error {}

/** A store whose calls can be made to fail. What it throws is nothing that the engine knows. */
export function faultyStore(
  inner: StateStore,
  hook: (call: StoreCall) => StoreFault | Promise<StoreFault>,
): StateStore {
  const counts = new Map<string, number>();
  const call = async <Answer>(method: StoreCall['method'], key: string, work: () => Promise<Answer>) => {
    const id = `${method} ${key.split('/')[0]}`;
    const index = counts.get(id) ?? 0;
    counts.set(id, index + 1);
    const fault = await hook({ method, key, index });
    if (fault === 'before') throw new DiskError('EIO: the disk is gone');
    const answer = await work();
    if (fault === 'after') throw new DiskError('EIO: the disk went away');
    return answer;
  };
  return {
    get: (key) => call('get', key, () => inner.get(key)),
    put: (key, document, options) => call('put', key, () => inner.put(key, document, options)),
    delete: (key, options) => call('delete', key, () => inner.delete(key, options)),
    list: (prefix) => inner.list(prefix),
  };
}

export const isState = ({ key }: Pick<StoreCall, 'key'>): boolean => key.startsWith('places/');
export const isIntent = ({ key }: Pick<StoreCall, 'key'>): boolean => key.startsWith('intents/');
export const isLease = ({ key }: Pick<StoreCall, 'key'>): boolean => key.startsWith('leases/');
