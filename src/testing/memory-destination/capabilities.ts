import type { Capabilities } from '../../contracts/destination.js';
import type { MemoryDestinationOptions } from './types.js';

/** Whether values of a kind can be read back. */
export function isReadable({ readable = true }: MemoryDestinationOptions, kind: string | undefined): boolean {
  return typeof readable === 'function' ? readable(kind) : readable;
}

/** What a memory destination can do for a config that writes this kind. */
export function memoryCapabilities(
  options: MemoryDestinationOptions,
  kind: string | undefined,
): Capabilities {
  const { reservedPrefix, limits, canonicalKey, followUp = 'redeploy' } = options;
  return {
    import: options.import ?? isReadable(options, kind),
    writes: options.writes ?? 'each',
    ...(kind !== undefined && { kind }),
    reservedWritable: options.reservedWritable ?? false,
    checkKey: options.checkKey ?? ((key) => (key === '' ? 'it is empty; name it' : undefined)),
    checkValue: options.checkValue ?? (() => undefined),
    isReserved: (key) => reservedPrefix !== undefined && key.startsWith(reservedPrefix),
    ...(canonicalKey !== undefined && { canonicalKey }),
    ...(limits !== undefined && { limits }),
    ...(followUp !== 'none' && { followUp: { action: followUp } }),
  };
}
