import type { SyncDefinition } from '../contracts/definition.js';
import { SecretSyncError } from '../contracts/errors.js';
import type { Operation, SyncResult } from '../contracts/plan.js';
import { quote } from '../contracts/quote.js';
import type { ImportCallOptions, SyncCallOptions } from '../engine/secret-sync-engine.js';
import type { Activity } from './activity.js';
import type { RunState, StoredSync } from './documents.js';
import type { RunCause } from './events.js';
import { failureText } from './failures.js';
import { createLanes, type Lane } from './lanes.js';
import type { ResolvedServiceOptions } from './options.js';
import { settled } from './record.js';
import { syncNotFound, type RecordStore } from './record-store.js';

/** How long a record shows a run as under way without hearing of it, and how often it does hear, in ms. */
const RUN_LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** How often a run that another process is at is looked at, in ms. */
const ELSEWHERE_MS = 5_000;

export interface RunRequest {
  readonly id: string;
  readonly operation: Operation;
  readonly cause: RunCause;
  readonly options?: SyncCallOptions & ImportCallOptions;
  /** Given by who runs syncs by himself: not begun where it isn't wanted any more when its turn comes. */
  readonly isWanted?: (stored: StoredSync) => boolean;
  /** Done in the same turn, once the run has succeeded. */
  readonly onSucceeded?: () => Promise<void>;
}

/** A run that waits or is under way. */
interface Job {
  readonly id: string;
  readonly cause: RunCause;
  readonly controller: AbortController;
  isBegun: boolean;
}

export interface Runs {
  /** Runs a record when it is its turn. `undefined` where it was not wanted any more. */
  run(request: RunRequest): Promise<SyncResult | undefined>;
  /** Does other work at a record's place, when it is its turn. */
  inTurn<Result>(stored: StoredSync, work: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
  /** Ends the runs of a record that nobody waits for. */
  abort(id: string, reason: unknown): void;
  /** Takes back what waits and nobody waits for, waits for the rest up to `timeout`, and then ends it. */
  drain(timeout: number): Promise<void>;
}

const idOf = ({ connectionId, destination }: SyncDefinition): string =>
  connectionId === undefined ? `driver:${destination}` : `connection:${connectionId}`;

/** How long a run that was ended may take to end, in ms: code that takes no notice must not hold up the process. */
const GRACE_MS = 5_000;

export function createRuns(
  { engine, autoSync, clock, emit }: ResolvedServiceOptions,
  records: RecordStore,
  activity: Activity,
): Runs {
  const lanes = createLanes(autoSync.runsPerConnection);
  const jobs = new Map<Job, Promise<unknown>>();
  const timestamp = () => new Date(clock.now()).toISOString();

  const withRun = (stored: StoredSync, operation: Operation, run: Partial<RunState>): StoredSync => ({
    ...stored,
    runs: {
      ...stored.runs,
      [operation]: {
        ...(stored.runs[operation] ?? { status: 'pending', jobId: null, message: null, succeededAt: null }),
        runningUntil: null,
        ...run,
      },
    },
  });

  async function laneOf(definition: SyncDefinition): Promise<Lane> {
    const { place } = await engine.inspect(definition);
    return { place, connection: idOf(definition) };
  }

  function call({ operation, options = {} }: RunRequest, definition: SyncDefinition, signal: AbortSignal) {
    const given = { ...options, signal };
    if (operation === 'sync') return engine.sync(definition, given);
    return operation === 'import'
      ? engine.importSecrets(definition, given)
      : engine.removeSecrets(definition, given);
  }

  /** Keeps the record from counting as failed for as long as its run is under way. */
  async function renew({ id, operation }: RunRequest, jobId: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(RENEW_MS, signal);
      const runningUntil = clock.now() + RUN_LEASE_MS;
      const change = (stored: StoredSync) =>
        stored.runs[operation]?.jobId === jobId ? withRun(stored, operation, { runningUntil }) : undefined;
      // A store that fails may be well again before the lease ends.
      await records.change(id, change, false).catch(() => undefined);
    }
  }

  /** Notes the end of a run, unless another one has begun since. */
  async function noteEnd(request: RunRequest, jobId: string, note: (stored: StoredSync) => StoredSync) {
    await records.change(request.id, (stored) =>
      stored.runs[request.operation]?.jobId === jobId ? note(stored) : undefined,
    );
  }

  /** Notes a run that failed before it could have a turn. */
  async function noteFailure(request: RunRequest, stored: StoredSync, error: unknown): Promise<void> {
    const { id, operation, cause } = request;
    const jobId = globalThis.crypto.randomUUID();
    const failure = failureText(error);
    await records.change(id, (current) =>
      withRun(current, operation, { status: 'failed', jobId, message: failure.message }),
    );
    emit({
      type: 'run-failed',
      syncId: id,
      name: stored.definition.name,
      jobId,
      operation,
      cause,
      ...failure,
    });
  }

