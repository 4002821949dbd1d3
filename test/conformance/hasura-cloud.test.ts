import { describe, it } from 'vitest';
import { driverConformance } from '../../src/testing/conformance/driver/index.js';
import type { HasuraCloudEmulatorOptions } from '../../src/testing/emulators/hasura-cloud/index.js';
import { HASURA_CLOUD_FAILURES, hasuraCloudFixture } from './hasura-cloud-fixture.js';

const VARIANTS: readonly (readonly [name: string, options: HasuraCloudEmulatorOptions])[] = [
  ['hasuraCloud', {}],
  [
    'hasuraCloud, where what is not documented is otherwise',
    {
      staleHash: 'nested-json',
      errorMessages: 'nested-json',
      absentKeyDeletion: 'error',
      authFailure: 401,
      emptyEnvironment: 'null',
      unknownTenant: 'error',
      hasuraKeys: 'environment',
      hash: 'content',
    },
  ],
];

VARIANTS.forEach(([name, options], index) => {
  // Failures differ little between the variants, and take their time.
  const failures = index === 0 ? HASURA_CLOUD_FAILURES : [];
  driverConformance(
    { name, create: (tokens) => hasuraCloudFixture(tokens, options), failures },
    { describe, it },
  );
});
