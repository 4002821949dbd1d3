import * as z from 'zod/mini';
import type { StateStore, VersionedDocument } from '../../contracts/state-store.js';
import { checkCall } from '../../shared/arguments/check.js';
import { aName, optional } from '../../shared/arguments/rules.js';
import { byText, compareText } from '../../shared/text.js';
import { damaged, notSaved, parseDocument, stateAt, statesBelow, unreadable } from '../server.js';
import { assertStoreKey, stateConflict } from '../store-key.js';
import { aClient, commandsOf, type RedisClient } from './client.js';
import { redisFailure } from './failure.js';
import { DISCARD, ENTRIES, GET, LIST, LOOK, SWAP } from './scripts.js';

export type { RedisClient } from './client.js';

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** The key in Redis of the one hash that holds all documents. Default: `secret-sync:documents`. */
  readonly key?: string | undefined;
}

const string = z.nullable(z.string());
const stored = z.tuple([string, string, string, z.string()]);
const marked = z.tuple([string, string, string, z.string(), z.string()]);
const listed = z.array(z.string());
const entered = z.array(z.tuple([z.string(), string, string, string, z.string()]));
const changed = z.union([z.literal(0), z.literal(1)]);

function documentOf(
  key: string,
  [version, text, putAt, now]: z.infer<typeof stored>,
): VersionedDocument | undefined {
  if (version === null && text === null) return undefined;
  // No put makes an empty version, which the scripts take for none.
  if (!version || text === null) throw damaged(key, 'a field of the hash in Redis is missing');
  const found = { document: parseDocument(key, text), version };
  const age = putAt === null ? Number.NaN : Number(now) - Number(putAt);
  return Number.isFinite(age) ? { ...found, age: Math.max(0, age) } : found;
}

/** Whether there is a document that can be read. */
function isWhole(key: string, found: z.infer<typeof stored>): boolean {
  try {
    return documentOf(key, found) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Returns a store that keeps all documents in one hash of Redis (6 or later) or Valkey, for any number of processes
 * and machines.
 *
 * Each call is one command, a Lua script, and so one round trip. A command that the client sends again because the
 * response was lost is done once. `flush` makes no difference: when a write reaches the disk is up to the server.
 * Documents tell their age by the clock of the server. The client is neither opened nor closed; it must return strings,
 * not buffers, and needs an `error` listener where it is an event emitter.
 *
 * What is lost in Redis is lost for this library: which keys it owns. So the server needs append-only files
 * (`appendonly yes`) and `maxmemory-policy noeviction`, and reads must not go to replicas. With `appendfsync everysec`,
 * or at a failover, the last second can be lost.
 *
 * Throws `INVALID_OPTION` for what is not a client and for an empty `key`; its methods `STATE_UNREADABLE` for a read that
 * fails and `STATE_NOT_SAVED` for a write that fails, both retryable while Redis can't be reached or is out of memory.
 *
 * @example
 * const client = new Redis('redis://localhost:6379'); // ioredis
 * client.on('error', (error) => log.warn({ error }));
 * const store = redisStore(client);
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): StateStore {
  checkCall('redisStore', { client }, { client: aClient }, options, { key: optional(aName) });
  const { key: hash = 'secret-sync:documents' } = options;
  const send = commandsOf(client);
  const run = (script: string, ...args: readonly string[]) => send('EVAL', script, '1', hash, ...args);

  async function read<Reply>(
    what: string,
    schema: z.ZodMiniType<Reply>,
    script: string,
    argument: string,
  ): Promise<Reply> {
    const reply = await run(script, argument).catch((error: unknown) => {
      throw unreadable(what, redisFailure(error));
    });
    const parsed = schema.safeParse(reply);
    if (parsed.success) return parsed.data;
    const reason =
      'Redis returned something else than strings; give redisStore a client without type mappings';
    throw unreadable(what, { reason, retryable: false });
  }

  async function change(key: string, script: string, ...args: readonly string[]): Promise<void> {
    const reply = await run(script, ...args).catch((error: unknown) => {
      throw notSaved(key, redisFailure(error));
    });
    const done = changed.safeParse(reply).data;
    if (done === 0) throw stateConflict(key);
    if (done === 1) return;
    const reason = 'Redis did not return a number; give redisStore a client without type mappings';
    throw notSaved(key, { reason, retryable: false });
  }

  /** Makes a change with an id of its own, by which it is known when it is sent again. */
  async function swap(key: string, ifVersion: string | null, text: string): Promise<string> {
    assertStoreKey(key);
    // The script takes an empty version for none.
    if (ifVersion === '') throw stateConflict(key);
    const id = globalThis.crypto.randomUUID();
    await change(key, SWAP, key, ifVersion ?? '', id, text);
    return id;
  }

  return {
    async get(key) {
      assertStoreKey(key);
      return documentOf(key, await read(stateAt(key), stored, GET, key));
    },
    async put(key, document, { ifVersion }) {
      return { version: await swap(key, ifVersion, JSON.stringify(document)) };
    },
    async delete(key, { ifVersion }) {
      await swap(key, ifVersion, '');
    },
    async list(prefix) {
      return (await read(statesBelow(prefix), listed, LIST, prefix)).sort(compareText);
    },
    async entries(prefix) {
      const found = await read(statesBelow(prefix), entered, ENTRIES, prefix);
      return found
        .flatMap(([key, ...fields]) => {
          const document = documentOf(key, fields);
          return document === undefined ? [] : [{ key, ...document }];
        })
        .sort(byText(({ key }) => key));
    },
    async discard(key) {
      assertStoreKey(key);
      const [version, text, putAt, now, mark] = await read(stateAt(key), marked, LOOK, key);
      if (isWhole(key, [version, text, putAt, now])) throw stateConflict(key);
      await change(key, DISCARD, key, mark);
    },
  };
}
