import type { DestinationEntry } from '../../contracts/destination.js';
import type { Operation } from '../../contracts/plan.js';
import type { SecretValue } from '../../contracts/secret.js';
import type { RememberedEntry } from '../../contracts/state-store.js';
import { fingerprint } from '../../core/fingerprint/fingerprint.js';
import { keyIdOf, type Keyring } from '../../core/fingerprint/keyring.js';
import { isBegunBy, ownedBy, ownedByOther } from '../../core/inputs/ownership.js';
import type { Step, WriteStep } from '../../core/step.js';
import { withoutSync, type PlaceMemory } from './place-memory.js';

/** What a destination told of an entry that was written. */
export interface Written {
  readonly id?: string;
  readonly revision?: string;
}

/** Turns decisions and their ends into what is remembered. */
export interface Recorder {
  /** What is right already: adopted where no sync owns it, held where another one does, and brought up to date. */
  adopt(steps: readonly Step[]): void;
  /** Intent: from here on a crash leaves behind that these writes may have happened. */
  begin(steps: readonly WriteStep[]): void;
  applied(step: WriteStep, written: Written): void;
  /** It surely was not written: what was remembered before holds again. */
  notWritten(step: WriteStep): void;
  /** As `notWritten`, for what was tried: a replace may have put back, under a new id, what existed there. */
  failed(step: WriteStep): void;
}

/** What a run records for. */
export interface RecorderContext {
  readonly memory: PlaceMemory;
  readonly keyring: Keyring;
  readonly place: string;
  readonly syncId: string;
  readonly operation: Operation;
  /** What existed at the place when it was decided. */
  readonly entries: readonly DestinationEntry[];
}

type Fields = { readonly [Name in keyof RememberedEntry]?: RememberedEntry[Name] | undefined };

/** An entry without its absent fields, so that equal entries are equal JSON. */
function rememberedEntry(key: string, syncId: string, fields: Fields): RememberedEntry {
  const { kind, adopted, fingerprint: made, id, revision, holders = [], part, pending } = fields;
  return {
    key,
    ...(kind === undefined ? {} : { kind }),
    syncId,
    ...(holders.length === 0 ? {} : { holders: [...holders].sort() }),
    ...(part === undefined ? {} : { part }),
    ...(adopted === undefined ? {} : { adopted }),
    ...(made === undefined ? {} : { fingerprint: made }),
    ...(id === undefined ? {} : { id }),
    ...(revision === undefined ? {} : { revision }),
    ...(pending === undefined ? {} : { pending }),
  };
}

/** The syncs that want a key beside the one that writes it: the holders, and who owned it before. */
const holdersBeside = (syncId: string, known: RememberedEntry | undefined): string[] =>
  known === undefined
    ? []
    : [...new Set([known.syncId, ...(known.holders ?? [])])].filter((holder) => holder !== syncId);

/** Reasons for which a key is kept although its sync may still want it. */
const MAYBE_WANTED: readonly string[] = ['unreadable-at-source', 'source-partial', 'other-kind'];

