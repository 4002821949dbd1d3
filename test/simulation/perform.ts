import type { SyncDefinitionInput } from '../../src/contracts/definition.js';
import type { SyncPlan } from '../../src/contracts/plan.js';
import { checkEnd } from './rules/ends.js';
import type { Call } from './steps.js';
import type { Ended, Watched } from './world/watched.js';
import type { SyncSetting } from './world/setting.js';
import type { Worker } from './worker.js';
import type { World } from './world/world.js';

type Engine = Worker['engine'];

export const syncOf = ({ setting, syncs }: World, { sync }: Pick<Call, 'sync'>): SyncSetting =>
  syncs[sync % syncs.length] ?? setting.syncs[0];

function definitionOf(world: World, sync: SyncSetting): SyncDefinitionInput {
  const { destination, destinationConfig } = world.site(sync.site);
  return {
    name: sync.name,
    secretPath: sync.location,
    destination,
    destinationConfig: {
      ...destinationConfig,
      ...(sync.kind === undefined ? {} : { variableType: sync.kind }),
    },
    syncOptions: sync.options,
  };
}

/** By then each call has ended, whatever it waits for. */
const FOREVER_MS = 24 * 3_600_000;

/** Does one call of the engine and watches it to its end. */
export async function watch(
  world: World,
  worker: Worker,
  call: Call,
  operation: Call['operation'],
  more: Pick<Watched, 'planned' | 'confirmed'> & { readonly troubles?: Watched['troubles'] },
  work: (engine: Engine, definition: SyncDefinitionInput, signal: AbortSignal) => Promise<Ended>,
): Promise<{ readonly ended: Ended; readonly watched: Watched }> {
  const sync = syncOf(world, call);
  const site = world.site(sync.site);
  const watched: Watched = {
    call,
    operation,
    sync,
    site,
    confirmed: more.confirmed,
    ...(more.planned === undefined ? {} : { planned: more.planned }),
    troubles: more.troubles ?? [],
    controller: new AbortController(),
    standing: site.snapshot(),
    imported: new Map(),
    acts: [],
    counts: new Map(),
    met: [],
    disturbed: false,
    disturbedSinceAnswer: false,
    disturbedSinceList: false,
    wasDisturbed: false,
    hasCompany: false,
    hasRead: false,
    requests: 0,
    isOver: false,
    isMisled: world.forged.size > 0,
    wasSynced: world.ledger.synced(sync),
  };
  for (const other of world.running) if (other.sync === sync) other.hasCompany = watched.hasCompany = true;
  worker.run = watched;
  world.running.add(watched);
  const crash = worker.died.then((): Ended => ({ how: 'crash' }));
  const call_ = work(worker.engine, definitionOf(world, sync), watched.controller.signal).catch(
    (error: unknown): Ended => ({ how: 'error', error }),
  );
  const ending = new AbortController();
  const hung = world.clock.sleep(FOREVER_MS, ending.signal).then((): Ended => {
    world.report('hang', `${operation} did not end`);
    return { how: 'crash' };
  });
  const ended = await Promise.race([call_, crash, hung]);
  hung.catch(() => undefined);
  ending.abort();
  watched.isOver = true;
  world.running.delete(watched);
  world.count(`${operation} ${ended.how}`);
  for (const mishap of watched.met) world.count(`met ${mishap}`);
  checkEnd(world, watched, ended);
  if (ended.how !== 'crash') {
    worker.run = undefined;
    if (worker.sleepers > 0)
      world.report('timers', `${worker.sleepers} sleeps were left behind by ${operation}`);
  }
  return { ended, watched };
}

async function planFirst(world: World, worker: Worker, call: Call, operation: 'sync' | 'remove') {
  return watch(world, worker, call, 'plan', { confirmed: undefined }, async (engine, definition, signal) => {
    const plan = await engine.plan(definition, { operation, force: call.force, signal });
    return { how: 'plan', plan };
  });
}

