import { describe, expect, it } from 'vitest';
import { SecretValue } from '../../../src/contracts/secret.js';
import {
  capabilities,
  configSchema,
  credentialsSchema,
  isReserved,
} from '../../../src/drivers/qovery/config.js';

const PROJECT = '00000000-0000-4000-8000-000000000002';
const ENVIRONMENT = '00000000-0000-4000-8000-000000000003';
const config = { organizationId: 'o', projectId: PROJECT };

const problemsOf = (schema: typeof configSchema | typeof credentialsSchema, input: unknown) =>
  schema.safeParse(input).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

const NOT_A_UUID =
  'it is not a UUID, and the service takes no other id; copy it from the address bar of the console';

describe('the configuration of Qovery', () => {
  it('writes secrets where it says nothing else', () => {
    expect(configSchema.parse(config)).toEqual({ ...config, variableType: 'secret' });
    expect(configSchema.parse({ ...config, variableType: 'variable' }).variableType).toBe('variable');
  });

  it.each([
    [{ ...config, variableType: 'file' }, ['variableType: use "secret" or "variable"']],
    [{ ...config, projectId: 'p' }, [`projectId: ${NOT_A_UUID}`]],
    [{ ...config, projectId: 'p', environmentId: ENVIRONMENT }, []],
    [{ ...config, environmentId: 'e' }, [`environmentId: ${NOT_A_UUID}`]],
    [
      { ...config, environmentName: 'production' },
      ['environmentId: an environment is named, but its id is missing; set it'],
    ],
    [{ ...config, environmentName: '' }, []],
    [{ ...config, environmentName: 'production', environmentId: ENVIRONMENT }, []],
  ])('%j has the problems %j', (input, problems) => {
    expect(problemsOf(configSchema, input)).toEqual(problems);
  });

  it('refuses fields of credentials that it does not know', () => {
    expect(credentialsSchema.parse({ accessToken: 't', instanceUrl: 'https://q.example' })).toEqual({
      accessToken: 't',
      instanceUrl: 'https://q.example',
    });
    expect(problemsOf(credentialsSchema, { accessToken: 't', token: 't' })).toHaveLength(1);
    expect(problemsOf(credentialsSchema, { instanceUrl: 'nowhere' })).toHaveLength(2);
  });
});

describe('what Qovery takes', () => {
  const atProject = capabilities({});
  const atEnvironment = capabilities({ environmentId: ENVIRONMENT, variableType: 'variable' });

  it('is written one by one, in the kind of the configuration, and never imported', () => {
    expect(atProject).toMatchObject({
      import: false,
      writes: 'each',
      kind: 'secret',
      reservedWritable: false,
    });
    expect(atEnvironment.kind).toBe('variable');
    expect(atProject.writeWarnings).toEqual([
      {
        code: 'TAKES_EFFECT_ON_DEPLOY',
        message: 'Qovery hands changed variables to its services at their next deployment.',
      },
    ]);
  });

  it('is deployed where it is an environment', () => {
    expect(atEnvironment.followUp).toEqual({ action: 'redeploy', settles: ['TAKES_EFFECT_ON_DEPLOY'] });
    expect(atProject.followUp).toEqual({
      unavailable:
        'only one environment can be deployed after a sync, and destinationConfig names a whole project; set environmentId',
    });
  });

  it.each([
    ['A', true],
    ['a_1', true],
    ['_A', false],
    ['1A', false],
    ['A-B', false],
    ['A B', false],
    [' A', false],
    ['', false],
  ])('as a key, of %j: %j', (key, isTaken) => {
    const problem = 'use letters, digits and underscores, with a letter at the start';
    expect(atProject.checkKey?.(key)).toBe(isTaken ? undefined : problem);
  });

  it('is reserved only by its prefix', () => {
    expect([isReserved('QOVERY_A'), isReserved('QOVERY'), isReserved('MY_QOVERY_A')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  describe('warns', () => {
    const codes = (of: typeof atProject, change: object) =>
      (of.warn?.({ key: 'A', action: 'update', ...change } as never) ?? []).map(({ code }) => code);

    it('of a value that is interpolated', () => {
      const [warning] =
        atProject.warn?.({ key: 'A', action: 'create', value: new SecretValue('{{B}}') }) ?? [];
      expect(warning).toEqual({
        code: 'INTERPOLATED_VALUE',
        key: 'A',
        message: 'its value holds "{{", which Qovery replaces by other variables when it deploys.',
      });
      expect(codes(atProject, { value: new SecretValue('{B}') })).toEqual([]);
      expect(codes(atProject, {})).toEqual([]);
    });

    it('of a secret that can be read from then on', () => {
      const exposed = { action: 'replace', previousKind: 'secret' };
      expect(atEnvironment.warn?.({ key: 'A', ...exposed } as never)).toEqual([
        {
          code: 'EXPOSES_VALUE',
          key: 'A',
          message: 'it was a secret and becomes a variable that everyone in the project can read.',
        },
      ]);
      const secrets = capabilities({ environmentId: ENVIRONMENT });
      expect(codes(secrets, exposed)).toEqual([]);
      expect(codes(atEnvironment, { ...exposed, previousKind: 'variable' })).toEqual([]);
      expect(codes(atEnvironment, { ...exposed, action: 'update' })).toEqual([]);
    });

    it('of what environments lose with a variable of the project', () => {
      expect(atProject.warn?.({ key: 'A', action: 'delete' } as never)).toEqual([
        {
          code: 'DELETE_CASCADES',
          key: 'A',
          message:
            'deleting it from the project also deletes the aliases and overrides that environments made of it.',
        },
      ]);
      expect(codes(atProject, { action: 'replace', previousKind: 'variable' })).toEqual(['DELETE_CASCADES']);
      expect(codes(atProject, { action: 'update' })).toEqual([]);
      expect(codes(atEnvironment, { action: 'delete' })).toEqual([]);
    });
  });
});
