import { endpointOf } from './health.js';
import { createMutations, findByTenant, tenantEnv } from './mutations.js';
import type { HasuraCloudState, ProjectRecord } from './state.js';
import type { HasuraCloudSwitches } from './switches.js';
import { isRecord } from '../../../shared/arguments/rules.js';

interface ListArguments {
  readonly where?: object | null;
  readonly limit?: number | null;
  readonly offset?: number | null;
}

/** One comparison of a boolean expression of Hasura, with a value that is there or null. */
function compares(value: unknown, operator: string, operand: unknown): boolean {
  if (operator === '_is_null') return (value === null) === operand;
  if (value === null) return false;
  if (operator === '_eq') return value === operand;
  if (operator === '_neq') return value !== operand;
  const among = Array.isArray(operand) && operand.includes(value);
  return operator === '_in' ? among : !among;
}

/** Whether a row fits a boolean expression. Relations are functions of the row, as the resolvers have them. */
function fits(row: unknown, expression: unknown): boolean {
  if (!isRecord(expression)) return true;
  return Object.entries(expression).every(([name, operand]) => {
    if (name === '_and') return Array.isArray(operand) && operand.every((one) => fits(row, one));
    if (name === '_or') return Array.isArray(operand) && operand.some((one) => fits(row, one));
    if (name === '_not') return !fits(row, operand);
    if (name.startsWith('_')) return compares(row, name, operand);
    const field: unknown = isRecord(row) ? row[name] : null;
    const value: unknown = typeof field === 'function' ? (field as () => unknown)() : (field ?? null);
    // A relation to nothing fits no expression about it.
    return isRecord(operand) && (value !== null || '_is_null' in operand) && fits(value, operand);
  });
}

function select<Row>(rows: readonly Row[], { where, limit, offset }: ListArguments): Row[] {
  const found = rows.filter((row) => fits(row, where));
  const start = offset ?? 0;
  return found.slice(start, limit === undefined || limit === null ? undefined : start + limit);
}

/** Where a tenant runs (a community Terraform provider asks for it): one for all. */
const HOME = { cloud: 'aws', region: 'us-east-2' };

function slugOf({ name, id }: ProjectRecord): string {
  return `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${id.slice(-4)}`;
}

/** The root fields, as the `graphql` package calls them: it has checked the arguments against the schema. */
export function createHasuraCloudResolvers(
  state: HasuraCloudState,
  switches: HasuraCloudSwitches,
  origin: () => string,
) {
  const projectOf = (record: ProjectRecord) => ({
    id: record.id,
    name: record.name,
    endpoint: endpointOf(record, switches, origin()),
    tenant: () => tenantOf(record),
  });
  const tenantOf = (record: ProjectRecord): unknown =>
    record.tenantId === null
      ? null
      : { id: record.tenantId, slug: slugOf(record), ...HOME, project: () => projectOf(record) };
  const records = () => [...state.projects.values()];
  return {
    ...createMutations(state, switches),
    projects: (given: ListArguments) => select(records().map(projectOf), given),
    projects_by_pk({ id }: { id: string }) {
      const record = state.projects.get(id);
      return record ? projectOf(record) : null;
    },
    tenant: (given: ListArguments) =>
      select(
        records()
          .filter(({ tenantId }) => tenantId !== null)
          .map(tenantOf),
        given,
      ),
    tenant_by_pk({ id }: { id: string }) {
      const record = state.byTenant(id);
      return record ? tenantOf(record) : null;
    },
    getTenantEnv({ tenantId }: { tenantId: string }) {
      const record = findByTenant(state, switches, tenantId);
      return record ? tenantEnv(state, switches, record) : null;
    },
  };
}