  async function carryOut(request: RunRequest, place: string, signal: AbortSignal): Promise<SyncResult> {
    const { id, operation, cause } = request;
    const jobId = globalThis.crypto.randomUUID();
    const runningUntil = clock.now() + RUN_LEASE_MS;
    const running = { status: 'running', jobId, message: null, runningUntil } as const;
    const begin = (stored: StoredSync) => withRun({ ...stored, place }, operation, running);
    const started = await records.change(id, begin, false);
    if (started === undefined) throw syncNotFound(id);
    const { definition, version } = started;
    const fields = { syncId: id, name: definition.name, jobId, operation, cause };
    emit({ ...fields, type: 'run-started', place });
    const ended = new AbortController();
    const renewal = renew(request, jobId, ended.signal).catch(() => undefined);
    let sourceDigest: string | undefined;
    const options = {
      ...request.options,
      ...(operation === 'sync' && { onSourceDigest: (digest: string) => void (sourceDigest = digest) }),
    };
    let result: SyncResult;
    try {
      result = await call({ ...request, options }, definition, signal);
    } catch (error) {
      ended.abort();
      await renewal;
      const failure = failureText(error, signal);
      // Where it can't be noted, the lease ends, which says the same.
      await noteEnd(request, jobId, (stored) =>
        withRun(stored, operation, { status: 'failed', message: failure.message }),
      ).catch(() => undefined);
      emit({ ...fields, type: 'run-failed', ...failure });
      throw error;
    }
    ended.abort();
    await renewal;
    await noteEnd(request, jobId, (stored) => {
      const done = withRun(stored, operation, {
        status: 'succeeded',
        message: null,
        succeededAt: timestamp(),
      });
      // What a definition that is no more has synced says nothing of the one that is.
      return sourceDigest === undefined || stored.version !== version ? done : { ...done, sourceDigest };
    });
    const { summary, requestCount } = result;
    emit({ ...fields, type: 'run-succeeded', summary, requestCount });
    await request.onSucceeded?.();
    return result;
  }

  /** Waits while another process is at it, or until that is known to have died. */
  async function waitElsewhere(id: string, signal: AbortSignal): Promise<StoredSync | undefined> {
    for (;;) {
      const stored = (await records.read(id))?.stored;
      if (stored === undefined) return undefined;
      const { sync } = settled(stored, clock.now()).runs;
      if (sync?.status !== 'running') return settled(stored, clock.now());
      await clock.sleep(Math.min(ELSEWHERE_MS, (sync.runningUntil ?? 0) - clock.now()), signal);
    }
  }

  async function take(request: RunRequest, job: Job): Promise<SyncResult | undefined> {
    const { id, isWanted } = request;
    const { signal } = job.controller;
    for (;;) {
      const loaded = await records.read(id);
      if (loaded === undefined) throw syncNotFound(id);
      const { stored } = loaded;
      const lane = await laneOf(stored.definition).catch(async (error: unknown) => {
        if (isWanted?.(settled(stored, clock.now())) !== false) await noteFailure(request, stored, error);
        throw error;
      });
      const turn = async (): Promise<{ readonly result: SyncResult | undefined } | undefined> => {
        const current = isWanted ? await waitElsewhere(id, signal) : (await records.read(id))?.stored;
        if (current === undefined) throw syncNotFound(id);
        if (isWanted?.(current) === false) return { result: undefined };
        const hasMoved =
          current.version !== stored.version && (await laneOf(current.definition)).place !== lane.place;
        if (hasMoved) return undefined;
        job.isBegun = true;
        return { result: await carryOut(request, lane.place, signal) };
      };
      const ended = await lanes.run(lane, turn, signal, request.cause === 'manual');
      if (ended !== undefined) return ended.result;
    }
  }

  function begin<Result>(id: string, cause: RunCause, work: (job: Job) => Promise<Result>): Promise<Result> {
    const job: Job = { id, cause, controller: new AbortController(), isBegun: false };
    const done = work(job).finally(() => jobs.delete(job));
    jobs.set(job, done);
    activity.track(done);
    return done;
  }

  const isAwaited = ({ cause }: Job) => cause === 'manual' || cause === 'deleted';

  return {
    run: (request) =>
      begin(request.id, request.cause, async (job) => {
        const caller = request.options?.signal;
        caller?.throwIfAborted();
        const follow = () => job.controller.abort(caller?.reason);
        caller?.addEventListener('abort', follow, { once: true });
        try {
          return await take(request, job);
        } finally {
          caller?.removeEventListener('abort', follow);
        }
      }),
    inTurn: (stored, work) =>
      begin(stored.definition.id, 'deleted', async (job) => {
        const { signal } = job.controller;
        const turn = () => {
          job.isBegun = true;
          return work(signal);
        };
        return lanes.run(await laneOf(stored.definition), turn, signal, true);
      }),
    abort(id, reason) {
      for (const job of jobs.keys()) if (job.id === id && !isAwaited(job)) job.controller.abort(reason);
    },
    async drain(timeout) {
      const reason = new SecretSyncError(
        'SYNC_BUSY',
        'The service was stopped before the run had ended. What it had written is remembered; run again.',
        { retryable: true },
      );
      const underWay = [...jobs];
      for (const [job] of underWay) if (!job.isBegun && !isAwaited(job)) job.controller.abort(reason);
      const ends = Promise.allSettled(underWay.map(([, done]) => done));
      for (const limit of [timeout, GRACE_MS]) {
        const enough = new AbortController();
        await Promise.race([ends, clock.sleep(limit, enough.signal).catch(() => undefined)]);
        enough.abort();
        for (const [job] of underWay) job.controller.abort(reason);
      }
    },
  };
}

/** Why a run that nobody waited for was ended. */
export const switchedOff = (name: string): SecretSyncError =>
  new SecretSyncError(
    'SYNC_DISABLED',
    `The sync ${quote(name)} was switched off while it ran or waited; what it had written is remembered.`,
  );
