import type { SyncPlan } from '../../contracts/plan.js';
import type { SyncResult } from '../../contracts/result.js';
import { failureText } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from '../records/record-store.js';
import type { StoredSync, TakenKeys } from '../records/stored-sync.js';
import { wasRemoved } from '../records/sync-record.js';
import { takenBy, takenMessage, withTaken, withTakenKeys } from '../records/taken-keys.js';

/** What a run that writes over the keys of others works with. */
export interface TakenKeysContext {
  readonly options: ResolvedServiceOptions;
  readonly records: RecordStore;
  /** The record of the run, as it was when that began. */
  readonly own: StoredSync;
  /** Called with a record that is due because of what this run has left. */
  readonly onDue: (stored: StoredSync) => void;
}

/** Of these keys those that other syncs want with their own values, for each such sync. */
function othersKeys({ warnings }: SyncPlan, written: ReadonlySet<string>): Map<string, string[]> {
  const taken = new Map<string, string[]>();
  for (const { code, key, syncId } of warnings) {
    if (code !== 'OWNED_BY_OTHER_SYNC' || key === undefined || syncId === undefined) continue;
    if (written.has(key)) taken.set(syncId, [...(taken.get(syncId) ?? []), key]);
  }
  return taken;
}

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'replace']);
const MAY_BE_WRITTEN: ReadonlySet<string> = new Set(['applied', 'indeterminate']);
/** Reasons for which a key is kept although its sync may still want it. */
const MAYBE_WANTED: ReadonlySet<string> = new Set(['unreadable-at-source', 'source-partial', 'other-kind']);

/** The keys that the sync of a plan wants at its place, or may want. */
function wantedKeys({ operation, changes }: SyncPlan): ReadonlySet<string> {
  if (operation !== 'sync') return new Set();
  const wanted = changes.filter(
    ({ sourceKey, reason }) => sourceKey !== undefined || MAYBE_WANTED.has(reason),
  );
  return new Set(wanted.map(({ key }) => key));
}

/**
 * Keeps the records of others right whose keys a run takes over. They say that they are not in sync from before the first
 * write on, so that a crash in between hides nothing; once the run has ended, of what was written alone. What this sync
 * wants no longer makes them due. All of it is called while the run holds the lease on its place, so that none of them is synced
 * there at the same time.
 */
export class TakenKeysNotes {
  readonly #context: TakenKeysContext;
  /** What the others' records said of this sync before the run. */
  readonly #before = new Map<string, TakenKeys | undefined>();
  /** The others in whose records this sync is named. */
  readonly #named: Set<string>;

  constructor(context: TakenKeysContext) {
    this.#context = context;
    this.#named = new Set(context.own.tookFrom);
  }

