import type { MemoryCall, MemoryFault } from './faults.js';
import type { MemoryFailureFilter } from './types.js';

interface PlannedFailure {
  readonly fault: MemoryFault;
  readonly filter: MemoryFailureFilter;
  left: number;
}

/** The failures that a test asked for, used up in the order in which they were asked for. */
export function createMemoryFailures() {
  const failures: PlannedFailure[] = [];
  return {
    add: (fault: MemoryFault, filter: MemoryFailureFilter): void =>
      void failures.push({ fault, filter, left: filter.times ?? 1 }),
    /** What goes wrong with this call. Uses up one failure. */
    take(call: MemoryCall): MemoryFault | undefined {
      const index = failures.findIndex(({ filter: { method = 'write', phase, key } }) => {
        const isKey = key === undefined || call.changes.some((change) => change.key === key);
        return method === call.method && isKey && (phase === undefined || phase === call.phase);
      });
      const found = failures[index];
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) failures.splice(index, 1);
      return found.fault;
    },
  };
}
