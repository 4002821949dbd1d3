import { SecretValue } from '../contracts/secret.js';
import { secretPairs, type SecretRecord, type SecretSource } from '../contracts/source.js';
import { onAbort } from '../shared/abort.js';
import { checkArguments } from '../shared/arguments/check.js';
import { pairs } from '../shared/arguments/rules.js';

/** A source in memory, with what a test needs to change and inspect it. */
export interface MemorySource extends SecretSource {
  readonly write: NonNullable<SecretSource['write']>;
  readonly watch: NonNullable<SecretSource['watch']>;
  /** Creates or replaces a secret, and calls those who watch. */
  set(key: string, value: string | SecretValue): void;
  /** Removes a secret, and calls those who watch; false when there was none. */
  delete(key: string): boolean;
  /** Returns all secrets as they are now, each still wrapped. */
  entries(): (readonly [key: string, value: SecretValue])[];
}

/**
 * Returns a source in memory: for tests, and for secrets that a program already holds. Every location reads and
 * writes the same secrets. It takes any key and any string, and a list of pairs may hold a key twice.
 *
 * @example
 * const source = memorySource({ DATABASE_URL: 'postgres://…' });
 */
export function memorySource(secrets: SecretRecord = {}): MemorySource {
  checkArguments('memorySource', { secrets }, { secrets: pairs });
  const stored = new Map<string, readonly SecretValue[]>();
  for (const [key, value] of secretPairs(secrets)) {
    stored.set(key, [...(stored.get(key) ?? []), SecretValue.from(value)]);
  }
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const onChange of [...watchers]) onChange();
  };
  const entries = (): (readonly [string, SecretValue])[] =>
    [...stored].flatMap(([key, values]) => values.map((value) => [key, value] as const));

  return {
    name: 'memory',
    entries,
    read(_location, { signal }) {
      signal.throwIfAborted();
      return entries();
    },
    write(_location, changes, { signal }) {
      signal.throwIfAborted();
      for (const { key, value } of changes) stored.set(key, [value]);
      changed();
    },
    watch(_location, onChange, { signal }) {
      if (signal.aborted) return;
      // A function of its own, so that the same one can watch twice.
      const watcher = (): void => onChange();
      watchers.add(watcher);
      onAbort(signal, () => watchers.delete(watcher));
    },
    set(key, value) {
      stored.set(key, [SecretValue.from(value)]);
      changed();
    },
    delete(key) {
      const existed = stored.delete(key);
      if (existed) changed();
      return existed;
    },
  };
}
