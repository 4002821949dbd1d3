import * as z from 'zod/mini';
import { SecretValue } from '../../contracts/secret.js';
import { uuid } from '../support/ids.js';
import type { QoveryVariableType } from './config.js';

/** What is of another type, `null` above all, counts as absent. (`z.catch` makes an error for each first: most of the time of a list.) */
const lenient = <Kept>(keep: (value: unknown) => Kept | undefined) =>
  z.optional(z.pipe(z.unknown(), z.transform(keep)));

const optionalString = lenient((value) => (typeof value === 'string' ? value : undefined));
const optionalFlag = lenient((value) => (typeof value === 'boolean' ? value : undefined));
// Up to 6 digits of a second, trailing zeros cut (captured from the API by the official console's tests).
const TIMESTAMP = /^\d{4}-\d\d-\d\d[T ][\d:.]{5,20}(Z|[+-][\d:]{2,6})?$/i;
/** It is remembered. */
const optionalTimestamp = lenient((value) =>
  typeof value === 'string' && TIMESTAMP.test(value) ? value : undefined,
);

/**
 * Schema of a variable in a response. Only id and key are needed; null counts as absent, although the specification
 * forbids it (captured). An unknown scope or type is kept as it is and is never ours. Fields that are not declared,
 * such as `variable_kind`, are ignored.
 */
export const variableSchema = z.object({
  id: uuid,
  key: z.string(),
  value: optionalString,
  is_secret: optionalFlag,
  scope: optionalString,
  variable_type: optionalString,
  updated_at: optionalTimestamp,
  mount_path: optionalString,
  description: optionalString,
  enable_interpolation_in_file: optionalFlag,
  owned_by: optionalString,
  aliased_variable: z.optional(z.unknown()),
  overridden_variable: z.optional(z.unknown()),
});

/** A variable as the API shows it, of whatever scope and type. */
export type Variable = z.output<typeof variableSchema>;

/** Where variables are: a project or an environment. */
export interface VariableScope {
  readonly scope: 'PROJECT' | 'ENVIRONMENT';
  readonly parentId: string;
}

/** What an edit must send back as it was, or it is lost. */
export type Extras = Pick<Variable, 'description' | 'enable_interpolation_in_file'>;

/** Whether a variable is a secret. A response that leaves it open shows by the value, which secrets never have. */
export const kindOf = ({ is_secret, value }: Variable): QoveryVariableType =>
  (is_secret ?? value === undefined) ? 'secret' : 'variable';

/**
 * Returns the value, where it can be read. A variable whose value is null counts as unreadable and not as empty: an
 * empty value is a string, and null says nothing about what the services will get.
 */
export const valueOf = (variable: Variable): SecretValue | undefined =>
  kindOf(variable) === 'secret' || variable.value === undefined ? undefined : new SecretValue(variable.value);

/** The type of a variable: what the API says, else what the other fields say. */
export function typeOf(variable: Variable): string {
  const { variable_type: type, scope, aliased_variable: aliased, overridden_variable: overridden } = variable;
  if (type !== undefined) return type;
  if (scope === 'BUILT_IN') return 'BUILT_IN';
  if (aliased !== undefined && aliased !== null) return 'ALIAS';
  return overridden !== undefined && overridden !== null ? 'OVERRIDE' : 'VALUE';
}
