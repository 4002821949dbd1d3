import * as z from 'zod/mini';
import type { JsonValue } from '../../contracts/json.js';
import type { PlaceDocument, RememberedEntry, RememberedSync } from '../../contracts/state-store.js';
import { mapInTurns, type Turns } from '../../shared/turns/turns.js';
import type { DocumentFields } from './seal.js';
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

const ACTIONS: ReadonlySet<unknown> = new Set(['create', 'update', 'replace', 'delete']);

const isString = (value: unknown): boolean => typeof value === 'string';

const isPair = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(isString);

function isPending(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { syncId, action, fingerprint = '', part = '', ...rest } = value as Partial<Record<string, unknown>>;
  const isKnown = Object.keys(rest).length === 0;
  return isKnown && isString(syncId) && ACTIONS.has(action) && isString(fingerprint) && isString(part);
}

/** What each field of an entry must be; one that is not named here is none of this version's. */
const ENTRY_FIELDS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['key', isString],
  ['kind', isString],
  ['syncId', isString],
  ['holders', (value: unknown) => Array.isArray(value) && value.every(isString)],
  ['holderParts', (value: unknown) => Array.isArray(value) && value.every(isPair)],
  ['part', isString],
  ['adopted', (value: unknown) => value === true],
  ['fingerprint', isString],
  ['id', isString],
  ['revision', isString],
  ['pending', isPending],
]);

/** By hand, since a place can have tens of thousands: a schema takes several times as long as reading their JSON. */
function isEntry(value: unknown): value is RememberedEntry {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('syncId' in value)) return false;
  for (const name in value) {
    if (ENTRY_FIELDS.get(name)?.(Reflect.get(value, name)) !== true) return false;
  }
  return true;
}

const syncs = z.array(z.strictObject({ syncId: z.string(), importedAt: z.string() }));
const entries = z.custom<readonly RememberedEntry[]>((value) => Array.isArray(value) && value.every(isEntry));
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

const renderPending = ({ action, fingerprint, part, syncId }: NonNullable<RememberedEntry['pending']>) => ({
  action,
  ...(fingerprint === undefined ? {} : { fingerprint }),
  ...(part === undefined ? {} : { part }),
  syncId,
});

/** With its fields in the order of canonical JSON, which spares the seal a copy of all entries. */
function renderEntry(entry: RememberedEntry): JsonValue {
  const { adopted, fingerprint, holderParts, holders, id, key, kind, part, pending, revision, syncId } =
    entry;
  return {
    ...(adopted === undefined ? {} : { adopted }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(holderParts === undefined ? {} : { holderParts }),
    ...(holders === undefined ? {} : { holders }),
    ...(id === undefined ? {} : { id }),
    key,
    ...(kind === undefined ? {} : { kind }),
    ...(part === undefined ? {} : { part }),
    ...(pending === undefined ? {} : { pending: renderPending(pending) }),
    ...(revision === undefined ? {} : { revision }),
    syncId,
  };
}

const renderSync = ({ importedAt, syncId }: RememberedSync): JsonValue => ({ importedAt, syncId });

/** Returns the document of a place, in turns. */
export function* renderPlace(place: string, { syncs, entries, facts }: PlaceContents): Turns<DocumentFields> {
  return {
    entries: yield* mapInTurns(entries, renderEntry),
    facts,
    formatVersion: FORMAT_VERSION,
    place,
    syncs: syncs.map(renderSync),
  };
}

/** Returns the document of an intent, in turns. */
export function* renderIntent(place: string, { base, syncs, entries }: Intent): Turns<DocumentFields> {
  return {
    base,
    entries: yield* mapInTurns(entries, renderEntry),
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
      first.pending?.fingerprint === second.pending?.fingerprint &&
      first.pending?.part === second.pending?.part &&
      sameList(first.holders, second.holders) &&
      sameList(first.holderParts?.flat(), second.holderParts?.flat()))
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
