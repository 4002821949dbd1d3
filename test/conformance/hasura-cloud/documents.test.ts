import * as graphql from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildHasuraCloudSchema } from '../../../src/testing/emulators/hasura-cloud/graphql.js';
import {
  startHasuraCloudEmulator,
  type HasuraCloudEmulator,
} from '../../../src/testing/emulators/hasura-cloud/index.js';
import type { HasuraCloudProject } from '../../../src/testing/emulators/hasura-cloud/state.js';
import { FOREIGN_DOCUMENTS, type ForeignDocument, type Target } from './documents.js';
import { CONTROL_PLANE, problemsOf, type GraphqlBody } from './schema.js';

let emulator: HasuraCloudEmulator;
let project: HasuraCloudProject;
beforeAll(async () => {
  emulator = await startHasuraCloudEmulator();
  project = emulator.addProject({ name: 'shop', environment: { MINE: 'kept' } });
});
afterAll(() => emulator.close());

const target = (): Target => ({
  projectId: project.id,
  tenantId: project.tenantId ?? '',
  name: project.name,
  hash: emulator.hash(project.id),
});

async function send(body: GraphqlBody): Promise<unknown> {
  const response = await fetch(emulator.url, {
    method: 'POST',
    headers: { authorization: `pat ${emulator.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}

const cases = FOREIGN_DOCUMENTS.map((document): readonly [string, ForeignDocument] => [
  `${document.sender}: ${document.purpose}`,
  document,
]);

describe('documents that others send about environments', () => {
  it.each(cases)('are valid by the schema, and responded to by the emulator: %s', async (_name, { body }) => {
    const sent = body(target());
    expect(problemsOf(sent)).toEqual([]);
    const response = await send(sent);
    expect(response).not.toHaveProperty('errors');
    const { data } = response as { readonly data: Readonly<Record<string, unknown>> };
    expect(Object.values(data).filter((field) => field === null)).toEqual([]);
  });

  it('changed what they name, and left the rest', () => {
    expect([...emulator.environment(project.id).keys()].sort()).toEqual([
      'FROM_TERRAFORM',
      'FROM_THE_DOCS',
      'HASURA_GRAPHQL_ENABLE_CONSOLE',
      'MINE',
    ]);
  });
});

describe('the schema of the environment calls', () => {
  it('is part of the one that the emulator has', () => {
    const emulated = buildHasuraCloudSchema(graphql, { nullableEnvVars: false });
    expect(graphql.findBreakingChanges(CONTROL_PLANE, emulated)).toEqual([]);
  });

  it.each<readonly [string, GraphqlBody, RegExp]>([
    ['an unknown field', { query: '{ projects { id secrets } }' }, /Cannot query field "secrets"/],
    ['an argument of another name', { query: '{ projects_by_pk(pk: "x") { id } }' }, /Unknown argument "pk"/],
    [
      'a variable of another type',
      { query: 'query ($id: String!) { tenant_by_pk(id: $id) { id } }', variables: { id: 'x' } },
      /"String!" used in position expecting type "uuid!"/,
    ],
    [
      'a variable that is missing',
      { query: 'query ($id: uuid!) { tenant_by_pk(id: $id) { id } }' },
      /a variable does not fit/,
    ],
    [
      'a variable that is not declared',
      { query: '{ projects { id } }', variables: { id: 'x' } },
      /the variable id is not declared/,
    ],
    [
      'an object without a field',
      {
        query:
          'mutation ($envs: [UpdateEnvObject!]!) { updateTenantEnv(tenantId: "x", currentHash: "y", envs: $envs) { hash } }',
        variables: { envs: [{ key: 'A' }] },
      },
      /a variable does not fit/,
    ],
    ['what is no document', { query: 'query {' }, /Syntax Error/],
  ])('tells %s', (_fault, body, problem) => {
    expect(problemsOf(body).join('\n')).toMatch(problem);
  });
});
