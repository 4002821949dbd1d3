import * as z from 'zod/mini';
import { quote } from '../../shared/text.js';
import type { ResolvedOptions } from '../options.js';
import type { PreparedSync } from '../resolve/resolve-sync.js';
import { checkVersion, FORMAT_VERSION } from './place-document.js';
import { putDocument } from './place-repository.js';
import { unusable } from './sealed-store.js';
import { readDocument, storeKeys } from './store-keys.js';

/**
 * Which syncs of a place have written what nothing has followed yet: a small document of its own beside that of the
 * place, so that neither a crash nor a failure forgets it and nothing is written in full for it. Changed by who holds the
 * lease on the place alone.
 */
export interface DueRedeploys {
  readonly has: (syncId: string) => boolean;
  /** @throws SecretSyncError `STATE_NOT_SAVED`; then nothing may be written. */
  add(syncId: string): Promise<void>;
  /** Takes one back, whose run has written nothing. Never rejects: one that stays leads to one more redeployment. */
  remove(syncId: string): Promise<void>;
  /** Takes all back: what was redeployed has the writes of all syncs. Never rejects, as {@link remove}. */
  clear(): Promise<void>;
}

const documentSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  place: z.string(),
  syncs: z.array(z.string()),
});

/** Loads what is due at a place. @throws SecretSyncError `STATE_UNREADABLE`. */
export async function loadDueRedeploys(
  options: Pick<ResolvedOptions, 'store'>,
  place: string,
  signal: AbortSignal,
): Promise<DueRedeploys> {
  const { store } = options;
  const key = storeKeys(place).redeploys;
  const what = `What waits for a redeployment at ${quote(place)}`;
  const stored = await readDocument(store, key, signal);
  let syncs: readonly string[] = [];
  if (stored !== undefined) {
    checkVersion(what, stored.document);
    store.assertUsable(what, stored);
    const parsed = documentSchema.safeParse(stored.document);
    if (!parsed.success || parsed.data.place !== place)
      throw unusable(what, 'it is not such a document; delete it, and deploy once by hand');
    syncs = parsed.data.syncs;
  }
  let version = stored?.version ?? null;

  async function save(next: readonly string[]): Promise<void> {
    if (next.length > 0) {
      const document = { formatVersion: FORMAT_VERSION, place, syncs: [...next].sort() };
      version = await putDocument(options, key, place, document, version);
    } else if (version !== null) {
      await store.delete(key, { ifVersion: version });
      version = null;
    }
    syncs = next;
  }

  return {
    has: (syncId) => syncs.includes(syncId),
    async add(syncId) {
      if (!syncs.includes(syncId)) await save([...syncs, syncId]);
    },
    async remove(syncId) {
      if (syncs.includes(syncId))
        await save(syncs.filter((other) => other !== syncId)).catch(() => undefined);
    },
    clear: () => save([]).catch(() => undefined),
  };
}

const NONE: DueRedeploys = {
  has: () => false,
  add: () => Promise.resolve(),
  remove: () => Promise.resolve(),
  clear: () => Promise.resolve(),
};

/** The same for a run; of a sync that nothing follows, nothing is read. */
export const dueRedeploysOf = async (
  options: Pick<ResolvedOptions, 'store'>,
  { definition, place }: Pick<PreparedSync, 'definition' | 'place'>,
  signal: AbortSignal,
): Promise<DueRedeploys> =>
  definition.syncOptions.redeploy === 'never' ? NONE : loadDueRedeploys(options, place, signal);
