import type { SyncDefinition } from '../../contracts/definition.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { Operation } from '../../contracts/plan.js';
import { quote } from '../../shared/text.js';
import type { ImportCallOptions, SyncCallOptions } from '../../engine/secret-sync-engine.js';
import type { Activity } from './idle-tracker.js';
import { needsNoRun } from '../records/definition-patch.js';
import type { StoredSync } from '../records/stored-sync.js';
import type { RunCause } from '../events.js';
import { failureText } from '../failure.js';
import { createJobs, type Asked, type Job, type Jobs } from './run-queue.js';
import { createLanes, type Lane } from './concurrency-gate.js';
import type { ResolvedServiceOptions } from '../options.js';
import { settled, withRun } from '../records/sync-record.js';
import { syncNotFound, type RecordStore } from '../records/record-store.js';
import { renewing } from '../../shared/async.js';
import type { SyncResult } from '../../contracts/result.js';
import { canonicalJson } from '../../shared/canonical-json.js';

/** How long a record shows a run as under way without hearing of it, and how often it does hear, in ms. */
const RUN_LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** How often a run that another process is at is looked at, in ms. */
const ELSEWHERE_MS = 5_000;

export interface RunRequest extends Pick<Asked, 'id' | 'cause' | 'isWanted'> {
  readonly operation: Operation;
  readonly options?: Omit<SyncCallOptions, 'unlessDigest'> & ImportCallOptions;
  /** Done in the same turn, once the run has succeeded. */
  readonly onSucceeded?: () => Promise<void>;
}

