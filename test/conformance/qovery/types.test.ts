import {
  APIVariableScopeEnum,
  APIVariableTypeEnum,
  type Environment,
  type Organization,
  type Project,
  type VariableEditRequest,
  type VariableMainCallsApi,
  type VariableOverrideRequest,
  type VariableRequest,
  type VariableResponse,
} from 'qovery-typescript-axios';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { SecretValue } from '../../../src/contracts/secret.js';
import type { createBody, editBody, listQuery, overrideBody } from '../../../src/drivers/qovery/bodies.js';
import type { FixedType } from '../../../src/drivers/qovery/entries.js';
import type { Variable, VariableScope } from '../../../src/drivers/qovery/variable.js';
import type { Named } from '../../../src/drivers/support/named-resources.js';

/** A body as it is written: a secret is a string there. */
type Written<Body> = Body extends SecretValue
  ? string
  : Body extends object
    ? { [Field in keyof Body]: Written<Body[Field]> }
    : Body;

/** What the client's type has that a response of ours reads, null counting as absent. */
type Read<Model> = { [Field in keyof Model]: Exclude<Model[Field], null> };

type ListQuery = Parameters<VariableMainCallsApi['listVariables']>;

// The compiler checks these, in `npm run typecheck`.
describe('what the Qovery driver sends, by the types of the official client', () => {
  it('is a request of the client, for each body', () => {
    expectTypeOf<Written<ReturnType<typeof createBody>>>().toExtend<VariableRequest>();
    expectTypeOf<Written<ReturnType<typeof editBody>>>().toExtend<VariableEditRequest>();
    expectTypeOf<Written<ReturnType<typeof overrideBody>>>().toExtend<VariableOverrideRequest>();
    expectTypeOf<ReturnType<typeof listQuery>['parent_id']>().toExtend<ListQuery[0]>();
    expectTypeOf<ReturnType<typeof listQuery>['scope']>().toExtend<ListQuery[1]>();
  });

  it('has no field that the client does not know', () => {
    type Unknown<Sent, Model> = Exclude<keyof Sent, keyof Model>;
    expectTypeOf<Unknown<ReturnType<typeof createBody>, VariableRequest>>().toBeNever();
    expectTypeOf<Unknown<ReturnType<typeof editBody>, VariableEditRequest>>().toBeNever();
    expectTypeOf<Unknown<ReturnType<typeof overrideBody>, VariableOverrideRequest>>().toBeNever();
  });

  it('is told apart from a body that lacks a field or has a word that is not known', () => {
    type Created = Written<ReturnType<typeof createBody>>;
    expectTypeOf<Omit<Created, 'is_secret'>>().not.toExtend<VariableRequest>();
    expectTypeOf<Created & { variable_scope: 'SERVICE' }>().toBeNever();
    expectTypeOf<'SERVICE'>().not.toExtend<APIVariableScopeEnum>();
  });
});

describe('what the Qovery driver reads, by the types of the official client', () => {
  it('are fields that a variable has, of types that they can have', () => {
    expectTypeOf<keyof Variable>().toExtend<keyof VariableResponse>();
    type Plain = Omit<Variable, 'aliased_variable' | 'overridden_variable'>;
    expectTypeOf<Read<Pick<VariableResponse, keyof Plain>>>().toExtend<Plain>();
  });

  it('are id and name of what is above a variable', () => {
    expectTypeOf<Organization>().toExtend<Named>();
    expectTypeOf<Project>().toExtend<Named>();
    expectTypeOf<Environment>().toExtend<Named>();
  });

  it('names scopes and types that the API has', () => {
    expectTypeOf<VariableScope['scope']>().toExtend<APIVariableScopeEnum>();
    expectTypeOf<FixedType | 'VALUE'>().toExtend<APIVariableTypeEnum>();
    expect(Object.values(APIVariableScopeEnum)).toEqual(
      expect.arrayContaining(['PROJECT', 'ENVIRONMENT', 'BUILT_IN']),
    );
    // A new type is `external` to the driver until someone has looked at it.
    expect(Object.values(APIVariableTypeEnum).sort()).toEqual([
      'ALIAS',
      'BUILT_IN',
      'EXTERNAL_SECRET',
      'FILE',
      'FILE_EXTERNAL_SECRET',
      'OVERRIDE',
      'VALUE',
    ]);
  });
});
