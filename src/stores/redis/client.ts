import { SecretSyncError } from '../../contracts/errors.js';
import { isObject, type Rule } from '../../shared/arguments/rules.js';

/**
 * A connected client of Redis or Valkey, as far as {@link redisStore} uses it: one of ioredis (`call`; also its
 * `Cluster`), one of node-redis (`sendCommand`), or one of Bun (`send`).
 */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> }
  | { send(command: string, args: string[]): Promise<unknown> };

/** Sends one command. */
export type SendCommand = (command: string, ...args: string[]) => Promise<unknown>;

/** Returns one way to send a command. Throws `INVALID_OPTION` for what is not a client. */
export function commandsOf(client: RedisClient): SendCommand {
  // ioredis has a `sendCommand` too, which takes something else.
  if (has(client, 'call')) return async (command, ...args) => client.call(command, ...args);
  if (has(client, 'sendCommand')) return async (...args) => client.sendCommand(args);
  if (has(client, 'send')) return async (command, ...args) => client.send(command, args);
  throw new SecretSyncError('INVALID_OPTION', `The client of redisStore() must be ${A_CLIENT}.`);
}

const COMMANDS = ['call', 'sendCommand', 'send'] as const;
const A_CLIENT = 'a client of ioredis, node-redis or Bun: an object with call(), sendCommand() or send()';

/** What `commandsOf` takes. */
export const aClient: Rule = [
  A_CLIENT,
  (value) => isObject(value) && COMMANDS.some((name) => has(value, name)),
];

function has<Name extends (typeof COMMANDS)[number]>(
  client: object,
  name: Name,
): client is Extract<RedisClient, Record<Name, unknown>> {
  return typeof Reflect.get(client, name) === 'function';
}