/** Does a call on the record of a sync: its id is its name. */
const throughService = (world: World, worker: Worker, call: Call) =>
  watch(
    world,
    worker,
    call,
    call.operation,
    { confirmed: undefined },
    async (_engine, definition, signal) => {
      const syncId = definition.name;
      if (call.operation === 'release') {
        await worker.service.deleteSync(syncId, { signal }).catch((error: unknown) => {
          // Who died in its deletion had come that far.
          if (!world.library.isSecretSyncError(error) || error.code !== 'SYNC_NOT_FOUND') throw error;
        });
        world.deleted.add(syncId);
        return { how: 'done' };
      }
      const performed = await worker.service.perform(
        { syncId, operation: 'sync', cause: 'change' },
        { signal },
      );
      switch (performed.status) {
        case 'succeeded':
          return { how: 'done' };
        case 'failed':
          if (performed.code === 'UNEXPECTED') throw new Error(performed.message);
          return { how: 'failed', code: performed.code };
        case 'aborted':
          return { how: 'failed', code: 'ABORTED' };
        default:
          return { how: 'nothing', status: performed.status };
      }
    },
  );

/** Makes a record of a definition. */
export async function makeRecord(world: World, worker: Worker, call: Call): Promise<void> {
  await watch(world, worker, call, 'sync', { confirmed: undefined }, async (_engine, definition) => {
    await worker.service.createSync({ ...definition, id: definition.name });
    return { how: 'nothing', status: 'unwanted' };
  });
}

const throughJson = (plan: SyncPlan): SyncPlan => JSON.parse(JSON.stringify(plan)) as SyncPlan;

/** Does what a step asks for; `undefined` where it came to nothing. */
export async function perform(
  world: World,
  worker: Worker,
  call: Call,
): Promise<{ readonly ended: Ended; readonly watched: Watched } | undefined> {
  const { operation, force, troubles, importBehavior } = call;
  let confirmed: number | undefined;
  if (call.confirm && (operation === 'sync' || operation === 'remove')) {
    const { ended } = await planFirst(world, worker, call, operation);
    if (ended.how === 'plan') confirmed = ended.plan.summary.delete;
  }
  const options = confirmed === undefined ? {} : { confirmDeletions: confirmed };
  switch (operation) {
    case 'plan':
      return watch(
        world,
        worker,
        call,
        'plan',
        { confirmed, troubles },
        async (engine, definition, signal) => ({
          how: 'plan',
          plan: await engine.plan(definition, { force, signal }),
        }),
      );
    case 'apply': {
      const first = await planFirst(world, worker, call, 'sync');
      if (first.ended.how !== 'plan') return undefined;
      const { plan } = first.ended;
      call.between.forEach((change) => world.change(change));
      const { read, standing } = first.watched;
      const planned = { plan, read, standing };
      if (call.confirm) confirmed = plan.summary.delete;
      return watch(
        world,
        worker,
        call,
        'apply',
        { confirmed, planned, troubles },
        async (engine, _definition, signal) => ({
          how: 'result',
          result: await engine.apply(throughJson(plan), {
            signal,
            ...(confirmed === undefined ? {} : { confirmDeletions: confirmed }),
          }),
        }),
      );
    }
    default:
      if (call.through === 'service') return throughService(world, worker, call);
      return watch(
        world,
        worker,
        call,
        operation,
        { confirmed, troubles },
        async (engine, definition, signal) => {
          switch (operation) {
            case 'release':
              await engine.release(definition, { signal });
              return { how: 'done' };
            case 'sync':
              return {
                how: 'result',
                result: await engine.sync(definition, { force, signal, ...options }),
              };
            case 'import':
              return {
                how: 'result',
                result: await engine.importSecrets(definition, { importBehavior, signal }),
              };
            case 'remove':
              return {
                how: 'result',
                result: await engine.removeSecrets(definition, { signal, ...options }),
              };
          }
        },
      );
  }
}
