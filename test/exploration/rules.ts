import * as z from 'zod';
import type { Ended, Watched } from '../simulation/world/watched.js';
import type { World } from '../simulation/world/world.js';

const WRITTEN: readonly string[] = ['create', 'update', 'replace', 'delete'];

/** Nothing was written that the plan of the run does not show. */
export function checkPlanned(world: World, watched: Watched, ended: Ended): void {
  const { isSecretSyncError } = world.library;
  const result =
    ended.how === 'result'
      ? ended.result
      : ended.how === 'error' && isSecretSyncError(ended.error)
        ? ended.error.result
        : undefined;
  // What a service tells of a job holds no plan.
  if (watched.call.through === 'service' && watched.operation !== 'release') return;
  const isKnown = ended.how === 'result' || result !== undefined;
  if (!isKnown && ended.how !== 'done') return;
  const shown = new Set(
    result?.plan.changes.filter(({ action }) => WRITTEN.includes(action)).map(({ key }) => key),
  );
  for (const { before, after } of watched.acts) {
    const key = (after ?? before)?.key ?? '';
    if (!shown.has(key))
      world.report('unplanned', `${watched.operation} wrote ${key}, which its plan does not show`);
  }
}

const placeDocument = z.object({
  entries: z.array(z.object({ key: z.string(), syncId: z.string() })),
});

/** All that a sync wrote belongs to a sync. */
export function checkOwners(world: World): void {
  const owned = new Set<string>();
  for (const [key, { document }] of world.documents) {
    if (!key.startsWith('places/')) continue;
    for (const entry of placeDocument.parse(document).entries) owned.add(entry.key);
  }
  for (const site of world.sites.values()) {
    for (const entry of site.snapshot().values()) {
      const writer = world.ledger.writer(entry, site.name);
      if (writer !== undefined && !owned.has(entry.key))
        world.report('owner', `${entry.key}, which ${writer} wrote, belongs to nobody`);
    }
  }
}
