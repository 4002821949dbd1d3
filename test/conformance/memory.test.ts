import { describe, it } from 'vitest';
import { driverConformance } from '../../src/testing/conformance/driver/index.js';
import type { MemoryDestinationOptions } from '../../src/testing/memory-destination/types.js';
import { MEMORY_FAILURES, memoryFixture } from './memory-fixture.js';

const VARIANTS: readonly (readonly [name: string, options: MemoryDestinationOptions<'memory'>])[] = [
  ['memoryDestination', {}],
  ['memoryDestination with batches', { writes: 'batch', reservedWritable: true }],
  ['memoryDestination with unreadable values', { readable: false, concurrency: 10 }],
  [
    'memoryDestination with kinds, of which secrets are unreadable',
    { kind: 'secret', readable: (kind) => kind !== 'secret' },
  ],
  [
    'memoryDestination without ids and revisions, and with nothing to follow its writes',
    { readable: false, ids: false, revisions: false, followUp: 'none' },
  ],
];

VARIANTS.forEach(([name, options], index) => {
  // Failures differ only between single writes and batches, and take their time.
  const failures = index < 2 ? MEMORY_FAILURES : [];
  driverConformance(
    {
      name,
      create: (tokens) => memoryFixture(tokens, options),
      failures,
      followUp: options.followUp !== 'none',
    },
    { describe, it },
  );
});
