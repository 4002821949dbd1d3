import type { DestinationEntry } from '../../contracts/destination.js';
import type { PlannedChange } from '../../contracts/plan.js';
import type { SecretValue } from '../../contracts/secret.js';
import type { RememberedEntry } from '../../contracts/state-store.js';
import { fingerprint } from '../../core/fingerprint/fingerprint.js';
import { ownedBy, ownedByOther } from '../../core/inputs/ownership.js';
import type { PlaceMemory } from './place-memory.js';
import { keyIdOf, type Keyring } from '../../core/fingerprint/keyring.js';
import type { DecidedPlan } from '../../core/situation.js';

/** One write of a plan, with the values behind it. */
export interface Work {
  readonly change: PlannedChange & { readonly action: 'create' | 'update' | 'replace' | 'delete' };
  readonly value: SecretValue | undefined;
  readonly entry: DestinationEntry | undefined;
}

/** Turns decisions and their ends into what is remembered. */
export interface Recorder {
  /** What is right already: adopted where nobody owns it, and brought up to date where it is ours. */
  adopt(): void;
  /** Intent: from here on a crash leaves behind that these writes may have happened. */
  begin(work: readonly Work[]): void;
  applied(work: Work, answer: { readonly id?: string; readonly revision?: string }): void;
  /** It surely was not written: what was remembered before holds again. */
  notWritten(work: Work): void;
  /** As `notWritten`, for what was tried: a replace may have put back, under a new id, what stood there. */
  failed(work: Work): void;
}

function rememberedEntry(fields: {
  key: string;
  kind: string | undefined;
  syncId: string;
  adopted: boolean;
  fingerprint: string | undefined;
  id: string | undefined;
  revision: string | undefined;
}): RememberedEntry {
  const { key, kind, syncId, adopted, fingerprint: made, id, revision } = fields;
  return {
    key,
    ...(kind === undefined ? {} : { kind }),
    syncId,
    ...(adopted ? { adopted } : {}),
    ...(made === undefined ? {} : { fingerprint: made }),
    ...(id === undefined ? {} : { id }),
    ...(revision === undefined ? {} : { revision }),
  };
}

export function createRecorder(
  memory: PlaceMemory,
  decided: DecidedPlan,
  keyring: Keyring,
  entries: readonly DestinationEntry[],
): Recorder {
  const { plan } = decided;
  const syncId = plan.definition.id;
  const before = new Map<Work, RememberedEntry | undefined>();
  const print = (key: string, kind: string | undefined, value: SecretValue) =>
    fingerprint(keyring.current, plan.place, kind, key, value);

  /** A fingerprint under a previous key is made anew where the value is at hand, and dropped where it is not. */
  const currentFingerprint = (known: RememberedEntry | undefined, value: SecretValue | undefined) => {
    if (known?.fingerprint === undefined || keyIdOf(known.fingerprint) === keyring.current.keyId) {
      return known?.fingerprint;
    }
    return value === undefined ? undefined : print(known.key, known.kind, value);
  };

  const adoptOne = (
    { key, kind }: PlannedChange,
    entry: DestinationEntry,
    value: SecretValue | undefined,
  ) => {
    const known = memory.find(key, kind);
    // The value is there that this sync had begun to write: it was written.
    const isWritten = known?.pending?.syncId === syncId;
    const claimed = isWritten ? { ...known, syncId } : known;
    if (ownedByOther(claimed, syncId)) return;
    const ours = ownedBy(claimed, syncId, entry) ? claimed : undefined;
    memory.remember(
      rememberedEntry({
        key,
        kind,
        syncId,
        adopted: ours === undefined || (ours.adopted === true && !isWritten),
        fingerprint:
          isWritten && value !== undefined ? print(key, kind, value) : currentFingerprint(ours, value),
        id: entry.id ?? ours?.id,
        revision: entry.revision ?? ours?.revision,
      }),
    );
  };

  const notWritten = (work: Work) => {
    const known = before.get(work);
    if (known === undefined) memory.forget(work.change.key, work.change.kind);
    else memory.remember(known);
  };

  return {
    adopt() {
      if (plan.operation === 'sync') memory.prune(syncId, entries);
      plan.changes.forEach((change, index) => {
        const { entry, value } = decided.changes[index] ?? {};
        if (change.action === 'unchanged' && entry !== undefined) adoptOne(change, entry, value);
        if (change.action !== 'keep') return;
        const known = memory.find(change.key, change.kind);
        if (known === undefined || known.syncId !== syncId) return;
        const made = currentFingerprint(known, undefined);
        if (made === known.fingerprint) return;
        const { fingerprint: _, ...rest } = known;
        memory.remember(rest);
      });
    },
    begin(work) {
      for (const item of work) {
        const { key, kind, action } = item.change;
        const known = memory.find(key, kind);
        before.set(item, known);
        memory.remember({
          ...(known ?? { key, ...(kind === undefined ? {} : { kind }), syncId }),
          pending: { syncId, action },
        });
      }
    },
    applied({ change, value, entry }, { id, revision }) {
      const { key, kind, action } = change;
      if (action === 'replace' && entry !== undefined) memory.forget(entry.key, entry.kind);
      if (value === undefined) return memory.forget(key, kind);
      const made = print(key, kind, value);
      memory.remember(
        rememberedEntry({ key, kind, syncId, adopted: false, fingerprint: made, id, revision }),
      );
    },
    notWritten,
    failed(work) {
      notWritten(work);
      const { change, entry } = work;
      const replaced =
        change.action === 'replace' && entry !== undefined ? memory.find(entry.key, entry.kind) : undefined;
      if (replaced === undefined) return;
      const { id: _id, revision: _revision, ...rest } = replaced;
      memory.remember(rest);
    },
  };
}
