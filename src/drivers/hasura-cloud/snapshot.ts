import type { DestinationEntry } from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { SecretValue } from '../../contracts/secret.js';
import { isJsonOf } from '../../shared/canonical-json.js';
import { isReserved } from './config.js';
import { isRecord } from '../../shared/arguments/rules.js';

/** The environment of a project as it was last seen, with what a mutation needs. */
export interface Snapshot {
  readonly tenantId: string;
  readonly hash: string;
  readonly entries: ReadonlyMap<string, DestinationEntry>;
}

function entry(key: string, value: unknown, isOwn: boolean): DestinationEntry {
  return {
    key,
    // The service can retype what was written as a string: its JSON then equals what is wanted.
    value:
      typeof value === 'string'
        ? new SecretValue(value)
        : { notAString: true, ...(value !== null && { json: JSON.stringify(value) }) },
    // What is beside the variables without being a HASURA_* setting is the platform's, and nothing says that a variable
    // of that name would take its place.
    ...(!isOwn && !isReserved(key) && { fixed: 'built-in' }),
    ...((!isOwn || isReserved(key)) && { reserved: true }),
  };
}

/**
 * Reads `envVars`: custom variables are under `environment`, which may be absent, and settings beside it (official
 * client). Both are what a process of the project sees, so both are entries; a key in both is the custom variable.
 *
 * @throws SecretSyncError `INVALID_RESPONSE` where the variables can't be told: to take that for an empty environment
 * would be to write everything again.
 */
export function toEntries(envVars: unknown): Map<string, DestinationEntry> {
  const entries = new Map<string, DestinationEntry>();
  let own: unknown;
  for (const [key, value] of Object.entries(isRecord(envVars) ? envVars : {})) {
    if (key === 'environment') own = value ?? {};
    else entries.set(key, entry(key, value, false));
  }
  own ??= {};
  if (!isRecord(envVars) || !isRecord(own)) {
    throw new SecretSyncError(
      'INVALID_RESPONSE',
      'Hasura Cloud returned an environment that is not a JSON object; check in its console whether the project works.',
    );
  }
  for (const [key, value] of Object.entries(own)) entries.set(key, entry(key, value, true));
  return entries;
}

/** One change as it is sent: `undefined` deletes. */
export type Changes = ReadonlyMap<string, SecretValue | undefined>;

/** Whether an entry is what a change makes of it. */
export function isDone(entries: Snapshot['entries'], key: string, wanted: SecretValue | undefined): boolean {
  const value = entries.get(key)?.value;
  if (wanted === undefined || value === undefined) return wanted === value;
  if (typeof value === 'string' || SecretValue.is(value)) return wanted.equals(value);
  return value.json !== undefined && isJsonOf(wanted, value.json);
}

/** Whether all but the changed keys are as they were. */
export function sameBeside(
  before: Snapshot['entries'],
  after: Snapshot['entries'],
  changes: Changes,
): boolean {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].every((key) => {
    const value = before.get(key)?.value;
    return (
      changes.has(key) ||
      (SecretValue.is(value) ? isDone(after, key, value) : after.has(key) === before.has(key))
    );
  });
}
