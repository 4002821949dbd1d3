import type { DestinationEntry, FixedReason, WriteOutcome } from '../../contracts/destination.js';
import type { FollowUpOutcome } from '../../contracts/follow-up.js';
import { SecretValue } from '../../contracts/secret.js';

// What a driver returns can have a million items, and is looked at in one go: by hand, which takes a tenth of the time
// that a schema takes.

type Fields = {
  readonly [
    Name in keyof DestinationEntry | 'notAString' | 'json' | 'entries' | 'status' | 'error' | 'message'
  ]?: unknown;
};

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const isOptionalString = (value: unknown): boolean => value === undefined || typeof value === 'string';
const isOptionalFlag = (value: unknown): boolean => value === undefined || typeof value === 'boolean';

const FIXED: ReadonlySet<unknown> = new Set<FixedReason | undefined>([
  undefined,
  'inherited',
  'alias',
  'override',
  'file',
  'external',
  'foreign-owner',
  'built-in',
]);

const isEntryValue = (value: unknown): boolean =>
  isOptionalString(value) ||
  SecretValue.is(value) ||
  (isFields(value) && value.notAString === true && isOptionalString(value.json));

/** The field of an entry that is not as its contract says; empty for what is not an object; `undefined`: none. */
function faultOfEntry(entry: unknown): string | undefined {
  if (!isFields(entry)) return '';
  if (typeof entry.key !== 'string') return '.key';
  if (!isOptionalString(entry.id)) return '.id';
  if (!isOptionalString(entry.kind)) return '.kind';
  if (!isOptionalString(entry.revision)) return '.revision';
  if (!isEntryValue(entry.value)) return '.value';
  if (!FIXED.has(entry.fixed)) return '.fixed';
  if (!isOptionalString(entry.blocks)) return '.blocks';
  if (!isOptionalFlag(entry.reserved)) return '.reserved';
  return isOptionalFlag(entry.hasDependents) ? undefined : '.hasDependents';
}

function faultOfOutcome(outcome: unknown): string | undefined {
  if (!isFields(outcome)) return '';
  if (typeof outcome.key !== 'string') return '.key';
  if (outcome.status === 'failed' || outcome.status === 'unknown')
    return 'error' in outcome ? undefined : '.error';
  if (outcome.status !== 'applied') return '.status';
  if (!isOptionalString(outcome.id)) return '.id';
  return isOptionalString(outcome.revision) ? undefined : '.revision';
}

/** What a driver returned, or where it is not as the contract says: nothing of what is there. */
export type Checked<Item> = { readonly items: readonly Item[] } | { readonly fault: string };

function checked<Item>(
  list: unknown,
  name: string,
  faultOf: (item: unknown) => string | undefined,
): Checked<Item> {
  if (!Array.isArray(list)) return { fault: name };
  const items: readonly unknown[] = list;
  for (let index = 0; index < items.length; index += 1) {
    const fault = faultOf(items[index]);
    if (fault !== undefined) return { fault: `${name}[${index}]${fault}` };
  }
  return { items: items as readonly Item[] };
}

/** Checks what `read()` returned. */
export const checkedEntries = (returned: unknown): Checked<DestinationEntry> =>
  isFields(returned) ? checked(returned.entries, 'entries', faultOfEntry) : { fault: 'entries' };

/** Checks what `write()` returned, or handed to `onOutcome`. */
export const checkedOutcomes = (returned: unknown): Checked<WriteOutcome> =>
  checked(returned, 'outcomes', faultOfOutcome);

const FOLLOW_UP_STATUS: ReadonlySet<unknown> = new Set<FollowUpOutcome['status']>([
  'started',
  'succeeded',
  'failed',
  'timed-out',
]);

/** Checks what `finish()` returned. */
export const isFollowUpOutcome = (returned: unknown): returned is FollowUpOutcome =>
  isFields(returned) && FOLLOW_UP_STATUS.has(returned.status) && typeof returned.message === 'string';
