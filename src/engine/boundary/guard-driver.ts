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
import { quote } from '../../shared/text.js';
import { SecretValue } from '../../contracts/secret.js';
import { callForeign, foreignError } from './guard-call.js';
import type { AnyDestinationDriver } from '../../contracts/typed-definition.js';

const optionalText = z.optional(z.string());
const entryShape = z.object({
  key: z.string(),
  id: optionalText,
  kind: optionalText,
  revision: optionalText,
  value: z.optional(
    z.union([
      z.string(),
      z.custom<SecretValue>((value) => SecretValue.is(value)),
      z.object({ notAString: z.literal(true), json: optionalText }),
    ]),
  ),
  fixed: z.optional(
    z.enum(['inherited', 'alias', 'override', 'file', 'external', 'foreign-owner', 'built-in']),
  ),
  blocks: optionalText,
  reserved: z.optional(z.boolean()),
  hasDependents: z.optional(z.boolean()),
});
const outcomeShape = z.union([
  z.object({ key: z.string(), status: z.literal('applied'), id: optionalText, revision: optionalText }),
  z.object({ key: z.string(), status: z.enum(['failed', 'unknown']), error: z.unknown() }),
]);
// What fits stays the object that it is.
const readAnswer = z.object({
  entries: z.array(z.custom<DestinationEntry>((entry) => entryShape.safeParse(entry).success)),
});
const outcome = z.custom<WriteOutcome>((answer) => outcomeShape.safeParse(answer).success);

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

/** @throws SecretSyncError `INVALID_OPTION` where the driver throws or answers something else than it must. */
export function bindDriver(
  driver: AnyDestinationDriver,
  credentials: unknown,
  { destinationConfig }: SyncDefinition,
): BoundDriver {
  const ask = <Answer>(method: string, schema: z.ZodMiniType<Answer>, call: () => unknown): Answer => {
    const failed = `The driver ${quote(driver.name)} failed in ${method}(); nothing was sent. Mend the driver.`;
    const answer = schema.safeParse(callForeign(call, 'INVALID_OPTION', failed));
    if (answer.success) return answer.data;
    const message = `The driver ${quote(driver.name)} answered something else than it must in ${method}(); nothing was sent. Mend the driver.`;
    throw new SecretSyncError('INVALID_OPTION', message);
  };
  const { capabilities } = driver;
  return {
    endpoint: ask('endpoint', text, () => driver.endpoint(credentials)),
    headers: ask('authorization', headerRecord, () => driver.authorization(credentials)),
    place: ask('identity', text, () => driver.identity(credentials, destinationConfig)),
    capabilities: guardCapabilities(
      driver.name,
      typeof capabilities === 'function'
        ? ask('capabilities', capabilitiesShape, () => capabilities(destinationConfig))
        : capabilities,
    ),
  };
}

/** The same capabilities, whose functions can be handed values without fear of what they throw. */
function guardCapabilities(name: string, capabilities: Capabilities): Capabilities {
  const guard =
    <Arguments extends readonly unknown[], Answer>(method: string, call: (...given: Arguments) => Answer) =>
    (...given: Arguments): Answer =>
      callForeign(
        () => call(...given),
        'INVALID_OPTION',
        `The driver ${quote(name)} failed in ${method}(); nothing was written. Mend the driver.`,
      );
  const { kind, limits, writeWarnings } = capabilities;
  return {
    import: capabilities.import,
    writes: capabilities.writes,
    reservedWritable: capabilities.reservedWritable,
    ...(kind !== undefined && { kind }),
    ...(limits !== undefined && { limits }),
    ...(writeWarnings !== undefined && { writeWarnings }),
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
  const sentence = `The driver ${quote(driver.name)} failed in connect(); nothing was written. Mend the driver.`;
  return callForeign(() => driver.connect(options), 'DESTINATION_UNAVAILABLE', sentence);
}

/** The entries that a driver has read. @throws SecretSyncError `INVALID_RESPONSE` where they are none. */
export function entriesOf(driver: AnyDestinationDriver, answer: unknown): readonly DestinationEntry[] {
  const parsed = readAnswer.safeParse(answer);
  if (parsed.success) return parsed.data.entries;
  const message = `The driver ${quote(driver.name)} answered something else than entries in read(); nothing was written. Mend the driver.`;
  throw new SecretSyncError('INVALID_RESPONSE', message);
}

/**
 * What a driver told of how writes ended, its errors made harmless.
 *
 * @throws SecretSyncError `INVALID_RESPONSE` where it is something else; what was written is then unknown.
 */
export function outcomesOf(driver: AnyDestinationDriver, answer: unknown): readonly WriteOutcome[] {
  const parsed = z.array(outcome).safeParse(answer);
  if (parsed.success) return parsed.data.map((told) => harmless(driver, told));
  const message = `The driver ${quote(driver.name)} answered something else than outcomes in write(), so that nobody knows what was written. Mend the driver.`;
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