export interface Runs extends Pick<Jobs, 'abort' | 'drain'> {
  /**
   * Runs a record when it is its turn. `undefined` where it was not wanted any more. At a place one run is under way, and
   * of a record one waits: who asks for the same meanwhile shares it.
   */
  run(request: RunRequest): Promise<SyncResult | undefined>;
  /** Does other work at a record's place, when it is its turn. */
  inTurn(
    stored: StoredSync,
    caller: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void>;
}

/** A run that its record shows as under way. */
interface Begun {
  readonly jobId: string;
  readonly cause: RunCause;
  readonly definition: SyncDefinition;
}

const idOf = ({ connectionId, destination }: SyncDefinition): string =>
  connectionId === undefined ? `driver:${destination}` : `connection:${connectionId}`;

/** Runs that ask for the same can be shared; who passes a function waits for calls of it. */
function sharedAs({ operation, options = {}, onSucceeded }: RunRequest): string | undefined {
  const { signal: _signal, ...rest } = options;
  const isPlain = Object.values(rest).every((option) => typeof option !== 'function');
  return isPlain && onSucceeded === undefined ? `${operation} ${canonicalJson(rest)}` : undefined;
}

export function createRuns(
  { engine, autoSync, clock, emit }: ResolvedServiceOptions,
  records: RecordStore,
  activity: Activity,
): Runs {
  const lanes = createLanes(autoSync.runsPerConnection);
  const jobs = createJobs(clock, activity);
  const timestamp = () => new Date(clock.now()).toISOString();

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

  /** Notes the end of a run, unless another one has begun since. */
  async function noteEnd(request: RunRequest, jobId: string, note: (stored: StoredSync) => StoredSync) {
    await records.change(request.id, (stored) =>
      stored.runs[request.operation]?.jobId === jobId ? note(stored) : undefined,
    );
  }

  /** Notes a run that failed before it could have a turn. */
  async function noteFailure(
    { id, operation }: RunRequest,
    cause: RunCause,
    { definition: { name } }: StoredSync,
    error: unknown,
  ): Promise<void> {
    const jobId = globalThis.crypto.randomUUID();
    const failure = failureText(error);
    await records.change(id, (current) =>
      withRun(current, operation, { status: 'failed', jobId, message: failure.message }),
    );
    emit({ type: 'run-failed', syncId: id, name, jobId, operation, cause, ...failure });
  }

  /**
   * Begins a run, in the same step in which it is decided that it may: `unwanted` where nobody wants it any more, `moved`
   * where the record is no more what the turn was waited for, or another process has begun to run it.
   */
  async function begin(
    { id, operation }: RunRequest,
    job: Job,
    { version, createdAt }: StoredSync,
    place: string,
  ): Promise<Begun | 'unwanted' | 'moved'> {
    const jobId = globalThis.crypto.randomUUID();
    let decision: Begun | 'unwanted' | 'moved' = 'moved';
    const decide = (stored: StoredSync) => {
      const current = settled(stored, clock.now());
      if (!job.isWanted(current)) return 'unwanted';
      const isOther = current.version !== version || current.createdAt !== createdAt;
      const isElsewhere = !job.isAwaited() && current.runs.sync?.status === 'running';
      if (isOther || isElsewhere) return 'moved';
      return { jobId, cause: job.cause(), definition: current.definition };
    };
    const change = (stored: StoredSync) => {
      decision = decide(stored);
      if (typeof decision === 'string') return undefined;
      const runningUntil = clock.now() + RUN_LEASE_MS;
      return withRun({ ...stored, place }, operation, {
        status: 'running',
        jobId,
        message: null,
        runningUntil,
      });
    };
    if ((await records.change(id, change, false)) === undefined) throw syncNotFound(id);
    return decision;
  }

  async function carryOut(
    request: RunRequest,
    { jobId, cause, definition }: Begun,
    place: string,
    signal: AbortSignal,
  ): Promise<SyncResult> {
    const { id, operation } = request;
    const fields = { syncId: id, name: definition.name, jobId, operation, cause };
    emit({ ...fields, type: 'run-started', place });
    // Keeps the record from counting as failed for as long as its run is under way.
    const renew = () => {
      const runningUntil = clock.now() + RUN_LEASE_MS;
      const change = (stored: StoredSync) =>
        stored.runs[operation]?.jobId === jobId ? withRun(stored, operation, { runningUntil }) : undefined;
      return records.change(id, change, false);
    };
    let result: SyncResult;
    try {
      const work = () => call(request, definition, signal);
      result = await renewing(clock, RENEW_MS, renew, work);
    } catch (error) {
      const failure = failureText(error, signal);
      // Where it can't be noted, the lease ends, which says the same.
      await noteEnd(request, jobId, (stored) =>
        withRun(stored, operation, { status: 'failed', message: failure.message }),
      ).catch(() => undefined);
      emit({ ...fields, type: 'run-failed', ...failure });
      throw error;
    }
    const sourceDigest = operation === 'sync' ? result.sourceDigest : undefined;
    await noteEnd(request, jobId, (stored) => {
      const end = { status: 'succeeded', message: null, succeededAt: timestamp() } as const;
      const done = withRun(stored, operation, end);
      // What a definition that is no more has synced says nothing of the one that is.
      return sourceDigest === undefined || !needsNoRun(definition, stored.definition)
        ? done
        : { ...done, sourceDigest };
    });
    const { summary, requestCount } = result;
    emit({ ...fields, type: 'run-succeeded', summary, requestCount });
    await request.onSucceeded?.();
    return result;
  }

  /** Waits while another process is at it, or until that is known to have died; not on behalf of who waits himself. */
  async function waitElsewhere(id: string, job: Job): Promise<void> {
    while (!job.isAwaited()) {
      const stored = (await records.read(id))?.stored;
      const sync = stored && settled(stored, clock.now()).runs.sync;
      if (sync?.status !== 'running') return;
      await clock.sleep(Math.min(ELSEWHERE_MS, (sync.runningUntil ?? 0) - clock.now()), job.signal);
    }
  }

  async function take(request: RunRequest, job: Job): Promise<SyncResult | undefined> {
    const { id } = request;
    for (;;) {
      const stored = (await records.read(id))?.stored;
      if (stored === undefined) throw syncNotFound(id);
      const lane = await laneOf(stored.definition).catch(async (error: unknown) => {
        if (job.isWanted(settled(stored, clock.now())))
          await noteFailure(request, job.cause(), stored, error);
        throw error;
      });
      const leave = await lanes.enter(lane, job);
      try {
        await waitElsewhere(id, job);
        job.signal.throwIfAborted();
        job.isBegun = true;
        const begun = await begin(request, job, stored, lane.place);
        if (begun === 'unwanted') return undefined;
        if (begun !== 'moved') return await carryOut(request, begun, lane.place, job.signal);
        job.isBegun = false;
      } finally {
        leave();
      }
    }
  }

  return {
    run: (request) =>
      jobs.ask({ ...request, sharedAs: sharedAs(request), signal: request.options?.signal }, (job) =>
        take(request, job),
      ),
    async inTurn({ definition }, caller, work) {
      await jobs.ask({ id: definition.id, cause: 'deleted', signal: caller }, async (job) => {
        const leave = await lanes.enter(await laneOf(definition), job);
        try {
          job.isBegun = true;
          await work(job.signal);
          return undefined;
        } finally {
          leave();
        }
      });
    },
    abort: (...given) => jobs.abort(...given),
    drain: (timeout) => jobs.drain(timeout),
  };
}

/** Why a run that nobody waited for was ended. */
export const switchedOff = (name: string): SecretSyncError =>
  new SecretSyncError(
    'SYNC_DISABLED',
    `The sync ${quote(name)} was switched off while it ran or waited; what it had written is remembered.`,
  );
