import * as z from 'zod/mini';
import type { JsonValue } from '../../contracts/json.js';
import type { PlaceDocument, RememberedEntry, RememberedSync } from '../../contracts/state-store.js';
import { unusable } from './sealed-store.js';

export const FORMAT_VERSION = 2;

/** What is remembered of a place, without what a document adds. */
export type PlaceContents = Pick<PlaceDocument, 'syncs' | 'entries' | 'facts'>;

/** The writes that a run is about to begin, beside the document of the place. */
export interface Intent {
  /** The version of the place's document that it continues; `null`: there was none. Once that moved it is void. */
  readonly base: string | null;
  readonly syncs: readonly RememberedSync[];
  readonly entries: readonly RememberedEntry[];
}

const action = z.enum(['create', 'update', 'replace', 'delete']);
const syncs = z.array(z.strictObject({ syncId: z.string(), importedAt: z.string() }));
const entries = z.array(
  z.strictObject({
    key: z.string(),
    kind: z.exactOptional(z.string()),
    syncId: z.string(),
    holders: z.exactOptional(z.array(z.string())),
    part: z.exactOptional(z.string()),
    adopted: z.exactOptional(z.literal(true)),
    fingerprint: z.exactOptional(z.string()),
    id: z.exactOptional(z.string()),
    revision: z.exactOptional(z.string()),
    pending: z.exactOptional(z.strictObject({ syncId: z.string(), action })),
  }),
);
const placeSchema = z.strictObject({
  formatVersion: z.literal([1, FORMAT_VERSION]),
  place: z.string(),
  syncs,
  entries,
  facts: z.array(z.tuple([z.string(), z.string()])),
});
const intentSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  place: z.string(),
  base: z.nullable(z.string()),
  syncs,
  entries,
});
const versionSchema = z.object({ formatVersion: z.number() });

/** @throws SecretSyncError `STATE_UNREADABLE` for a document that a newer version wrote, whatever its seal says. */
export function checkVersion(what: string, document: JsonValue): void {
  const version = versionSchema.safeParse(document);
  if (version.success && version.data.formatVersion > FORMAT_VERSION)
    throw unusable(what, 'a newer version of secret-sync-engine wrote it; update this one');
}

function checked<Parsed extends { readonly place: string }>(
  what: string,
  place: string,
  parsed: Parsed | undefined,
) {
  if (parsed === undefined)
    throw unusable(
      what,
      'it is not a state document; restore it from a backup, or delete it and let the next run ask again',
    );
  if (parsed.place === place) return parsed;
  throw unusable(what, 'it belongs to another place; put it back where it came from');
}

/** @throws SecretSyncError `STATE_UNREADABLE`. */
export const parsePlace = (what: string, place: string, document: JsonValue): PlaceContents =>
  checked(what, place, placeSchema.safeParse(document).data);

/** @throws SecretSyncError `STATE_UNREADABLE`. */
export const parseIntent = (what: string, place: string, document: JsonValue): Intent =>
  checked(what, place, intentSchema.safeParse(document).data);

/** With its fields in the order of canonical JSON, which spares the seal a copy of all entries. */
function renderEntry(entry: RememberedEntry): JsonValue {
  const { adopted, fingerprint, holders, id, key, kind, part, pending, revision, syncId } = entry;
  return {
    ...(adopted === undefined ? {} : { adopted }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(holders === undefined ? {} : { holders }),
    ...(id === undefined ? {} : { id }),
    key,
    ...(kind === undefined ? {} : { kind }),
    ...(part === undefined ? {} : { part }),
    ...(pending === undefined ? {} : { pending: { action: pending.action, syncId: pending.syncId } }),
    ...(revision === undefined ? {} : { revision }),
    syncId,
  };
}

const renderSync = ({ importedAt, syncId }: RememberedSync): JsonValue => ({ importedAt, syncId });

export function renderPlace(place: string, { syncs, entries, facts }: PlaceContents) {
  return {
    entries: entries.map(renderEntry),
    facts,
    formatVersion: FORMAT_VERSION,
    place,
    syncs: syncs.map(renderSync),
  };
}

export function renderIntent(place: string, { base, syncs, entries }: Intent) {
  return {
    base,
    entries: entries.map(renderEntry),
    formatVersion: FORMAT_VERSION,
    place,
    syncs: syncs.map(renderSync),
  };
}

const sameList = (first: readonly string[] = [], second: readonly string[] = []): boolean =>
  first.length === second.length && first.every((item, index) => item === second[index]);

function sameEntry(first: RememberedEntry, second: RememberedEntry): boolean {
  return (
    first === second ||
    (first.key === second.key &&
      first.kind === second.kind &&
      first.syncId === second.syncId &&
      first.part === second.part &&
      first.adopted === second.adopted &&
      first.fingerprint === second.fingerprint &&
      first.id === second.id &&
      first.revision === second.revision &&
      first.pending?.syncId === second.pending?.syncId &&
      first.pending?.action === second.pending?.action &&
      sameList(first.holders, second.holders))
  );
}

/** Whether two places are remembered alike. Encodes nothing. */
export function sameContents(first: PlaceContents, second: PlaceContents): boolean {
  return (
    first.entries.length === second.entries.length &&
    first.syncs.length === second.syncs.length &&
    first.facts.length === second.facts.length &&
    first.syncs.every(
      ({ syncId, importedAt }, index) =>
        syncId === second.syncs[index]?.syncId && importedAt === second.syncs[index].importedAt,
    ) &&
    first.facts.every(([name, value], index) => sameList([name, value], second.facts[index])) &&
    first.entries.every((entry, index) => {
      const other = second.entries[index];
      return other !== undefined && sameEntry(entry, other);
    })
  );
}
