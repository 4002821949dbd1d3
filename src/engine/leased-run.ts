import { isSecretSyncError, SecretSyncError } from '../contracts/errors.js';
import type { Operation, SyncPlan } from '../contracts/plan.js';
import type { SyncResult, UnchangedResult } from '../contracts/result.js';
import { untilAborted } from '../shared/abort.js';
import { contextOfSync } from '../shared/problems.js';
import { quote } from '../shared/text.js';
import type { CallSignal } from './call-options.js';
import { planAndApply, planAndApplyUnless } from './plan-and-apply.js';
import type { DecisionRequest } from './plan-run.js';
import type { PreparedSync } from './resolve/resolve-sync.js';
import type { EngineContext } from './run/clients.js';
import { withRun, type AtPlace, type Run } from './run/run.js';
import { loadDueRedeploys } from './state/due-redeploys.js';
import { acquireLease, type Lease } from './state/lease.js';
import { storeKeys } from './state/store-keys.js';

/** A run that has taken the lease on its place. */
export interface LeasedRun {
  readonly runId: string;
  readonly place: string;
}

/** Whether a run that has its turn is still wanted. `unlessDigest`: unless the source holds what has this digest. */
export type Wanted = false | { readonly unlessDigest?: string | undefined };

/** What a run tells whoever asked for it, and asks in return. */
export interface RunHooks {
  /** Called once the lease was taken, before anything is read or written. */
  readonly assertWanted?: ((run: LeasedRun) => Promise<Wanted>) | undefined;
  /** Called with a plan right before its first write, and with the digest of what the source then holds. */
  readonly beforeWrites?: ((plan: SyncPlan, sourceDigest: string | undefined) => Promise<void>) | undefined;
  /** Called before the lease is given back with the result of the run, also where keys of it failed. */
  readonly onResult?: ((result: SyncResult) => Promise<void>) | undefined;
}

export interface ReleaseHooks {
  /** Only what other syncs want too is handed over to them; what it alone wrote stays its own. */
  readonly keepsOwn?: boolean | undefined;
  /** Called before the lease is given back, once nothing is remembered any more. */
  readonly onReleased?: (() => Promise<void>) | undefined;
}

type Prepare<Prepared extends AtPlace> = (signal: AbortSignal) => Promise<Prepared>;

/** Does work while this run holds the lease on its place. */
async function withLease<Result, Prepared extends AtPlace>(
  { options, tellAboutStore }: EngineContext,
  prepare: Prepare<Prepared>,
  operation: Operation,
  call: CallSignal,
  work: (run: Run<Prepared>, lease: Lease) => Promise<Result>,
): Promise<Result> {
  const prepareAndTell = async (ended: AbortSignal) => {
    const prepared = await prepare(ended);
    tellAboutStore();
    return prepared;
  };
  return withRun(options, prepareAndTell, operation, call, async (run) => {
    const lease = await acquireLease(options, run, storeKeys(run.prepared.place).lease);
    try {
      return await work(run, lease);
    } finally {
      await lease.release();
    }
  });
}

/** The same preparation, which refuses a sync that is disabled, unless it is removed. */
const enabled =
  (prepare: Prepare<PreparedSync>, operation: Operation): Prepare<PreparedSync> =>
  async (ended) => {
    const prepared = await prepare(ended);
    const { isEnabled, name } = prepared.definition;
    if (isEnabled || operation === 'remove') return prepared;
    const message = `The sync ${quote(name)} is disabled; set isEnabled, or plan it.`;
    throw new SecretSyncError('SYNC_DISABLED', message, contextOfSync(prepared));
  };

/** Decides and carries it out. */
export const runAlways = (
  context: EngineContext,
  prepare: Prepare<PreparedSync>,
  call: CallSignal,
  request: DecisionRequest,
): Promise<SyncResult> =>
  withLease(context, enabled(prepare, request.operation), request.operation, call, (run, lease) =>
    planAndApply(context, run, lease, request),
  );

/** Decides and carries it out, unless the source still has this digest. */
export const runUnless = (
  digest: string,
  context: EngineContext,
  prepare: Prepare<PreparedSync>,
  call: CallSignal,
  request: DecisionRequest,
): Promise<SyncResult | UnchangedResult> =>
  withLease(context, enabled(prepare, request.operation), request.operation, call, (run, lease) =>
    planAndApplyUnless(digest, context, run, lease, request),
  );

/** Decides and carries it out where the hooks still want it; `undefined` where they do not, or nothing has changed. */
export const runIfWanted = (
  context: EngineContext,
  prepare: Prepare<PreparedSync>,
  call: CallSignal & RunHooks,
  request: DecisionRequest,
): Promise<SyncResult | undefined> =>
  withLease(context, enabled(prepare, request.operation), request.operation, call, async (run, lease) => {
    const { runId } = run.fields;
    const wanted = (await call.assertWanted?.({ runId, place: run.prepared.place })) ?? {};
    if (wanted === false) {
      run.emit({ ...run.fields, type: 'run-unneeded' });
      return undefined;
    }
    const { unlessDigest } = wanted;
    const running =
      unlessDigest === undefined
        ? planAndApply(context, run, lease, request)
        : planAndApplyUnless(unlessDigest, context, run, lease, request);
    const result = await running.catch(async (error: unknown) => {
      if (isSecretSyncError(error) && error.result !== undefined) await call.onResult?.(error.result);
      throw error;
    });
    if (result.status === 'unchanged') return undefined;
    await call.onResult?.(result);
    return result;
  });

/** Forgets all of a sync at its place, without deleting anything there. */
export const release = (
  context: EngineContext,
  prepare: Prepare<AtPlace>,
  call: CallSignal & ReleaseHooks,
): Promise<void> =>
  withLease(context, prepare, 'remove', call, async (run, lease) => {
    const loaded = await context.state.load(run.prepared, run.signal);
    const { id } = run.prepared.definition;
    if (call.keepsOwn === true) loaded.memory.handOver(id);
    else loaded.memory.forgetSync(id);
    lease.check();
    await untilAborted(loaded.save(), run.signal, run.clock);
    if (call.keepsOwn === true) return;
    const due = await loadDueRedeploys(context.options, run.prepared.place, run.signal);
    await untilAborted(due.remove(id), run.signal, run.clock);
    await call.onReleased?.();
  });
