import * as z from 'zod';
import type { JsonValue } from '../../../src/contracts/json.js';
import { renderKey, type Watched } from '../world/watched.js';
import type { World } from '../world/world.js';

const leaseDocument = z.object({ holder: z.string() });

/** What a run writes to the store. */
export function checkStorePut(
  world: World,
  watched: Watched | undefined,
  key: string,
  document: JsonValue,
): void {
  world.checkLeak('the store', JSON.stringify(document));
  if (watched === undefined) return world.report('late store', `${key} was written after the call had ended`);
  if (watched.operation === 'plan') world.report('dry', `a plan wrote ${key}`);
  if (watched.isMisled && !key.startsWith('leases/'))
    world.report('forged', `${key} was written after a forged document was read`);
  const lease = leaseDocument.safeParse(document);
  if (lease.success && key.startsWith('leases/')) watched.holder = lease.data.holder;
}

/** What a run writes to the source: only what stands at the destination, and only when it imports. */
export function checkSourceWrite(world: World, watched: Watched, sourceKey: string, value: string): void {
  const { sync, operation, standing, disturbed } = watched;
  const { initialSyncBehavior = 'overwrite-destination' } = sync.options;
  const imports =
    operation === 'import' ||
    ((operation === 'sync' || operation === 'apply') && initialSyncBehavior !== 'overwrite-destination');
  if (!imports) world.report('source', `${operation} wrote ${sourceKey}`);
  if (operation !== 'import' && world.ledger.synced(sync) === true)
    world.report('source', `${sourceKey} was imported again`);
  if (disturbed) return;
  const key = renderKey(sync, sourceKey);
  const stands = [...standing.values()].some(
    (entry) => entry.key === key && entry.value === value && !entry.fixed && !entry.reserved,
  );
  if (!stands) world.report('source', `${sourceKey} got a value that does not stand at the destination`);
}
