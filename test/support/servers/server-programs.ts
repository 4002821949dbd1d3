// Real servers, started from the programs of the machine, each in a directory of its own, on a Unix socket in it, and
// ended by its process id.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export type ServerName = 'Redis' | 'PostgreSQL';

/** A server that a test may use. */
export interface Server {
  /** For ioredis (a path, where it is a socket) and for `connectionString` of `pg`. */
  readonly url: string;
}

/** A server that was started for a test, which so may break it. */
export interface OwnServer extends Server {
  /** The Unix socket. */
  readonly socket: string;
  /** Ends it as a crash would. */
  crash(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends it, and removes what it kept. */
  stop(): Promise<void>;
}

interface Recipe {
  readonly variable: 'REDIS_URL' | 'POSTGRES_URL';
  readonly packages: string;
  /** What of the machine is missing; `undefined` where the server can be started. */
  readonly missing: () => string | undefined;
  readonly start: (directory: string) => Omit<OwnServer, 'stop'> & { readonly began: Promise<void> };
}

/** The path of a program, looked for on the `PATH` and in more folders. */
function programAt(name: string, folders: readonly string[] = []): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), ...folders]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/** Where Debian puts the programs of PostgreSQL, the newest version first. */
function postgresFolders(): readonly string[] {
  const versions = '/usr/lib/postgresql';
  if (!existsSync(versions)) return [];
  return readdirSync(versions)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, 'bin'));
}

const postgresProgram = (name: 'initdb' | 'postgres') => programAt(name, postgresFolders());

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** What it says when it can be used. */
  readonly ready: RegExp;
  /** How it is ended: the name of a signal. */
  readonly crash: 'KILL' | 'QUIT';
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Runs the program that is its arguments, until that ends or standard input does: so the server also ends with tests
 * that were killed, which no hook of Node.js could see to. `$0` is the signal.
 */
const LEASH = `
exec 3<&0
"$@" 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -s "$0" "$server" 2>/dev/null; } >/dev/null 2>&1 &
wait "$server"`;

/** Runs a server; `start` resolves when it says that it is ready, `crash` when it has ended. */
function runProgram({ command, args, ready, crash, user }: Program) {
  let child: ChildProcess | undefined;
  return {
    async crash() {
      const ending = child;
      child = undefined;
      if (ending === undefined || ending.exitCode !== null) return;
      const ended = new Promise((resolve) => ending.once('exit', resolve));
      ending.stdin?.end();
      await ended;
    },
    start: () =>
      new Promise<void>((resolve, reject) => {
        let said = '';
        const started = spawn('/bin/sh', ['-c', LEASH, crash, command, ...args], {
          stdio: 'pipe',
          env: { ...process.env, LC_ALL: 'C' },
          cwd: tmpdir(),
          ...user,
        });
        child = started;
        const listen = (chunk: Buffer) => {
          said = `${said}${chunk.toString()}`.slice(-10_000);
          if (ready.test(said)) resolve();
        };
        started.stdout.on('data', listen);
        started.stderr.on('data', listen);
        started.once('error', reject);
        started.once('exit', () => reject(new Error(`${command} ended before it was ready:\n${said}`)));
      }),
  };
}

function startRedisIn(directory: string) {
  const socket = join(directory, 'redis.sock');
  const program = runProgram({
    command: programAt('redis-server') ?? 'redis-server',
    args: [
      ...['--port', '0', '--unixsocket', socket, '--dir', directory],
      ...['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
    ],
    ready: /ready to accept connections/i,
    crash: 'KILL',
  });
  return { url: socket, socket, ...program, began: program.start() };
}

function startPostgresIn(directory: string) {
  const user = postgresUser();
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const env = { ...process.env, LC_ALL: 'C' };
  const options = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-sync',
    '--no-instructions',
  ];
  const made = spawnSync(postgresProgram('initdb') ?? 'initdb', options, { env, cwd: tmpdir(), ...user });
  if (made.status !== 0) throw new Error(`initdb failed:\n${made.stderr?.toString()}`, { cause: made.error });
  const program = runProgram({
    command: postgresProgram('postgres') ?? 'postgres',
    args: ['-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off'],
    ready: /database system is ready to accept connections/,
    // Its "immediate" shutdown: without it, what a killed server leaves keeps the next one from starting for a while.
    crash: 'QUIT',
    user,
  });
  const url = `postgresql://postgres@${encodeURIComponent(directory)}/postgres`;
  return { url, socket: join(directory, '.s.PGSQL.5432'), ...program, began: program.start() };
}

/** How each server is found and started. */
export const RECIPES: Readonly<Record<ServerName, Recipe>> = {
  Redis: {
    variable: 'REDIS_URL',
    packages: 'redis-server',
    missing: () => (programAt('redis-server') === undefined ? 'there is no redis-server' : undefined),
    start: startRedisIn,
  },
  PostgreSQL: {
    variable: 'POSTGRES_URL',
    packages: 'postgresql',
    missing() {
      if (postgresProgram('initdb') === undefined || postgresProgram('postgres') === undefined)
        return 'there is no initdb';
      return process.getuid?.() === 0 && postgresUser() === undefined
        ? 'there is no user postgres to run it as'
        : undefined;
    },
    start: startPostgresIn,
  },
};

/** Starts a server that its caller may break. */
export async function startServer(name: ServerName): Promise<OwnServer> {
  const directory = await mkdtemp(join(tmpdir(), 'sse-'));
  const { began, ...server } = RECIPES[name].start(directory);
  const stop = async () => {
    await server.crash();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await began;
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...server, stop };
}
