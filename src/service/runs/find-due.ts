import type { SourceLocation } from '../../contracts/source.js';
import { locationIn, locationKey } from '../../core/inputs/location.js';
import type { FailureText } from '../failure.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from '../records/record-store.js';
import type { StoredSync } from '../records/stored-sync.js';
import { withOutage } from '../records/sync-record.js';
import { dueJobs, dueOptions, isAutomatic, needsDigest } from './due.js';
import type { SourceLooks } from './source-looks.js';
import type { FindDueOptions, SyncJob } from './sync-job.js';

/** Notes in a record that its source is out of reach, once: not where it says so already, or where a run will say more. */
export async function noteOutage(
  { emit }: ResolvedServiceOptions,
  records: RecordStore,
  id: string,
  { failure, attempts }: { readonly failure: FailureText; readonly attempts: number },
): Promise<void> {
  const noted = { isNew: false, name: '' };
  await records.change(id, (current) => {
    const next = isAutomatic(current) ? withOutage(current, failure.message) : undefined;
    noted.isNew = next !== undefined;
    noted.name = current.definition.name;
    return next;
  });
  const { isNew, name } = noted;
  if (isNew) emit({ type: 'sync-left', syncId: id, name, attempts, retryAt: null, ...failure });
}

/** Finds the jobs that are due: of the records as they are stored, and one digest for each location of the source. */
export class DueFinder {
  readonly #options: ResolvedServiceOptions;
  readonly #records: RecordStore;
  readonly #looks: SourceLooks;

  constructor(options: ResolvedServiceOptions, records: RecordStore, looks: SourceLooks) {
    this.#options = options;
    this.#records = records;
    this.#looks = looks;
  }

  async findDue({ location, signal }: FindDueOptions): Promise<readonly SyncJob[]> {
    const ended = signal ?? new AbortController().signal;
    const wanted = location === undefined ? undefined : locationKey(locationIn(location));
    const loaded = await this.#records.readable();
    ended.throwIfAborted();
    const records = loaded.map(({ stored }) => stored);
    const here = records.filter(
      ({ definition }) => wanted === undefined || locationKey(locationIn(definition)) === wanted,
    );
    const digests = await this.#digests(here, ended);
    return here.flatMap((record) =>
      dueJobs(record, digests.get(locationKey(locationIn(record.definition))), dueOptions(this.#options)),
    );
  }

  /** The digests of the locations that must be known, by their keys. */
  async #digests(records: readonly StoredSync[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const locations = new Map<string, { readonly location: SourceLocation; readonly ids: string[] }>();
    for (const record of records) {
      if (!needsDigest(record, dueOptions(this.#options))) continue;
      const location = locationIn(record.definition);
      const key = locationKey(location);
      const known = locations.get(key) ?? { location, ids: [] };
      known.ids.push(record.definition.id);
      locations.set(key, known);
    }
    const digests = new Map<string, string>();
    const lookAt = async ([key, { location, ids }]: [
      string,
      { location: SourceLocation; ids: string[] },
    ]) => {
      const look = await this.#looks.look(location, signal);
      if ('digest' in look) digests.set(key, look.digest);
      else if (look.isGivenUp)
        await Promise.all(ids.map((id) => noteOutage(this.#options, this.#records, id, look)));
    };
    await Promise.all([...locations].map(lookAt));
    return digests;
  }
}
