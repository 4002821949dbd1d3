import type { Capabilities, DestinationEntry } from '../contracts/destination.js';
import type { BlockedReason } from '../contracts/plan.js';
import { quote, quoteList } from '../shared/text.js';
import { forEachInTurns, type Turns } from '../shared/turns/turns.js';
import type { SecretValue } from '../contracts/secret.js';
import type { KeySchema } from './definition/key-schema.js';
import { isInherited, type EntryIndex } from './inputs/destination-index.js';

/** Why a key can't be written, in words that follow "KEY: " and hold the remedy. */
export interface Block {
  readonly reason: BlockedReason;
  readonly why: string;
}

interface Wanted {
  readonly sourceKey: string;
  readonly value: string | SecretValue;
}

interface BlockInput {
  readonly desired: ReadonlyMap<string, Wanted>;
  readonly duplicates: ReadonlySet<string>;
  readonly keySchema: KeySchema;
  readonly capabilities: Capabilities;
  readonly entries: EntryIndex;
}

const encoder = new TextEncoder();

function blockOne(key: string, { sourceKey, value }: Wanted, input: BlockInput): Block | undefined {
  const { keySchema, capabilities, duplicates } = input;
  if (duplicates.has(sourceKey)) {
    return {
      reason: 'duplicate-key',
      why: `the source holds ${quote(sourceKey)} more than once; keep one of them`,
    };
  }
  if (sourceKey === '') return { reason: 'invalid-key', why: 'the source key is empty; give it a name' };
  if (keySchema.strip(key) !== sourceKey) {
    return {
      reason: 'key-not-representable',
      why: `the key schema can't be read back to ${quote(sourceKey)}; rename it, or change the schema`,
    };
  }
  const badKey = capabilities.checkKey(key);
  if (badKey !== undefined)
    return { reason: 'invalid-key', why: `the destination can't take this key: ${badKey}` };
  const text = typeof value === 'string' ? value : value.reveal();
  const badValue = capabilities.checkValue(text);
  if (badValue !== undefined) {
    return { reason: 'invalid-value', why: `the destination can't take its value: ${badValue}` };
  }
  const most = capabilities.limits?.valueBytes;
  // A UTF-16 unit takes 3 bytes at most, so that short values need not be encoded to be counted.
  if (most === undefined || text.length * 3 <= most) return undefined;
  const bytes = encoder.encode(text).length;
  return bytes <= most
    ? undefined
    : {
        reason: 'limit-exceeded',
        why: `its value has ${bytes} bytes and the destination takes ${most}; shorten it`,
      };
}

/** Why a desired key can't be written, where it can't. */
export type BlockOf = (key: string, wanted: Wanted) => Block | undefined;

/**
 * Finds the keys that can't be written whatever exists at the destination.
 *
 * | what is wrong | reason |
 * |---|---|
 * | the source holds the key more than once | `duplicate-key` |
 * | its name is empty, or the destination can't take it | `invalid-key` |
 * | `strip` does not give the source key back | `key-not-representable` |
 * | the destination can't take the value | `invalid-value` |
 * | two keys are one to the destination | `colliding-key`, both |
 * | the value is too long, or a new key is one too many | `limit-exceeded` |
 */
export function* blockDesired(input: BlockInput): Turns<BlockOf> {
  const { desired, capabilities } = input;
  const blockOf: BlockOf = (key, wanted) => blockOne(key, wanted, input);
  const most = capabilities.limits?.keys;
  // Each key by itself, when its turn comes, where no key bears on another.
  if (capabilities.canonicalKey === undefined && most === undefined) return blockOf;
  const blocks = new Map<string, Block>();
  yield* forEachInTurns(desired, ([key, wanted]) => {
    const block = blockOf(key, wanted);
    if (block !== undefined) blocks.set(key, block);
  });
  if (capabilities.canonicalKey !== undefined) yield* blockCollisions(input, blocks);
  if (most !== undefined) blockBeyond(most, input, blocks);
  return (key) => blocks.get(key);
}

function* blockCollisions({ desired, entries }: BlockInput, blocks: Map<string, Block>): Turns {
  const groups = new Map<string, string[]>();
  yield* forEachInTurns(desired.keys(), (key) => {
    const canonical = entries.canonical(key);
    const group = groups.get(canonical);
    if (group === undefined) groups.set(canonical, [key]);
    else group.push(key);
  });
  for (const group of groups.values()) {
    if (group.length === 1) continue;
    const why = `${quoteList([...group].sort())} are one key to the destination; rename all but one`;
    for (const key of group) blocks.set(key, { reason: 'colliding-key', why });
  }
}

function blockBeyond(most: number, { desired, entries }: BlockInput, blocks: Map<string, Block>): void {
  const own = (all: readonly DestinationEntry[]) => all.filter((entry) => !isInherited(entry)).length;
  let count = 0;
  for (let position = 0; position < entries.size; position += 1) count += own(entries.group(position));
  for (const key of [...desired.keys()].sort()) {
    if (blocks.has(key) || own(entries.at(key)) > 0) continue;
    count += 1;
    if (count > most) {
      blocks.set(key, {
        reason: 'limit-exceeded',
        why: `the destination holds ${most} keys at most; remove some`,
      });
    }
  }
}