  /**
   * Whether a run may write what another sync does not want. Not where it restores, for the same content of its source, what
   * was in sync before: of that sync its record says what it said. After a removal, or where yet another sync took the key
   * in the meantime, nothing is restored: others can have found their own value there since. So can one that this sync took keys of.
   */
  #mayDiffer(syncId: string, keys: readonly string[], sourceDigest: string | undefined): boolean {
    const { own } = this.#context;
    const isSame = own.sourceDigest !== null && own.sourceDigest === sourceDigest;
    if (!isSame || wasRemoved(own) || own.tookFrom.includes(syncId)) return true;
    const wasTaken = (key: string) =>
      own.takenKeys.some((taken) => taken.hasMore || taken.keys.includes(key));
    return takenBy(own, syncId) !== undefined || keys.some(wasTaken);
  }

  #takenBy(plan: SyncPlan, sourceDigest: string | undefined, written: Iterable<string>) {
    const taken = [...othersKeys(plan, new Set(written))];
    return new Map(taken.filter(([syncId, keys]) => this.#mayDiffer(syncId, keys, sourceDigest)));
  }

  /** Notes in the record of this sync who is named by it, before they are. */
  async #name(syncIds: Iterable<string>): Promise<void> {
    const added = [...syncIds].filter((syncId) => !this.#named.has(syncId));
    if (added.length === 0) return;
    for (const syncId of added) this.#named.add(syncId);
    const { records, own } = this.#context;
    await records.change(own.definition.id, (stored) => ({ ...stored, tookFrom: [...this.#named].sort() }));
  }

  /** Called with a plan right before its first write. */
  async beforeWrites(plan: SyncPlan, sourceDigest: string | undefined): Promise<void> {
    const { records, own } = this.#context;
    const written = plan.changes.filter(({ action }) => WRITES.has(action)).map(({ key }) => key);
    for (const [syncId, keys] of this.#takenBy(plan, sourceDigest, written)) {
      // A sync without a record, or one that is elsewhere by now, has nothing to say.
      const known = await records.read(syncId);
      if (known?.stored.place !== plan.place) continue;
      await this.#name([syncId]);
      await records.change(
        syncId,
        (stored) => {
          if (!this.#before.has(syncId)) this.#before.set(syncId, takenBy(stored, own.definition.id));
          return withTakenKeys(stored, own.definition, keys);
        },
        { known },
      );
    }
  }

  /** Called with the result of a run: what was not written is said no more, and what was is told. */
  async afterWrites({ plan, outcomes, sourceDigest }: SyncResult): Promise<void> {
    const { records, own, options } = this.#context;
    const { id: otherId, name: otherName } = own.definition;
    const { place } = plan;
    const written = outcomes.filter(({ status }) => MAY_BE_WRITTEN.has(status)).map(({ key }) => key);
    const taken = this.#takenBy(plan, sourceDigest, written);
    for (const syncId of new Set([...this.#before.keys(), ...taken.keys()])) {
      const keys = taken.get(syncId);
      const change = (current: StoredSync) => {
        if (current.place !== place) return undefined;
        const before = this.#before.has(syncId) ? this.#before.get(syncId) : takenBy(current, otherId);
        const base = withTaken(current, otherId, before);
        return keys === undefined ? base : withTakenKeys(base, own.definition, keys);
      };
      if (keys !== undefined) await this.#name([syncId]);
      const stored = (await records.change(syncId, change))?.stored;
      const message = stored?.place === place ? takenMessage(stored) : undefined;
      if (stored === undefined || keys === undefined || message === undefined) continue;
      const { name } = stored.definition;
      options.emit({ type: 'keys-taken-over', syncId, name, otherId, otherName, place, keys, message });
    }
  }

  /**
   * Called when a run has succeeded, or without a plan when this sync is gone: who is named by it for keys that it wants no
   * longer is due. Returns the others that are still named.
   */
  async leave(plan: SyncPlan | undefined): Promise<readonly string[]> {
    if (this.#named.size === 0) return [];
    const { records, own, onDue } = this.#context;
    const { id } = own.definition;
    const wanted = plan === undefined ? new Set<string>() : wantedKeys(plan);
    const handsOver = plan?.changes.some(({ reason }) => reason === 'wanted-by-other-sync') === true;
    const named: string[] = [];
    for (const syncId of this.#named) {
      const noted = { isDue: false, isNamed: false };
      const changed = await records.change(syncId, (stored) => {
        const taken = takenBy(stored, id);
        const isHere = stored.place === plan?.place;
        const isWanted = (key: string) => isHere && wanted.has(key);
        noted.isNamed = taken?.keys.some(isWanted) === true;
        noted.isDue =
          taken?.isLeft === false && (!taken.keys.every(isWanted) || (taken.hasMore && handsOver));
        return noted.isDue && taken ? withTaken(stored, id, { ...taken, isLeft: true }) : undefined;
      });
      if (noted.isNamed) named.push(syncId);
      if (noted.isDue && changed !== undefined) onDue(changed.stored);
    }
    return named;
  }

  /** Called with the result of a run, before that is noted in its own record; returns what that says besides. */
  async end(result: SyncResult): Promise<Partial<Pick<StoredSync, 'tookFrom'>>> {
    // What this run wrote is written: that another record could not be saved makes no failure of it.
    await this.#quietly(this.afterWrites(result));
    if (result.status !== 'succeeded' || result.plan.operation === 'import') return {};
    const tookFrom = await this.#quietly(this.leave(result.plan));
    return tookFrom === undefined ? {} : { tookFrom };
  }

  #quietly<Noted>(noting: Promise<Noted>): Promise<Noted | undefined> {
    return noting.catch((error: unknown) => {
      this.#context.options.emit({ type: 'service-failed', ...failureText(error) });
      return undefined;
    });
  }
}
