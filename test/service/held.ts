import type { StateStore } from '../../src/contracts/state-store.js';
import type { VirtualClock } from '../support/virtual-clock.js';

/** Lets work hold time back: for what really reads and writes, under a clock that moves by itself. */
export function createHold(clock: VirtualClock) {
  return async function hold<Result>(work: () => Promise<Result>): Promise<Result> {
    const results: Result[] = [];
    await clock.track(async () => {
      results.push(await work());
      return new Response(null);
    })('held:');
    const [result] = results;
    return result as Result;
  };
}

/** A store whose work holds time back. */
export function heldStore(store: StateStore, clock: VirtualClock): StateStore {
  const hold = createHold(clock);
  return {
    get: (key) => hold(() => store.get(key)),
    put: (...given) => hold(() => store.put(...given)),
    delete: (...given) => hold(() => store.delete(...given)),
    list: (prefix) => hold(() => store.list(prefix)),
  };
}
