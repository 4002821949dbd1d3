import type { SecretValue } from '../../contracts/secret.js';
import type { Extras, VariableScope } from './variable.js';

/** A variable to be created. */
export interface NewVariable {
  readonly key: string;
  readonly value: SecretValue;
  readonly kind: string | undefined;
  readonly extras?: Extras;
  /** The id of the variable of a higher scope that it overrides. */
  readonly overrides?: string | undefined;
}

const extrasOf = ({ description, enable_interpolation_in_file }: Extras = {}) => ({
  ...(description !== undefined && { description }),
  ...(enable_interpolation_in_file !== undefined && { enable_interpolation_in_file }),
});

/** Returns the body of `POST /variable`. */
export const createBody = (
  { scope, parentId }: VariableScope,
  { key, value, kind = 'secret', extras }: NewVariable,
) => ({
  key,
  value,
  is_secret: kind !== 'variable',
  variable_scope: scope,
  variable_parent_id: parentId,
  ...extrasOf(extras),
});

/** Returns the body of `POST /variable/{id}/override`. */
export const overrideBody = ({ scope, parentId }: VariableScope, { value, extras }: NewVariable) => ({
  value,
  override_scope: scope,
  override_parent_id: parentId,
  ...extrasOf(extras),
});

/** Returns the body of `PUT /variable/{id}`. */
export const editBody = ({ key, value, extras }: NewVariable) => ({ key, value, ...extrasOf(extras) });

/** Returns the query of `GET /variable`. */
export const listQuery = ({ scope, parentId }: VariableScope) => ({ parent_id: parentId, scope });
