import type { DestinationEntry } from '../../contracts/destination.js';
import type { Operation } from '../../contracts/plan.js';
import type { RememberedEntry } from '../../contracts/state-store.js';
import { fingerprint } from '../../core/fingerprint/fingerprint.js';
import { isInherited } from '../../core/inputs/destination-index.js';
import { isMadeWith, type Keyring } from '../../core/fingerprint/keyring.js';
import {
  heldBy,
  holdersBeside,
  isBegunBy,
  isFixed,
  ownedBy,
  ownedByOther,
  partsBySync,
} from '../../core/inputs/ownership.js';
import { forEachInTurns, type Turns } from '../../shared/turns/turns.js';
import type { Step, WriteStep } from '../../core/step.js';
import { withoutSync, type PlaceMemory } from './place-memory.js';

/** What a destination told of an entry that was written. */
export interface Written {
  readonly id?: string | undefined;
  readonly revision?: string | undefined;
}

/** Turns decisions and their ends into what is remembered; what it does for many keys, in turns. */
export interface Recorder {
  /** What is right already: adopted where no sync owns it, held where another one does, and brought up to date. */
  adopt(steps: readonly Step[]): Turns;
  /** Intent: from here on a crash leaves behind that these writes may have happened. */
  begin(steps: readonly WriteStep[]): Turns;
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
  /** Whether a key that came from this part, and that the source does not hold, is certainly not wanted; else no hold on it is given up. */
  readonly isSourceCertain: (part: string | undefined) => boolean;
  /** Whether the source has parts; of one that has none, no key comes from a part any more. */
  readonly hasParts: boolean;
  /** What existed at the place when it was decided. */
  readonly entries: readonly DestinationEntry[];
}

type Fields = { readonly [Name in keyof RememberedEntry]?: RememberedEntry[Name] | undefined };

/** An entry without its absent fields, so that equal entries are equal JSON. */
function rememberedEntry(key: string, syncId: string, fields: Fields): RememberedEntry {
  const { kind, adopted, fingerprint: made, id, revision, holders, holderParts, part, pending } = fields;
  return {
    key,
    ...(kind === undefined ? {} : { kind }),
    syncId,
    ...(holders === undefined ? {} : { holders }),
    ...(holderParts === undefined ? {} : { holderParts }),
    ...(part === undefined ? {} : { part }),
    ...(adopted === undefined ? {} : { adopted }),
    ...(made === undefined ? {} : { fingerprint: made }),
    ...(id === undefined ? {} : { id }),
    ...(revision === undefined ? {} : { revision }),
    ...(pending === undefined ? {} : { pending }),
  };
}

/**
 * What is remembered of a kept entry. One that this sync began to create, and that counts as its own, is known by its id
 * from then on: else it would look like a person's to the other syncs for as long as it is kept.
 */
function settledCreate(
  known: RememberedEntry | undefined,
  syncId: string,
  entry: DestinationEntry | undefined,
): RememberedEntry | undefined {
  if (known?.pending?.action !== 'create' || entry?.id === undefined || isInherited(entry)) return known;
  if (!isBegunBy(known, syncId) || !ownedBy(known, syncId, entry) || isFixed(entry, known, syncId))
    return known;
  const { pending, ...rest } = known;
  const part = pending.part ?? known.part;
  return { ...rest, id: entry.id, ...(part === undefined ? {} : { part }) };
}

/** Reasons for which a key is kept although its sync may still want it. */
const MAYBE_WANTED: readonly string[] = ['unreadable-at-source', 'source-partial', 'other-kind'];

/** Makes the recorder of one run. */
export const createRecorder = (context: RecorderContext): Recorder => new PlaceRecorder(context);

class PlaceRecorder implements Recorder {
  readonly #context: RecorderContext;
  readonly #before = new Map<WriteStep, RememberedEntry | undefined>();

  constructor(context: RecorderContext) {
    this.#context = context;
  }

  *adopt(steps: readonly Step[]): Turns {
    const { memory, operation, syncId, entries, isSourceCertain } = this.#context;
    if (operation === 'sync') yield* memory.prune(syncId, { entries, steps, isSourceCertain });
    yield* forEachInTurns(steps, (step) => {
      const { action } = step.change;
      if (action === 'unchanged' && step.before !== undefined) this.#adoptOne(step, step.before);
      else if (action === 'keep') this.#keepOne(step);
    });
  }

  *begin(steps: readonly WriteStep[]): Turns {
    const { memory, keyring, syncId } = this.#context;
    yield* forEachInTurns(steps, (step) => {
      const { key, kind, action } = step.change;
      const known = memory.find(key, kind);
      this.#before.set(step, known);
      // Under a key that ends with this process nothing could be told by it afterwards.
      const made = keyring.ephemeral ? undefined : this.#fingerprintOf(step);
      const pending = {
        syncId,
        action,
        ...(made === undefined ? {} : { fingerprint: made }),
        ...(step.part === undefined ? {} : { part: step.part }),
      };
      memory.remember({ ...(known ?? rememberedEntry(key, syncId, { kind })), pending });
    });
  }

