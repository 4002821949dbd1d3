import { describe, expect, it } from 'vitest';
import {
  capabilities,
  configSchema,
  credentialsSchema,
  isReserved,
} from '../../../src/drivers/hasura-cloud/config.js';

const PROJECT = '3f2a1b4c-0000-4000-8000-000000000001';

describe('what Hasura Cloud takes', () => {
  it.each([
    ['A', true],
    ['_a1', true],
    ['1A', false],
    ['A-B', false],
    ['A.B', false],
    ['', false],
    ['A ', false],
    [' A', false],
    ['Ä', false],
  ])('as a key, of %j: %j', (key, isTaken) => {
    const problem = isTaken ? undefined : 'use letters, digits and underscores, with no digit at the start';
    expect(capabilities.checkKey?.(key)).toBe(problem);
  });

  it('are its own variables only by their prefix', () => {
    expect([isReserved('HASURA_A'), isReserved('HASURA'), isReserved('MY_HASURA_A')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('is written in batches, imported, and restarts the project', () => {
    expect(capabilities).toMatchObject({
      import: true,
      writes: 'batch',
      reservedWritable: true,
      followUp: { action: 'restart' },
      writeWarnings: [
        {
          code: 'RESTARTS_PROJECT',
          message:
            'Hasura Cloud restarts the project when its environment changes; requests can fail for some seconds.',
        },
      ],
    });
  });
});

describe('the configuration of Hasura Cloud', () => {
  const pathsOf = (schema: typeof configSchema | typeof credentialsSchema, input: unknown) =>
    schema.safeParse(input).error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? [];

  it('is a project, and refuses fields that it does not know', () => {
    expect(configSchema.parse({ projectId: PROJECT, projectName: 'shop' })).toEqual({
      projectId: PROJECT,
      projectName: 'shop',
    });
    expect(pathsOf(configSchema, {}).map(([path]) => path)).toEqual(['projectId']);
    expect(pathsOf(configSchema, { projectId: PROJECT, tenantId: PROJECT })).toHaveLength(1);
  });

  it('has credentials, and refuses fields that they do not have', () => {
    const credentials = { accessToken: 'pat', apiUrl: 'https://api.example.com' };
    expect(credentialsSchema.parse(credentials)).toEqual(credentials);
    expect(pathsOf(credentialsSchema, { apiUrl: 'nowhere' }).map(([path]) => path)).toEqual([
      'accessToken',
      'apiUrl',
    ]);
    expect(pathsOf(credentialsSchema, { accessToken: 'pat', token: 'pat' })).toHaveLength(1);
  });
});
