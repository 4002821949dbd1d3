import * as z from 'zod';
import type { JsonValue } from '../../src/contracts/json.js';
import type { StateStore } from '../../src/contracts/state-store.js';
import { memoryStore } from '../../src/stores/memory.js';

const documentSchema = z.record(z.string(), z.custom<JsonValue>());

/** A store that notes every change that is asked of it, and that can be looked into. */
export function recordingStore(store: StateStore = memoryStore()) {
  const changes: string[] = [];
  let puts = 0;
  return {
    ...store,
    put: (...given: Parameters<StateStore['put']>) => {
      changes.push(`put ${given[0]}`);
      puts += 1;
      return store.put(...given);
    },
    delete: (...given: Parameters<StateStore['delete']>) => {
      changes.push(`delete ${given[0]}`);
      return store.delete(...given);
    },
    /** What was asked for: `put places/…`, `delete leases/…`. */
    changes,
    get puts() {
      return puts;
    },
    /** All documents as one text. */
    async text(): Promise<string> {
      const keys = await store.list('');
      return JSON.stringify(await Promise.all(keys.map((key) => store.get(key))));
    },
    /** The one document of a place. */
    async place(): Promise<{ readonly key: string; readonly version: string; readonly document: JsonValue }> {
      const [key, ...others] = await store.list('places/');
      const found = key === undefined ? undefined : await store.get(key);
      if (key === undefined || found === undefined || others.length > 0) throw new Error('not one place');
      return { key, ...found };
    },
    /** Writes a place's document past the engine. */
    async overwrite(change: (document: { readonly [name: string]: JsonValue }) => JsonValue): Promise<void> {
      const { key, version, document } = await this.place();
      await store.put(key, change(documentSchema.parse(document)), { ifVersion: version });
    },
  };
}