  applied(step: WriteStep, { id, revision }: Written): void {
    const { memory, syncId } = this.#context;
    const { key, kind } = step.change;
    const known = this.#before.get(step);
    const replaced = this.#replacedBy(step);
    if (replaced !== undefined) memory.forget(replaced.key, replaced.kind);
    if (step.after === undefined) return memory.forget(key, kind);
    // Who wanted the entry of another kind that it replaces wants the key all the same.
    const held = holdersBeside(syncId, known ?? replaced);
    const made = this.#fingerprintOf(step);
    memory.remember(
      rememberedEntry(key, syncId, { kind, ...held, part: step.part, fingerprint: made, id, revision }),
    );
  }

  notWritten(step: WriteStep): void {
    const { memory } = this.#context;
    const known = this.#before.get(step);
    if (known === undefined) memory.forget(step.change.key, step.change.kind);
    else memory.remember(known);
  }

  failed(step: WriteStep): void {
    this.notWritten(step);
    const replaced = this.#replacedBy(step);
    if (replaced === undefined) return;
    const { id: _id, revision: _revision, ...rest } = replaced;
    // What was put back has another id. But what is known as ours by its id alone must not lose it.
    this.#context.memory.remember(step.before?.fixed === undefined ? rest : replaced);
  }

  #isCurrent(made: string | undefined): made is string {
    return made !== undefined && isMadeWith(this.#context.keyring.current.keyId, made);
  }

  /** The fingerprint of what a step writes, under the current key. */
  #fingerprintOf({ change: { key, kind }, after, fingerprint: made }: Step): string | undefined {
    const { keyring, place } = this.#context;
    if (this.#isCurrent(made)) return made;
    return after && fingerprint(keyring.current, place, kind, key, after);
  }

  /** A fingerprint under a previous key is made again where the value is at hand, and dropped where it is not. */
  #currentFingerprint(known: RememberedEntry | undefined, step: Step): string | undefined {
    const made = known?.fingerprint;
    return made === undefined || this.#isCurrent(made) ? made : this.#fingerprintOf(step);
  }

  /** What is remembered of the entry of another kind that a step replaces. */
  #replacedBy({ change, before }: WriteStep): RememberedEntry | undefined {
    if (change.action !== 'replace' || before === undefined) return undefined;
    return this.#context.memory.find(before.key, before.kind);
  }

  #adoptOne(step: Step, entry: DestinationEntry): void {
    const { memory, syncId, hasParts } = this.#context;
    const { key, kind } = step.change;
    const known = memory.find(key, kind);
    // The value exists there that this sync had begun to write: it was written.
    const isWritten = isBegunBy(known, syncId);
    const { pending: _, ...settled } = known ?? { key, syncId };
    const claimed = isWritten ? { ...settled, syncId } : known;
    if (claimed !== undefined && ownedByOther(claimed, syncId)) {
      return claimed.syncId === syncId ? undefined : memory.remember(heldBy(claimed, syncId, step.part));
    }
    const ours = ownedBy(claimed, syncId, entry) ? claimed : undefined;
    memory.remember(
      rememberedEntry(key, syncId, {
        kind,
        ...holdersBeside(syncId, known),
        // Which part of the source takes an import is not known before the source is read again.
        part: step.part ?? (hasParts ? ours?.part : undefined),
        adopted: ours === undefined || (ours.adopted === true && !isWritten) ? true : undefined,
        fingerprint: isWritten ? this.#fingerprintOf(step) : this.#currentFingerprint(ours, step),
        id: entry.id ?? ours?.id,
        revision: entry.revision ?? ours?.revision,
      }),
    );
  }

  /**
   * A key that is not written: where this sync certainly does not want it, it holds it no longer, and hands it over to a
   * sync that wants it.
   */
  #keepOne({ change: { key, kind, reason }, before }: Step): void {
    const { memory, operation, syncId, isSourceCertain } = this.#context;
    const found = memory.find(key, kind);
    const known = settledCreate(found, syncId, before);
    if (known === undefined) return;
    if (known !== found) memory.remember(known);
    const part = partsBySync(known).get(syncId);
    const isUnwanted = operation === 'sync' && isSourceCertain(part) && !MAYBE_WANTED.includes(reason);
    const isHeldByOthers = known.holders?.some((holder) => holder !== syncId) === true;
    const isHolder = known.holders?.includes(syncId) === true;
    if (isUnwanted && (isHolder || (known.syncId === syncId && isHeldByOthers))) {
      const left = withoutSync(known, syncId);
      if (left !== undefined) memory.remember(left);
      return;
    }
    if (known.syncId !== syncId || known.fingerprint === undefined || this.#isCurrent(known.fingerprint))
      return;
    const { fingerprint: _, ...rest } = known;
    memory.remember(rest);
  }
}
