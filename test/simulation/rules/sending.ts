import * as z from 'zod';
import type { Watched } from '../world/watched.js';
import type { Worker } from '../worker.js';
import type { Carried, World } from '../world/world.js';
import { missingUpserts } from './writes.js';

const graphqlBody = z.object({
  query: z.string(),
  variables: z.object({ currentHash: z.string().optional() }).loose(),
});
const hashAnswer = z.object({ data: z.record(z.string(), z.object({ hash: z.string() }).nullable()) });
const leaseDocument = z.object({ holder: z.string() });
const stateDocument = z.object({
  place: z.string(),
  entries: z.array(
    z.object({
      key: z.string(),
      kind: z.string().optional(),
      syncId: z.string(),
      pending: z.object({ syncId: z.string() }).optional(),
    }),
  ),
});
const keyOf = z.object({ key: z.string() });

function json(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Longer than this no one holds a lease that was not renewed. */
const LEASE_MS = 30_000;

/** Whether the run may write now: it holds the lease, by the store and the time that has really passed. */
function holdsLease(world: World, { holder }: Watched): boolean {
  for (const { document, putAt } of world.documents.values()) {
    const lease = leaseDocument.safeParse(document);
    if (lease.success && lease.data.holder === holder) return world.clock.now() - putAt < LEASE_MS;
  }
  return false;
}

/** The keys that are about to be written, without the sync's intent in the state. */
function unannounced(world: World, { sync, standing }: Watched, url: string, body: unknown): string[] {
  const id = url.split('/').pop() ?? '';
  const named = graphqlBody.safeParse(body);
  const [listed, created] = [standing.get(id), keyOf.safeParse(body)];
  const envs = z
    .object({ envs: z.array(keyOf).optional(), deleteEnvs: z.array(z.string()).optional() })
    .safeParse(named.data?.variables);
  const keys = named.success
    ? [...(envs.data?.envs ?? []).map(({ key }) => key), ...(envs.data?.deleteEnvs ?? [])]
    : [created.data?.key ?? listed?.key].filter((key) => key !== undefined);
  const announced = new Set<string>();
  for (const { document } of world.documents.values()) {
    const state = stateDocument.safeParse(document);
    for (const entry of state.data?.entries ?? []) {
      if ((entry.pending?.syncId ?? entry.syncId) === sync.name) announced.add(entry.key);
    }
  }
  return keys.filter((key) => !announced.has(key));
}

/** Checks a request before it leaves; true for one that asks for a change. */
export function checkSend(
  world: World,
  notBefore: Worker['notBefore'],
  watched: Watched,
  url: string,
  init: RequestInit | undefined,
): boolean {
  const method = init?.method ?? 'GET';
  const body = json(init?.body);
  const query = graphqlBody.safeParse(body);
  const isMutation = query.success ? query.data.query.startsWith('mutation') : method !== 'GET';
  watched.requests += 1;
  world.checkLeak('the URL of a request', url);
  const { toldAt, until } = notBefore.get(new URL(url).origin) ?? { toldAt: 0, until: 0 };
  const now = world.clock.now();
  // What left in the moment in which the answer came could not know of it.
  // Who was told before the clock was set can't know how long ago that was.
  if (now > toldAt && now < until && toldAt > world.clockSetAt)
    world.report('Retry-After', `sent ${until - now} ms too early`);
  if (watched.isOver) world.report('late request', `${method} after the call had ended`);
  if (!isMutation) return false;
  if (world.deleted.has(watched.sync.name))
    world.report('deleted', `${method} was sent for ${watched.sync.name}, whose record had been deleted`);
  if (watched.isMisled) world.report('forged', `${method} was sent after a forged document was read`);
  if (watched.controller.signal.aborted) world.report('abort', `${method} was sent after it`);
  if (!holdsLease(world, watched)) world.report('lease', `${method} was sent without a lease`);
  for (const key of unannounced(world, watched, url, body))
    world.report('intent', `${key} was not announced in the state`);
  if (query.success && query.data.variables.currentHash !== watched.hash) {
    world.report('hash', 'a mutation did not carry the newest hash');
  }
  const isDeletion = query.success ? query.data.query.includes('deleteTenantEnv') : method === 'DELETE';
  if (isDeletion && watched.operation !== 'remove' && !watched.disturbed) {
    const entry = watched.standing.get(url.split('/').pop() ?? '');
    const isReplace = entry !== undefined && entry.kind !== watched.sync.kind;
    const [missing] = isReplace ? [] : missingUpserts(watched, watched.site.snapshot());
    if (missing !== undefined) {
      world.report('order', `a deletion was sent while ${missing} was not written`);
    }
  }
  return true;
}

/** Notes what an answer tells the run. */
export function checkAnswer(
  world: World,
  notBefore: Worker['notBefore'],
  watched: Watched,
  { status, headers, text, standing }: Carried,
  isMutation: boolean,
): void {
  const seconds = Number(headers.get('retry-after') ?? 0);
  if (status === 429 && seconds > 0) {
    const { origin } = new URL(watched.site.url);
    const toldAt = world.clock.now();
    const before = notBefore.get(origin);
    // Of the answers to requests that left together, the longest wait holds.
    const isKnown = before !== undefined && before.toldAt > world.clockSetAt;
    const until = Math.max(toldAt + seconds * 1000, isKnown ? before.until : 0);
    notBefore.set(origin, { toldAt, until });
  }
  if (status < 200 || status > 299) return;
  const told = hashAnswer.safeParse(json(text));
  const hash = Object.values(told.data?.data ?? {}).find((field) => field !== null)?.hash;
  if (hash !== undefined) watched.hash = hash;
  const isRead = watched.site.name === 'hasura' ? hash !== undefined : json(text) !== undefined;
  const isFirst = !watched.hasRead || (watched.site.name === 'hasura' && watched.acts.length === 0);
  if (isMutation || !isRead || !isFirst) return;
  watched.hasRead = true;
  watched.disturbed = watched.disturbedSinceAnswer;
  watched.standing = standing;
}
