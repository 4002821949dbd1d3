import type { StateStore } from '../contracts/state-store.js';
import { endUnneeded, untilAborted } from '../shared/abort.js';
import { decideLease, isRecent, momentOf, RENEW_MS, type Moment } from './lease-decision.js';
import {
  discardLease,
  giveBackLease,
  isConflict,
  isUnreadable,
  readLease,
  UNREADABLE,
  writeLease,
  type Grant,
  type LeaseFile,
} from './lease-document.js';

/** How often a lease that another holder has is looked at, in ms, on average. */
const POLL_MS = 250;
/** How often a lease that comes and goes is tried for before the next pause. */
const MAX_TRIES = 3;
export { decideLease, LEASE_MS, RENEW_MS, type FoundLease } from './lease-decision.js';

/** A lease that is held, and renewed until it is released. */
export interface HeldLease {
  /** False once it has ended by the holder's own clock, or another holder has taken it over. */
  isHeld(): boolean;
  /** Gives the lease back. Never rejects: one that can't be given back ends by itself. */
  release(): Promise<void>;
}

/** What {@link takeLease} needs. */
export interface LeaseRequest extends LeaseFile {
  /** How long another holder is waited for, in ms. */
  readonly wait: number;
  readonly signal: AbortSignal;
  /** 0 up to 1, for jitter. Default: `Math.random`. */
  readonly random?: () => number;
  /** Called once, before the first pause. */
  readonly onWaiting?: () => void;
  /** Called when another holder was found to have taken the lease over. */
  readonly onLost?: () => void;
}

interface Seen {
  readonly version: string;
  readonly since: number;
}

/** What was seen by earlier requests of this process, by the steady clock: for those that wait less than a lease lasts. */
const seenBefore = new WeakMap<StateStore, Map<string, Seen>>();

/** Says of each document that is seen how long it has been the same. */
function createWatch({ store, clock, key }: LeaseRequest) {
  const before = seenBefore.get(store) ?? new Map<string, Seen>();
  seenBefore.set(store, before);
  let here: Seen | undefined;
  return {
    /** `slept`: how long this request has waited so far. */
    watchedFor(version: string, slept: number): number {
      if (here?.version !== version) here = { version, since: slept };
      const steady = clock.steady?.();
      if (steady === undefined) return slept - here.since;
      const known = before.get(key);
      const seen = known?.version === version ? known : { version, since: steady };
      before.set(key, seen);
      return Math.max(slept - here.since, steady - seen.since);
    },
    forget: () => void before.delete(key),
  };
}

/** Tries for the lease: first without a look, in later rounds with one. `undefined`: another holder has it. */
async function tryTake(
  request: LeaseRequest,
  watch: ReturnType<typeof createWatch>,
  slept: number,
  isFirst: boolean,
): Promise<Grant | undefined> {
  const { signal, clock, holder } = request;
  let ifVersion: string | null | undefined = isFirst ? null : undefined;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const end =
      ifVersion === undefined
        ? undefined
        : await untilAborted(writeLease(request, ifVersion, 0, 0), signal, clock);
    if (end !== undefined && 'version' in end) return end;
    signal.throwIfAborted();
    const found = await untilAborted(readLease(request), signal);
    const isRefused = end === undefined || isConflict(end.error) || isUnreadable(end.error);
    // A store that takes no document at all can't be waited for.
    if (found?.version === UNREADABLE && !isRefused) throw end.error;
    const seen = found && { ...found, watchedFor: watch.watchedFor(found.version, slept) };
    const decision = decideLease(seen, holder);
    if (decision === 'wait') return undefined;
    if (decision === 'adopt' && found !== undefined)
      return { version: found.version, at: end?.at ?? momentOf(clock, 0) };
    if (!isRefused) throw end.error;
    if (found?.version === UNREADABLE) {
      // Whoever was quicker has put a lease there, which the next try meets.
      await untilAborted(discardLease(request), signal);
      ifVersion = null;
    } else ifVersion = found?.version ?? null;
  }
  return undefined;
}

/** Waits until the lease is this holder's; `undefined` when it is another's after that. */
async function waitForGrant(request: LeaseRequest): Promise<Grant | undefined> {
  const { clock, wait, signal, random = Math.random } = request;
  const watch = createWatch(request);
  const begunAt = clock.now();
  let slept = 0;
  for (let round = 0; ; round += 1) {
    const grant = await tryTake(request, watch, slept, round === 0);
    if (grant !== undefined) {
      watch.forget();
      return grant;
    }
    if (round === 0) request.onWaiting?.();
    const left = wait - Math.max(slept, clock.now() - begunAt);
    if (left <= 0) return undefined;
    const pause = Math.min(left, POLL_MS * (0.5 + random()));
    await clock.sleep(pause, signal);
    slept += pause;
  }
}

/** A grant that is renewed by turns. */
function createHolding(request: LeaseRequest, first: Grant) {
  const { clock, holder } = request;
  let grant: Grant | undefined = first;
  /** When each renewal began whose end is not known, by its number: any of them can be the one that arrived. */
  const open = new Map<number, Moment>();
  let renewals = 0;
  let slept = 0;

  function renewed(next: Grant): void {
    grant = next;
    open.clear();
  }

  /**
   * Finds out what became of a renewal. Where that can't be told either, the next one may tell.
   *
   * @returns whether an earlier one had moved the version, so that this one could not arrive.
   */
  async function settle(current: Grant): Promise<boolean> {
    const found = await readLease(request);
    if (found?.version === UNREADABLE) return false;
    if (found?.holder !== holder) grant = undefined;
    if (found?.holder !== holder || found.version === current.version) return false;
    const renewal = found.renewal ?? 0;
    renewed({ version: found.version, at: open.get(renewal) ?? current.at });
    return renewal !== renewals;
  }

  return {
    grant: () => grant,
    isHeld: () => grant !== undefined && isRecent(grant.at, momentOf(clock, slept)),
    async renew(): Promise<void> {
      slept += RENEW_MS;
      let isBehind = true;
      while (isBehind && grant !== undefined) {
        renewals += 1;
        const end = await writeLease(request, grant.version, renewals, slept);
        if ('version' in end) return renewed(end);
        open.set(renewals, end.at);
        isBehind = await settle(grant).catch(() => false);
      }
    },
  };
}

/**
 * Takes a lease, waiting for another holder if need be, and renews it every 10 s until it is released.
 *
 * The lease is put first and read on a conflict. One that names this holder is this holder's, whatever the store
 * responded; one that is damaged ends as any other, by being watched.
 *
 * @returns `undefined` when another holder has it after `wait`. Throws what the store throws, and `signal.reason`.
 */
export async function takeLease(request: LeaseRequest): Promise<HeldLease | undefined> {
  const { clock, signal } = request;
  const first = await waitForGrant(request);
  if (first === undefined) return undefined;
  const holding = createHolding(request, first);
  const stop = new AbortController();
  const renewals = (async () => {
    for (;;) {
      await clock.sleep(RENEW_MS, stop.signal);
      await holding.renew();
      if (holding.grant() === undefined) return request.onLost?.();
    }
  })().catch(() => undefined);
  return {
    isHeld: () => holding.isHeld(),
    async release() {
      endUnneeded(stop);
      const release = async () => {
        await renewals;
        const grant = holding.grant();
        if (grant !== undefined) await giveBackLease(request, grant.version);
      };
      await untilAborted(release(), signal, clock).catch(() => undefined);
    },
  };
}
