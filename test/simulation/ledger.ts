import { partOf, type SyncSetting } from './world/setting.js';
import type { Snapshot, Standing } from './world/sites.js';
import { stripKey } from './world/watched.js';

/** What one sync may claim at its site; wider than what it must be able to claim. */
interface Claims {
  /** Ids of entries that it wrote, or that it wanted as they stood. */
  readonly ids: Set<string>;
  /** Keys that it may have begun to write when its process ended. */
  readonly keys: Set<string>;
  /** What its last run surely wanted and found right, each with its kind. */
  wants: Set<string>;
  /** What it wanted in any run since the last one of which that is sure: also keys that a person deleted since. */
  mayWant: Set<string>;
  /** Whether its first sync surely was, or surely was not, done; `undefined`: either. */
  synced: boolean | undefined;
  /** Keys that it may have begun to write, and that no later run of it wanted and ended well. */
  readonly doubtful: Set<string>;
}

/**
 * Who wrote what, told by what really happened at the sites: the simple model against which the engine's memory is
 * held. `writer` says who surely owns an entry; `mayOwn` who possibly does.
 */
export interface Ledger {
  /** The sync that wrote an entry last; `undefined` where it was a person, or is not certain. */
  writer(entry: Standing, site: string): string | undefined;
  mayOwn(sync: SyncSetting, entry: Standing): boolean;
  synced(sync: SyncSetting): boolean | undefined;
  setSynced(sync: SyncSetting, synced: boolean | undefined): void;
  wrote(sync: SyncSetting, entry: Standing): void;
  /** An entry was replaced by one of another kind: who may own the one may own the other. */
  replaced(before: Standing, after: Standing): void;
  /** A run of this sync ended well: what it wrote is its own, whoever had it before. */
  confirm(sync: SyncSetting): void;
  /** A person made or removed it. */
  handMade(site: string, id: string): void;
  wanted(sync: SyncSetting, entry: Standing): void;
  /** A run of this sync ended well, or, `surely: false`, may have: these keys, with their kinds, are what it wants. */
  wants(sync: SyncSetting, keys: Iterable<string>, surely: boolean): void;
  /** A sync stopped wanting an entry that it wrote, and another one may own it by now. */
  handedOver(sync: SyncSetting, entry: Standing): void;
  /** A sync other than this one that surely wants what is there under the key. */
  wanter(sync: SyncSetting, entry: Standing): string | undefined;
  /** Whether a sync other than this one may want it. */
  mayBeWanted(sync: SyncSetting, entry: Standing): boolean;
  /** The end of a run is not known: it may have begun to write these. */
  unsure(sync: SyncSetting, keys: Iterable<string>, standing: Snapshot): void;
  /** The parts of the source that an entry can have come from: a schema that was edited since says another one. */
  partsOf(entry: Standing, site: string): ReadonlySet<string>;
  /** Whether a write of it may have been begun that no later run has seen through. */
  doubts(sync: SyncSetting, entry: Standing): boolean;
  /** A run ended well that wanted these. */
  sure(sync: SyncSetting, keys: Iterable<string>): void;
  /** The sync was removed or released; `surely: false`: perhaps. */
  forget(sync: SyncSetting, surely: boolean): void;
  /** The document of a site is gone. */
  forgetSite(site: string): void;
  /** All that it holds, the same for equal ledgers. */
  describe(): string;
}

/** A key with its kind. */
export const wantedKey = ({ key, kind }: Pick<Standing, 'key' | 'kind'>): string => `${kind ?? ''} ${key}`;

/** Whether keys with their kinds hold a key in some kind: who wanted it keeps it, whoever changes the kind. */
const holdsKey = (wanted: ReadonlySet<string>, { key }: Pick<Standing, 'key'>): boolean =>
  [undefined, 'secret', 'variable'].some((kind) => wanted.has(wantedKey({ key, ...(kind && { kind }) })));

