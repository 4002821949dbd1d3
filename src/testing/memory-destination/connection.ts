import { setImmediate } from 'node:timers/promises';
import type {
  DestinationConnection,
  WriteBatch,
  WriteChange,
  WriteOptions,
  WriteOutcome,
} from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';
import type { FinishOptions, FollowUpOutcome } from '../../contracts/follow-up.js';
import { untilAborted } from '../../shared/abort.js';
import { eachAtOnce } from '../../shared/async.js';
import { faultError, type MemoryCall, type MemoryFault } from './faults.js';
import { toDestinationEntry, type MemoryEntry, type MemoryPlace } from './place.js';

/** After how many single writes others have their turn. */
const WRITES_PER_TURN = 512;

/** What a connection to a memory destination works with. */
export interface MemoryConnectionOptions {
  readonly place: MemoryPlace;
  readonly isBatch: boolean;
  readonly concurrency: number;
  /** Whether anything can follow its writes. */
  readonly isFollowed: boolean;
  /** The kind that is written where a change names none. */
  readonly kind: string | undefined;
  show(entry: MemoryEntry): { readonly value: boolean; readonly id: boolean; readonly revision: boolean };
  /** Logs a call, checks the token, and says what goes wrong. */
  enter(call: Omit<MemoryCall, 'place'>): Promise<MemoryFault | undefined>;
}

/** Reads and writes one place. A batch conflicts when anything at the place moved since the read. */
export function connectMemory(options: MemoryConnectionOptions): DestinationConnection {
  const { place, isBatch } = options;
  const show = (entry: MemoryEntry) => options.show(entry);
  let version: number | undefined;

  function applyOne({ key, action, kind = options.kind, value, entry }: WriteChange): WriteOutcome {
    if (action === 'delete') {
      place.remove(key, kind);
      return { key, status: 'applied' };
    }
    if (value === undefined) throw new TypeError('A write needs a value.');
    if (action === 'replace' && entry !== undefined) place.remove(entry.key, entry.kind);
    const made = place.set(key, value, { kind });
    const shown = show(made);
    return {
      key,
      status: 'applied',
      ...(shown.id && { id: made.id }),
      ...(shown.revision && { revision: made.revision }),
    };
  }

  /** Asks what goes wrong before a call is carried out. An `Error` is thrown as it is. */
  async function enter(
    call: Omit<MemoryCall, 'place'>,
    signal: AbortSignal,
  ): Promise<Exclude<MemoryFault, Error> | undefined> {
    signal.throwIfAborted();
    const fault = await untilAborted(Promise.resolve(options.enter(call)), signal);
    signal.throwIfAborted();
    if (fault instanceof Error) throw fault;
    return fault;
  }

  /** One call: carries its changes out and says how each ended. */
  async function writeOnce(
    phase: WriteBatch['phase'],
    changes: readonly WriteChange[],
    signal: AbortSignal,
  ): Promise<readonly WriteOutcome[]> {
    const fault = await enter({ method: 'write', phase, changes }, signal);
    if (isBatch && (fault === 'conflict' || version !== place.version)) throw conflict();
    const applied = fault === undefined || fault === 'lost-after' ? changes.map(applyOne) : [];
    version = place.version;
    if (fault === undefined) return applied;
    const error = faultError(fault);
    return changes.map(({ key }) => {
      return { key, status: error.maybeWritten === true ? 'unknown' : 'failed', error };
    });
  }

  return {
    async read({ signal }) {
      const fault = await enter({ method: 'read', changes: [] }, signal);
      if (fault !== undefined) throw faultError(fault);
      version = place.version;
      return { entries: place.entries().map((entry) => toDestinationEntry(entry, show(entry))) };
    },
    async write(batch, writeOptions) {
      if (!isBatch) {
        return writeEach(batch, writeOptions, options.concurrency, (change) =>
          writeOnce(batch.phase, [change], writeOptions.signal),
        );
      }
      const outcomes = await writeOnce(batch.phase, batch.changes, writeOptions.signal);
      outcomes.forEach((outcome) => writeOptions.onOutcome(outcome));
      return outcomes;
    },
    ...(options.isFollowed && {
      async finish({ wait, signal }: FinishOptions): Promise<FollowUpOutcome> {
        const fault = await enter({ method: 'finish', changes: [] }, signal);
        if (fault !== undefined) throw faultError(fault);
        return wait
          ? { status: 'succeeded', message: 'The memory destination was redeployed.' }
          : { status: 'started', message: 'The redeployment of the memory destination was started.' };
      },
    }),
  };
}

/** One bad key does not stop the others; a refused token does, and so does what is thrown. */
async function writeEach(
  { changes }: WriteBatch,
  writeOptions: WriteOptions,
  concurrency: number,
  writeOne: (change: WriteChange) => Promise<readonly WriteOutcome[]>,
): Promise<readonly WriteOutcome[]> {
  const outcomes: WriteOutcome[] = [];
  const thrown: unknown[] = [];
  let isRefused = false;
  const writeNext = async (change: WriteChange) => {
    if (isRefused || thrown.length > 0) return;
    try {
      for (const outcome of await writeOne(change)) {
        outcomes.push(outcome);
        writeOptions.onOutcome(outcome);
        if (outcome.status !== 'applied' && outcome.error.code === 'UNAUTHORIZED') isRefused = true;
      }
      // As a network would: nothing else here lets others have their turn.
      if (outcomes.length % WRITES_PER_TURN === 0) await setImmediate();
    } catch (error) {
      thrown.push(error);
    }
  };
  await eachAtOnce(changes, concurrency, writeNext);
  if (thrown.length > 0) throw thrown[0];
  return outcomes;
}

function conflict(): SecretSyncError {
  const message = 'The place was changed since it was read; try again.';
  return new SecretSyncError('CONFLICT', message, { retryable: true });
}
