import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import * as z from 'zod/mini';
import { errorCode } from './file-system.js';

/** A token becomes part of a file's name: one of any other form could name a file elsewhere. */
const TOKEN = /^[0-9a-z-]{1,64}$/;

const ownerSchema = z.object({
  token: z.string().check(z.regex(TOKEN)),
  pid: z.int().check(z.positive()),
  realm: z.string(),
  started: z.optional(z.string()),
});

/** Who holds a lock, as written in the lock file. */
export interface LockOwner {
  /** Drawn for each attempt, so that no two locks are ever mistaken for each other. */
  readonly token: string;
  readonly pid: number;
  /** Within one realm, equal process ids mean the same process: a boot and a process namespace, a host name, or one process. */
  readonly realm: string;
  /** When the process started, in the kernel's own count: it tells a process from a later one with its id. */
  readonly started?: string | undefined;
}

/** This process, as the owner of a lock with this token. */
export function currentOwner(token: string): LockOwner {
  const started = processStatus('self')?.started;
  return { token, pid: process.pid, realm: currentRealm(), ...(started === undefined ? {} : { started }) };
}

/** Reads what {@link currentOwner} wrote; `undefined` for anything else, such as a file that a power cut emptied. */
export function parseOwner(text: string): LockOwner | undefined {
  try {
    return ownerSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Whether the owner still runs. `unknown` where that can't be told from here: it runs in another container or on
 * another machine, or the system does not say whether a process id was given out again.
 *
 * | realm | process id | start | result |
 * |---|---|---|---|
 * | other | – | – | unknown |
 * | ours | free, or a zombie | – | dead |
 * | ours | taken | equal | alive |
 * | ours | taken | other | dead |
 * | ours | taken | not known | unknown |
 */
export function ownerLiveness(owner: LockOwner): 'alive' | 'dead' | 'unknown' {
  if (owner.realm !== currentRealm()) return 'unknown';
  if (!processExists(owner.pid)) return 'dead';
  const status = processStatus(owner.pid);
  if (status === undefined || owner.started === undefined) return 'unknown';
  return status.gone || status.started !== owner.started ? 'dead' : 'alive';
}

function currentRealm(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostRealm();
  }
}

/** The realm of a process that may not even know the name of its host, as in Deno: it knows of no other process. */
const OWN_REALM = `process ${randomUUID()}`;

function hostRealm(): string {
  try {
    return hostname();
  } catch {
    return OWN_REALM;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything but "no such process" means that there is one, which we may not signal.
    return errorCode(error) !== 'ESRCH';
  }
}

function processStatus(pid: number | 'self'): { started: string; gone: boolean } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, and may hold spaces and parentheses itself.
    const [state, ...fields] = status.slice(status.lastIndexOf(')') + 2).split(' ');
    const started = fields[18];
    return started === undefined ? undefined : { started, gone: state === 'Z' || state === 'X' };
  } catch {
    return undefined;
  }
}
