import type { SecretSource } from '../contracts/source.js';
import { untilAborted } from '../shared/abort.js';
import { checkArguments } from '../shared/arguments/check.js';
import { aFunction, aName } from '../shared/arguments/rules.js';

/**
 * Returns a read-only source made of a function. A read ends when its signal is aborted, with the signal's reason,
 * whether or not the function heeds the signal; what the function returns later is dropped.
 *
 * @throws SecretSyncError `INVALID_OPTION` where the name is empty or `read` is not a function.
 *
 * @example
 * const source = defineSource('vault', async ({ secretPath }) => vault.readAll(secretPath));
 */
export function defineSource(name: string, read: SecretSource['read']): SecretSource {
  checkArguments('defineSource', { name, read }, { name: aName, read: aFunction });
  return {
    name,
    async read(location, options) {
      options.signal.throwIfAborted();
      return untilAborted((async () => read(location, options))(), options.signal);
    },
  };
}
