import { perform, syncOf } from './perform.js';
import { HAND_KEYS, type SyncSetting } from './world/setting.js';
import type { Standing } from './world/sites.js';
import type { Call } from './steps.js';
import { desiredOf, isBad, renderKey, type Ended, type Watched } from './world/watched.js';
import type { Worker } from './worker.js';
import type { World } from './world/world.js';

/** A call without any trouble. */
export const plainCall = (sync: number, operation: Call['operation'], confirm = false): Call => ({
  do: 'call',
  worker: 0,
  sync,
  operation,
  force: false,
  confirm,
  importBehavior: 'prioritize-source',
  troubles: [],
  between: [],
});

const codeOf = (world: World, ended: Ended) =>
  ended.how === 'error' && world.library.isSecretSyncError(ended.error) ? ended.error.code : undefined;

/** What the token's owner is called is learned from answers to creates: until then, others' entries look foreign. */
const isStrange = ({ setting, ledger }: World, sync: SyncSetting, entry: Standing) =>
  setting.qovery.ownedBy === 'api-token' && ledger.writer(entry, sync.site) !== sync.name;

/** An override is its maker's as long as that is remembered: later it looks like a person's. */
const isForgotten = ({ ledger }: World, { site }: SyncSetting, entry: Standing) =>
  entry.override && ledger.writer(entry, site) === undefined;

/** Whether another sync made it as an override: until that has run again, its creation may not be recorded. */
const isOverrideOfAnother = ({ ledger }: World, { name, site }: SyncSetting, entry: Standing) =>
  entry.override && ledger.writer(entry, site) !== name;

/** Whether the project has it in a way that its environments can't override. */
const hasInTheWay = (world: World, { site, kind }: SyncSetting, key: string) =>
  site === 'environment' &&
  [...world.site('project').snapshot().values()].some(
    (entry) => entry.key === key && (entry.fixed || entry.kind !== kind),
  );

/** Whether a refusal of a call that nothing troubled has a reason in the world. `isLast`: after all others have run again. */
export function isExcused(world: World, watched: Watched, ended: Ended, isLast = false): boolean {
  const { sync, site, operation, read, planned } = watched;
  const code = codeOf(world, ended);
  const standing = [...site.snapshot().values(), ...(planned?.standing.values() ?? [])];
  switch (code) {
    case 'IMPORT_NOT_SUPPORTED':
      return operation === 'import' && site.name !== 'hasura';
    case 'PLAN_STALE':
    case 'PLAN_INVALID':
    case 'FINGERPRINT_KEY_REQUIRED':
      return planned !== undefined;
    case 'DELETION_REFUSED':
      return true;
    case 'PLAN_BLOCKED':
      return [...((planned?.read ?? read)?.secrets ?? [])].some(([sourceKey, value]) => {
        const key = renderKey(sync, sourceKey);
        const inTheWay = standing.some(
          (entry) =>
            entry.key === key &&
            (entry.fixed ||
              entry.foreign ||
              entry.kind !== sync.kind ||
              isForgotten(world, sync, entry) ||
              (!isLast && isOverrideOfAnother(world, sync, entry)) ||
              isStrange(world, sync, entry)),
        );
        return isBad(key, value) || key.startsWith('QOVERY_') || inTheWay || hasInTheWay(world, sync, key);
      });
    case 'SYNC_FAILED':
      // What stands at another scope can be in the way there, and no plan can know it.
      return (
        site.name !== 'hasura' &&
        (world.setting.qovery.conflictReach === 'all-scopes' ||
          standing.some(({ key, fixed }) => fixed && desiredOf(watched).has(key)))
      );
    default:
      return false;
  }
}

/** Takes away what blocks: keys that nobody takes, and what people put in the way. */
function repair(world: World): void {
  for (const source of world.sources.values()) {
    for (const [key, value] of source) if (isBad(key, value) || key.startsWith('QOVERY_')) source.delete(key);
  }
  for (const sync of world.syncs) {
    const site = world.site(sync.site);
    const desired = [...(world.sources.get(sync.location)?.keys() ?? [])].map((key) => renderKey(sync, key));
    for (const key of desired) {
      site.clear(key, sync.kind);
      if (sync.site === 'environment') world.site('project').clear(key, sync.kind);
    }
  }
  world.change({
    do: 'hand',
    site: 'project',
    edit: { edit: 'delete', key: HAND_KEYS[0], value: '', kind: 'secret' },
  });
}

/**
 * An undisturbed sync of each definition makes it as it should be, and a second one finds nothing to do. What one sync had
 * begun to make may block another one until the first has run again, so what is blocked is tried once more at the end.
 */
export async function settle(world: World, worker: Worker): Promise<void> {
  await world.clock.sleep(3_600_000);
  const blocked: number[] = [];
  for (let index = 0; index < world.syncs.length && world.violation === undefined; index += 1) {
    const code = await settleOne(world, worker, index, (met) => met === 'PLAN_BLOCKED');
    if (code === 'PLAN_BLOCKED') blocked.push(index);
  }
  for (const index of blocked) {
    if (world.violation === undefined) await settleOne(world, worker, index, () => false);
  }
}

/** Settles one sync; returns the code of what ended it, if it can't be synced. `isTriedAgain`: what is no violation yet. */
async function settleOne(
  world: World,
  worker: Worker,
  index: number,
  isTriedAgain: (code: string | undefined) => boolean,
): Promise<string | undefined> {
  repair(world);
  const { name, options, site } = syncOf(world, { sync: index });
  let first = await perform(world, worker, plainCall(index, 'sync'));
  if (first !== undefined && codeOf(world, first.ended) === 'DELETION_REFUSED') {
    first = await perform(world, worker, plainCall(index, 'sync', true));
  }
  if (first === undefined || first.ended.how !== 'result') {
    const code = first && codeOf(world, first.ended);
    if (first !== undefined && !isTriedAgain(code) && !isExcused(world, first.watched, first.ended, true)) {
      world.report('liveness', `${name} can't be synced: ${code ?? first.ended.how}`);
    }
    world.count(`settled not: ${code ?? ''}`);
    return code;
  }
  world.count('settled');
  const second = await perform(world, worker, plainCall(index, 'sync'));
  const result = second?.ended.how === 'result' ? second.ended.result : undefined;
  const skipped = options.invalidKeys === 'skip' ? (result?.summary.skipped ?? 0) : 0;
  if (result === undefined || result.outcomes.length !== skipped || second?.watched.acts.length !== 0) {
    world.report(
      'idempotence',
      `a second sync of ${name} was not idle: ${JSON.stringify(result?.plan.summary ?? {})}`,
    );
  } else if (result.requestCount !== 1) {
    world.report(
      'cost',
      `a sync of ${name} (${site}) with nothing to do took ${result.requestCount} requests`,
    );
  }
  return undefined;
}
