import { describe, expect, it } from 'vitest';
import { driverConformance } from '../../src/testing/conformance/driver/index.js';
import type { HasuraCloudEmulatorOptions } from '../../src/testing/emulators/hasura-cloud/index.js';
import type { Exchange } from './exchanges.js';
import { isGraphqlBody, problemsOf } from './hasura-cloud/schema.js';
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

const exchanges: Exchange[] = [];

VARIANTS.forEach(([name, options], index) => {
  // Failures and sockets differ little between the variants, and take their time.
  const failures = index === 0 ? HASURA_CLOUD_FAILURES : [];
  driverConformance(
    {
      name,
      create: (tokens) => hasuraCloudFixture(tokens, { ...options, exchanges, sockets: index === 0 }),
      failures,
      followUp: true,
    },
    { describe, it },
  );
});

describe('what the driver sent in all of this', () => {
  it('is valid by the schema of the control plane: each document, with its variables', () => {
    const bodies = exchanges.map(({ body }) => body).filter(isGraphqlBody);
    // Besides, it asks whether a project is healthy.
    expect(bodies).toHaveLength(exchanges.filter(({ method }) => method === 'POST').length);
    expect(bodies.length).toBeGreaterThan(500);
    const problems = new Set(bodies.flatMap((body) => problemsOf(body)));
    expect([...problems]).toEqual([]);
    const documents = new Set(bodies.map(({ query }) => query));
    const fields = ['projects', 'projects_by_pk', 'getTenantEnv', 'updateTenantEnv', 'deleteTenantEnv'];
    const unused = fields.filter((field) => ![...documents].some((text) => text.includes(`{ ${field}`)));
    expect(unused).toEqual([]);
  });
});