/** Makes the recorder of one run. */
export function createRecorder(context: RecorderContext): Recorder {
  const { memory, keyring, place, syncId, operation, entries } = context;
  const before = new Map<WriteStep, RememberedEntry | undefined>();
  const print = (key: string, kind: string | undefined, value: SecretValue) =>
    fingerprint(keyring.current, place, kind, key, value);
  const isCurrent = (made: string | undefined): made is string =>
    made !== undefined && keyIdOf(made) === keyring.current.keyId;
  const printOf = ({ change: { key, kind }, after, fingerprint: made }: Step) =>
    isCurrent(made) ? made : after && print(key, kind, after);

  /** A fingerprint under a previous key is made again where the value is at hand, and dropped where it is not. */
  const currentFingerprint = (known: RememberedEntry | undefined, step: Step) =>
    known?.fingerprint === undefined || isCurrent(known.fingerprint) ? known?.fingerprint : printOf(step);

  const adoptOne = (step: Step, entry: DestinationEntry) => {
    const { key, kind } = step.change;
    const known = memory.find(key, kind);
    // The value exists there that this sync had begun to write: it was written.
    const isWritten = isBegunBy(known, syncId);
    const { pending: _, ...settled } = known ?? { key, syncId };
    const claimed = isWritten ? { ...settled, syncId } : known;
    if (claimed !== undefined && ownedByOther(claimed, syncId)) {
      if (claimed.syncId === syncId || claimed.holders?.includes(syncId) === true) return;
      const holders = [...(claimed.holders ?? []), syncId];
      return memory.remember(rememberedEntry(claimed.key, claimed.syncId, { ...claimed, holders }));
    }
    const ours = ownedBy(claimed, syncId, entry) ? claimed : undefined;
    memory.remember(
      rememberedEntry(key, syncId, {
        kind,
        holders: holdersBeside(syncId, known),
        part: step.part,
        adopted: ours === undefined || (ours.adopted === true && !isWritten) ? true : undefined,
        fingerprint: isWritten ? printOf(step) : currentFingerprint(ours, step),
        id: entry.id ?? ours?.id,
        revision: entry.revision ?? ours?.revision,
      }),
    );
  };

  /** A key that this sync does not want: it holds it no longer, and hands it over where another sync wants it. */
  const keepOne = ({ change: { key, kind, reason } }: Step) => {
    const known = memory.find(key, kind);
    if (known === undefined) return;
    const isUnwanted = operation === 'sync' && !MAYBE_WANTED.includes(reason);
    const isHeldByOthers = known.holders?.some((holder) => holder !== syncId) === true;
    const isHolder = known.holders?.includes(syncId) === true;
    if (isUnwanted && (isHolder || (known.syncId === syncId && isHeldByOthers))) {
      const left = withoutSync(known, syncId);
      if (left !== undefined) memory.remember(left);
      return;
    }
    if (known.syncId !== syncId || known.fingerprint === undefined || isCurrent(known.fingerprint)) return;
    const { fingerprint: _, ...rest } = known;
    memory.remember(rest);
  };

  const notWritten = (step: WriteStep) => {
    const known = before.get(step);
    if (known === undefined) memory.forget(step.change.key, step.change.kind);
    else memory.remember(known);
  };

  return {
    adopt(steps) {
      if (operation === 'sync') memory.prune(syncId, entries);
      for (const step of steps) {
        const { action } = step.change;
        if (action === 'unchanged' && step.before !== undefined) adoptOne(step, step.before);
        else if (action === 'keep') keepOne(step);
      }
    },
    begin(steps) {
      for (const step of steps) {
        const { key, kind, action } = step.change;
        const known = memory.find(key, kind);
        before.set(step, known);
        // Under a key that ends with this process nothing could be told by it afterwards.
        const made = keyring.ephemeral ? undefined : printOf(step);
        const pending = { syncId, action, ...(made === undefined ? {} : { fingerprint: made }) };
        memory.remember({ ...(known ?? rememberedEntry(key, syncId, { kind, part: step.part })), pending });
      }
    },
    applied(step, { id, revision }) {
      const { key, kind, action } = step.change;
      // An entry that someone deleted meanwhile is forgotten by now, but not who wanted it.
      const known = before.get(step) ?? (action === 'create' ? step.remembered : undefined);
      const replaced =
        action === 'replace' && step.before !== undefined
          ? memory.find(step.before.key, step.before.kind)
          : undefined;
      if (replaced !== undefined) memory.forget(replaced.key, replaced.kind);
      if (step.after === undefined) return memory.forget(key, kind);
      memory.remember(
        rememberedEntry(key, syncId, {
          kind,
          holders: holdersBeside(syncId, known),
          part: step.part,
          fingerprint: printOf(step),
          id,
          revision,
        }),
      );
    },
    notWritten,
    failed(step) {
      notWritten(step);
      const { change, before: entry } = step;
      const replaced =
        change.action === 'replace' && entry !== undefined ? memory.find(entry.key, entry.kind) : undefined;
      if (replaced === undefined) return;
      const { id: _id, revision: _revision, ...rest } = replaced;
      memory.remember(rest);
    },
  };
}
