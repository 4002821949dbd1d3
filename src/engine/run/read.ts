import type { DestinationConnection, DestinationEntry, Facts } from '../../contracts/destination.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { sourceReadOf, type SourceLocation } from '../../contracts/source.js';
import { locationIn } from '../../core/inputs/location.js';
import { sourceSnapshot, type SourceSnapshot } from '../../core/inputs/source-snapshot.js';
import type { GuardedHttpClient } from '../../http/client.js';
import type { HttpClient } from '../../contracts/http.js';
import { guarded, guardedSource } from '../boundary/guard-call.js';
import { connectDriver, entriesOf } from '../boundary/guard-driver.js';
import { inTurns } from '../../shared/turns/turns.js';
import type { Lease } from '../state/lease.js';
import type { ResolvedOptions } from '../options.js';
import type { Run } from './run.js';

export const NO_SECRETS: SourceSnapshot = sourceSnapshot({});

/** The part of a definition that is handed to the source. */
export const locationOf = (run: Run): SourceLocation => locationIn(run.prepared.definition);

export async function readLocation(
  { source }: ResolvedOptions,
  location: SourceLocation,
  signal: AbortSignal,
): Promise<SourceSnapshot> {
  const snapshot = await guardedSource(
    async () => sourceSnapshot(sourceReadOf(await source.read(location, { signal }))),
    signal,
    'SOURCE_READ_FAILED',
    `The source ${quote(source.name)} could not be read; nothing was written. Check that it can be reached and is complete.`,
    { retryable: true },
  );
  signal.throwIfAborted();
  return snapshot;
}

export async function readSource(
  options: ResolvedOptions,
  run: Run,
  signal: AbortSignal = run.signal,
): Promise<SourceSnapshot> {
  const began = run.clock.now();
  const snapshot = await readLocation(options, locationOf(run), signal);
  const durationMs = run.clock.now() - began;
  run.prepared.echoes.learn(snapshot.secrets);
  const partial = snapshot.incomplete || snapshot.unreadable.size > 0;
  run.emit({ ...run.fields, type: 'source-read', keys: snapshot.secrets.size, partial, durationMs });
  return snapshot;
}

/** The run's view of a connection's client: counted, and for a run with a lease nothing is sent once that has ended. */
export function clientFor(client: GuardedHttpClient, run: Run, lease: Lease | undefined): HttpClient {
  return client.forRun({
    signal: run.signal,
    ...(run.deadline === undefined ? {} : { deadline: run.deadline }),
    // Also for what waited in the queue or is sent once more: the lease can have ended in the meantime.
    onSend: () => lease?.check(),
    onRequest(request) {
      run.countRequest();
      run.emit({ ...run.fields, type: 'request', ...request });
    },
    onRetry: (retry) => run.emit({ ...run.fields, type: 'retry', ...retry }),
  });
}

/** Connects a driver for one run. */
export function connect(run: Run, http: HttpClient, facts: Facts): DestinationConnection {
  const { driver, credentials, definition } = run.prepared;
  const config = definition.destinationConfig;
  const guardedFacts = run.prepared.echoes.guardFacts(facts);
  const connection = connectDriver(driver, { credentials, config, http, facts: guardedFacts });
  if (definition.syncOptions.redeploy === 'never' || connection.finish !== undefined) return connection;
  const message = `The driver ${quote(driver.name)} declares a followUp, but its connect() returned no finish(); nothing was written. Fix the driver.`;
  throw new SecretSyncError('INVALID_OPTION', message);
}

/** Reads a place. What it holds is used only after {@link checkEchoes}. */
export async function readDestination(
  run: Run,
  connection: DestinationConnection,
  signal: AbortSignal,
): Promise<readonly DestinationEntry[]> {
  const { driver, place } = run.prepared;
  const began = run.clock.now();
  const entries = await guarded(
    async () => entriesOf(driver, await connection.read({ signal })),
    signal,
    'DESTINATION_UNAVAILABLE',
    `${driver.displayName} could not be read at ${quote(place)}; nothing was written.`,
  );
  signal.throwIfAborted();
  const durationMs = run.clock.now() - began;
  run.emit({ ...run.fields, type: 'destination-read', entries: entries.length, durationMs });
  return entries;
}

/** @throws SecretSyncError `INVALID_RESPONSE` where an entry holds a value or a token of the run. */
export const checkEchoes = (run: Run, entries: readonly DestinationEntry[]): Promise<void> =>
  inTurns(run.prepared.echoes.checkEntries(entries), run.signal);