export function createLedger(syncs: readonly SyncSetting[]): Ledger {
  const writers = new Map<string, string>();
  /** Written over by a run whose end is not known yet: it can stay both's, and so nobody's to delete. */
  const contested = new Set<string>();
  const claims = new Map<string, Claims>();
  const of = (sync: SyncSetting): Claims => {
    const known = claims.get(sync.name) ?? {
      ids: new Set(),
      keys: new Set(),
      wants: new Set(),
      mayWant: new Set(),
      synced: false,
      doubtful: new Set(),
    };
    claims.set(sync.name, known);
    return known;
  };
  const others = ({ name, site }: SyncSetting) =>
    syncs.filter((other) => other.site === site && other.name !== name);
  const place = (site: string, id: string) => `${site} ${id}`;
  const parts = new Map<string, Set<string>>();
  const notePart = (sync: SyncSetting, { id, key }: Standing) => {
    const sourceKey = stripKey(sync, key);
    const known = parts.get(place(sync.site, id)) ?? new Set<string>();
    if (sourceKey !== undefined) parts.set(place(sync.site, id), known.add(partOf(sourceKey)));
  };
  const unwrite = (isGone: (site: string, writer: string) => boolean) => {
    for (const [at, writer] of writers) if (isGone(at.split(' ')[0] ?? '', writer)) writers.delete(at);
  };
  const sorted = (items: Iterable<string>) => [...items].sort();
  return {
    describe: () =>
      JSON.stringify([
        sorted([...writers].map(([at, writer]) => `${at} ${writer}`)),
        sorted(contested),
        sorted([...parts].map(([at, names]) => `${at} ${sorted(names).join()}`)),
        [...claims]
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([name, { ids, keys, wants, mayWant, synced, doubtful }]) => [
            name,
            synced ?? null,
            [ids, keys, wants, mayWant, doubtful].map(sorted),
          ]),
      ]),
    writer: ({ id }, site) => writers.get(place(site, id)),
    mayOwn: (sync, { id, key }) => of(sync).ids.has(id) || of(sync).keys.has(key),
    synced: (sync) => of(sync).synced,
    setSynced: (sync, synced) => void (of(sync).synced = synced),
    partsOf: ({ id }, site) => parts.get(place(site, id)) ?? new Set(),
    wrote(sync, entry) {
      const { id } = entry;
      const at = place(sync.site, id);
      notePart(sync, entry);
      if (![undefined, sync.name].includes(writers.get(at))) contested.add(at);
      writers.set(at, sync.name);
      of(sync).ids.add(id);
    },
    replaced(before, after) {
      for (const { ids } of claims.values()) if (ids.has(before.id)) ids.add(after.id);
    },
    confirm(sync) {
      for (const at of contested) if (writers.get(at) === sync.name) contested.delete(at);
    },
    handMade(site, id) {
      writers.delete(place(site, id));
    },
    wanted(sync, entry) {
      of(sync).ids.add(entry.id);
      notePart(sync, entry);
    },
    wants(sync, keys, surely) {
      const claim = of(sync);
      const wanted = new Set(keys);
      claim.mayWant = surely ? wanted : new Set([...claim.mayWant, ...wanted]);
      claim.wants = surely ? wanted : new Set([...claim.wants].filter((key) => wanted.has(key)));
    },
    handedOver(sync, entry) {
      const { id } = entry;
      for (const other of others(sync)) {
        if (holdsKey(of(other).mayWant, entry)) of(other).ids.add(id);
      }
      const at = place(sync.site, id);
      if (writers.get(at) === sync.name) writers.delete(at);
    },
    wanter: (sync, entry) => others(sync).find((other) => of(other).wants.has(wantedKey(entry)))?.name,
    mayBeWanted: (sync, entry) =>
      others(sync).some((other) => {
        const { ids, keys, mayWant } = of(other);
        return ids.has(entry.id) || keys.has(entry.key) || holdsKey(mayWant, entry);
      }),
    unsure(sync, keys, standing) {
      const begun = new Set(keys);
      for (const key of begun) {
        of(sync).keys.add(key);
        of(sync).doubtful.add(key);
      }
      // What another sync owned may now be both's, and so nobody's to delete.
      for (const { id, key } of standing.values()) {
        const at = place(sync.site, id);
        const isOthers = () =>
          syncs.some(
            (other) =>
              other.site === sync.site &&
              other.name !== sync.name &&
              (of(other).keys.has(key) || of(other).ids.has(id)),
          );
        const isBegun = begun.has(key) && (writers.get(at) !== sync.name || isOthers());
        if (contested.has(at) || isBegun) writers.delete(at);
      }
    },
    doubts: (sync, { key }) => of(sync).doubtful.has(key),
    sure(sync, keys) {
      for (const key of keys) of(sync).doubtful.delete(key);
    },
    forget(sync, surely) {
      unwrite((site, writer) => site === sync.site && writer === sync.name);
      of(sync).synced = surely ? false : undefined;
      of(sync).wants.clear();
      if (!surely) return;
      of(sync).mayWant.clear();
      of(sync).doubtful.clear();
      of(sync).ids.clear();
      of(sync).keys.clear();
    },
    forgetSite(site) {
      unwrite((at) => at === site);
      for (const sync of syncs) {
        if (sync.site !== site) continue;
        claims.delete(sync.name);
        of(sync);
      }
    },
  };
}
