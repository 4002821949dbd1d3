import * as z from 'zod/mini';
import type { SyncDefinition } from '../../contracts/definition.js';
import type {
  Capabilities,
  ConnectOptions,
  DestinationConnection,
  DestinationEntry,
  WarnableChange,
  WriteOutcome,
} from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { FollowUpOutcome } from '../../contracts/follow-up.js';
import { quote } from '../../shared/text.js';
import { callForeign, foreignError } from './guard-call.js';
import { checkedEntries, checkedOutcomes, isFollowUpOutcome } from './returned-shapes.js';
import type { AnyDestinationDriver } from '../../contracts/typed-definition.js';

/** What a driver makes of a definition and its credentials. */
export interface BoundDriver {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly capabilities: Capabilities;
  /** The identity of the place. */
  readonly place: string;
}

const capabilitiesShape = z.custom<Capabilities>((value) => typeof value === 'object' && value !== null);
const text = z.string();
const headerRecord = z.record(z.string(), z.string());

/**
 * Asks a driver what it makes of a definition and its credentials.
 *
 * @throws SecretSyncError `INVALID_OPTION` where the driver throws, or returns what its contract does not allow.
 */
export function bindDriver(
  driver: AnyDestinationDriver,
  credentials: unknown,
  { destinationConfig }: SyncDefinition,
): BoundDriver {
  return {
    endpoint: ask(driver, 'endpoint', text, () => driver.endpoint(credentials)),
    headers: ask(driver, 'authorization', headerRecord, () => driver.authorization(credentials)),
    place: ask(driver, 'identity', text, () => driver.identity(credentials, destinationConfig)),
    capabilities: guardCapabilities(driver.name, capabilitiesOf(driver, destinationConfig)),
  };
}

function ask<Returned>(
  driver: AnyDestinationDriver,
  method: string,
  schema: z.ZodMiniType<Returned>,
  call: () => unknown,
): Returned {
  const failed = `The driver ${quote(driver.name)} failed in ${method}(); nothing was sent. Fix the driver.`;
  const returned = schema.safeParse(callForeign(call, 'INVALID_OPTION', failed));
  if (returned.success) return returned.data;
  const message = `The driver ${quote(driver.name)} returned something invalid from ${method}(); nothing was sent. Fix the driver.`;
  throw new SecretSyncError('INVALID_OPTION', message);
}

/** Returns what a driver declares for a config. @throws SecretSyncError `INVALID_OPTION`, as {@link bindDriver}. */
export function capabilitiesOf(driver: AnyDestinationDriver, config: unknown): Capabilities {
  const { capabilities } = driver;
  return ask(driver, 'capabilities', capabilitiesShape, () =>
    typeof capabilities === 'function' ? capabilities(config) : capabilities,
  );
}

/** Returns the same capabilities, whose functions show nothing of the values that they are called with when they throw. */
function guardCapabilities(name: string, capabilities: Capabilities): Capabilities {
  const guard = <Arguments extends readonly unknown[], Returned>(
    method: string,
    call: (...given: Arguments) => Returned,
  ) => {
    const sentence = `The driver ${quote(name)} failed in ${method}(); nothing was written. Fix the driver.`;
    return (...given: Arguments): Returned => callForeign(() => call(...given), 'INVALID_OPTION', sentence);
  };
  const { kind, limits, writeWarnings, followUp } = capabilities;
  return {
    import: capabilities.import,
    writes: capabilities.writes,
    reservedWritable: capabilities.reservedWritable,
    ...(kind !== undefined && { kind }),
    ...(limits !== undefined && { limits }),
    ...(writeWarnings !== undefined && { writeWarnings }),
    ...(followUp !== undefined && { followUp }),
    checkKey: guard('checkKey', (key: string) => capabilities.checkKey(key)),
    checkValue: guard('checkValue', (value: string) => capabilities.checkValue(value)),
    isReserved: guard('isReserved', (key: string) => capabilities.isReserved(key)),
    ...(capabilities.canonicalKey !== undefined && {
      canonicalKey: guard('canonicalKey', (key: string) => capabilities.canonicalKey?.(key) ?? key),
    }),
    ...(capabilities.warn !== undefined && {
      warn: guard('warn', (change: WarnableChange) => capabilities.warn?.(change) ?? []),
    }),
  };
}

/** @throws SecretSyncError `DESTINATION_UNAVAILABLE` where the driver throws. */
export function connectDriver(
  driver: AnyDestinationDriver,
  options: ConnectOptions<unknown, unknown>,
): DestinationConnection {
  const sentence = `The driver ${quote(driver.name)} failed in connect(); nothing was written. Fix the driver.`;
  return callForeign(() => driver.connect(options), 'DESTINATION_UNAVAILABLE', sentence);
}

/**
 * Returns the entries that a driver has read.
 *
 * @throws SecretSyncError `INVALID_RESPONSE` where they are not entries; it says where.
 */
export function entriesOf(driver: AnyDestinationDriver, returned: unknown): readonly DestinationEntry[] {
  const checked = checkedEntries(returned);
  if ('items' in checked) return checked.items;
  const message = `The driver ${quote(driver.name)} returned something from read() that is not a list of entries (at ${checked.fault}); nothing was written. Fix the driver.`;
  throw new SecretSyncError('INVALID_RESPONSE', message);
}

/**
 * Returns how writes ended, as a driver says it; its errors are made safe to show.
 *
 * @throws SecretSyncError `INVALID_RESPONSE` where it says something else; what was written is then unknown.
 */
export function outcomesOf(driver: AnyDestinationDriver, returned: unknown): readonly WriteOutcome[] {
  const checked = checkedOutcomes(returned);
  if ('items' in checked) return checked.items.map((told) => harmless(driver, told));
  const message = `The driver ${quote(driver.name)} returned something from write() that is not a list of outcomes (at ${checked.fault}); it is unknown what was written. Fix the driver.`;
  throw new SecretSyncError('INVALID_RESPONSE', message, { maybeWritten: true });
}

/**
 * Returns how what followed the writes went, as a driver says it.
 *
 * @throws SecretSyncError `INVALID_RESPONSE` where it says something else; what was started is then unknown.
 */
export function followUpOutcomeOf(driver: AnyDestinationDriver, returned: unknown): FollowUpOutcome {
  if (isFollowUpOutcome(returned)) return returned;
  const message = `The driver ${quote(driver.name)} returned something from finish() that is not { status, message }; it is unknown what was started. Fix the driver.`;
  throw new SecretSyncError('INVALID_RESPONSE', message, { maybeWritten: true });
}

function harmless(driver: AnyDestinationDriver, told: WriteOutcome): WriteOutcome {
  if (told.status === 'applied') return told;
  const error = foreignError(
    told.error,
    'DESTINATION_UNAVAILABLE',
    `${driver.displayName} could not write it.`,
  );
  return error === told.error ? told : { ...told, error };
}
