import type { SyncDefinition } from '../../contracts/definition.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { quote } from '../../shared/text.js';
import { valueAt } from '../../shared/validation.js';
import type { InspectedSync } from '../../engine/secret-sync-engine.js';
import { changedDefinition, needsNoRun, sameDefinition, type SyncChanges } from './definition-patch.js';
import { crossSyncConflict } from '../../core/definition/key-schema-overlap.js';
import { describeLocation } from './describe-location.js';
import type { StoredSync } from './stored-sync.js';
import type { ServiceEvent } from '../events.js';
import { failureText } from '../failure.js';
import { handlesOf, isUuid, syncExists, type Claim, type Names } from './name-index.js';
import type { ResolvedServiceOptions } from '../options.js';
import type { RecordStore } from './record-store.js';
import { errorFromProblems } from '../../shared/problems.js';
import { sameLocation } from '../../core/inputs/location.js';

/** Makes and changes records. */
export interface Catalog {
  create(input: unknown): Promise<StoredSync>;
  /** `version`: that of the record which the changes were made for. */
  update(idOrName: string, changes: SyncChanges, version: number | undefined): Promise<StoredSync>;
  /** Removes a record, and what it was called by. */
  remove(stored: StoredSync): Promise<void>;
}

function checkName({ name }: SyncDefinition): void {
  if (!isUuid(name)) return;
  const message = 'it is a UUID, which could be taken for an id; choose another name';
  const problem = { code: 'INVALID_DEFINITION', path: 'name', message } as const;
  throw errorFromProblems('INVALID_DEFINITION', 'The definition is not valid', [problem]);
}

const tookTooLong = (text: string) =>
  new SecretSyncError(
    'SYNC_EXISTS',
    `Another sync was called ${quote(text)} while this one was being saved, which took too long; choose another name.`,
  );

/** What a new record says of its first run. */
const FIRST_RUN = {
  status: 'pending',
  jobId: null,
  message: null,
  succeededAt: null,
  runningUntil: null,
} as const;

type CrossSyncConflict = Extract<ServiceEvent, { readonly type: 'cross-sync-conflict' }>;

export function createCatalog(options: ResolvedServiceOptions, records: RecordStore, names: Names): Catalog {
  const { engine, crossSyncCheck, clock, emit } = options;
  let turn: Promise<unknown> = Promise.resolve();
  const timestamp = () => new Date(clock.now()).toISOString();

  /** Records are saved one after the other, so that two that don't go together see each other. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  }

  /** Other records, as far as they must be known: where a conflict is only warned of, one that is damaged is told of. */
  async function otherRecords(id: string): Promise<readonly StoredSync[]> {
    const others: StoredSync[] = [];
    for (const { load } of await records.list()) {
      const stored = await load().then(
        (loaded) => loaded?.stored,
        (error: unknown) => {
          if (crossSyncCheck === 'refuse') throw error;
          emit({ type: 'service-failed', ...failureText(error) });
        },
      );
      if (stored !== undefined && stored.definition.id !== id) others.push(stored);
    }
    return others;
  }

  /** Checks that no other record can match the same keys; answers the conflicts to warn of, once the record is saved. */
  async function checkOthers({ definition, place }: InspectedSync): Promise<readonly CrossSyncConflict[]> {
    if (crossSyncCheck === 'off') return [];
    const { id: syncId, name } = definition;
    const conflicts: CrossSyncConflict[] = [];
    for (const other of await otherRecords(syncId)) {
      if (other.place !== place) continue;
      const { id: otherId, name: otherName, environment, syncOptions } = other.definition;
      const key = crossSyncConflict(
        { keySchema: definition.syncOptions.keySchema, environment: definition.environment },
        { keySchema: syncOptions.keySchema, environment },
      );
      if (key === undefined) continue;
      const message = `the sync ${quote(otherName)} writes to ${quote(place)} too, and both can match keys such as ${quote(key)}; give both key schemas that don't overlap`;
      conflicts.push({ type: 'cross-sync-conflict', syncId, name, otherId, otherName, place, key, message });
    }
    if (crossSyncCheck === 'warn' || conflicts.length === 0) return conflicts;
    const problems = conflicts.map(
      ({ message }) => ({ code: 'CROSS_SYNC_CONFLICT', path: 'syncOptions.keySchema', message }) as const,
    );
    throw errorFromProblems('CROSS_SYNC_CONFLICT', 'Syncs would write the same keys', problems);
  }

  /** Keeps texts for a record while `make` makes or changes it; none of them when that fails. */
  async function named<Result>(
    texts: readonly string[],
    id: string,
    make: () => Promise<Result>,
    undo: () => Promise<unknown>,
  ): Promise<Result> {
    const claims: (readonly [text: string, claim: Claim])[] = [];
    try {
      for (const text of texts) claims.push([text, await names.claim(text, id)]);
      const made = await make();
      for (const [text, claim] of claims) {
        if (await claim.confirm()) continue;
        await undo();
        throw tookTooLong(text);
      }
      return made;
    } catch (error) {
      // What can't be given free ends by itself, since no record is called by it.
      for (const [, claim] of claims) await claim.release().catch(() => undefined);
      throw error;
    }
  }

  async function create(input: unknown): Promise<StoredSync> {
    const id = valueAt(input, ['id']) ?? globalThis.crypto.randomUUID();
    const isObject = typeof input === 'object' && input !== null;
    const inspected = await engine.inspect((isObject ? { ...input, id } : input) as SyncDefinition);
    const { definition, place } = inspected;
    checkName(definition);
    const described = await describeLocation(options, definition);
    return inTurn(async () => {
      const conflicts = await checkOthers(inspected);
      const now = timestamp();
      const stored: StoredSync = {
        definition,
        place,
        version: 1,
        createdAt: now,
        updatedAt: now,
        described,
        sourceDigest: null,
        deletingUntil: null,
        runs: { sync: definition.isEnabled ? FIRST_RUN : null, import: null, remove: null },
      };
      const make = async () => {
        if ((await records.create(stored)) === undefined) throw syncExists(definition.id);
      };
      const undo = () => records.remove(definition.id);
      await named(handlesOf(definition.id, definition.name), definition.id, make, undo);
      conflicts.forEach(emit);
      return stored;
    });
  }

  /** A record as it is after a change of what it says; every one counts, also one that takes another back. */
  const edited = (
    current: StoredSync,
    to: Pick<StoredSync, 'definition' | 'place' | 'described'>,
  ): StoredSync => ({
    ...current,
    ...to,
    version: current.version + 1,
    updatedAt: timestamp(),
    sourceDigest: needsNoRun(current.definition, to.definition) ? current.sourceDigest : null,
  });

  /** Saves a change of a record as it was; `undefined` where it is another one by now. */
  async function save(
    before: StoredSync,
    inspected: InspectedSync,
    described: StoredSync['described'],
  ): Promise<StoredSync | undefined> {
    const { definition, place } = inspected;
    const { id, name } = before.definition;
    const needsCheck = place !== before.place || !needsNoRun(before.definition, definition);
    const conflicts = needsCheck ? await checkOthers(inspected) : [];
    const isAsBefore = ({ version, createdAt }: StoredSync) =>
      version === before.version && createdAt === before.createdAt;
    const change = (current: StoredSync) =>
      isAsBefore(current) ? edited(current, { definition, place, described }) : undefined;
    const make = () => records.change(id, change);
    const undo = () =>
      records.change(id, (current) => {
        // What others have made of it since stays, but for the name.
        if (current.version !== before.version + 1)
          return edited(current, { ...current, definition: { ...current.definition, name } });
        const { definition: wanted, place: to, described: as } = before;
        return edited(current, { definition: wanted, place: to, described: as });
      });
    const isRenamed = definition.name !== name;
    const after = isRenamed ? await named([definition.name], id, make, undo) : await make();
    if (after?.version !== before.version + 1 || !sameDefinition(after.definition, definition))
      return undefined;
    // What is left of the old name when this fails is nobody's: the next who wants it gets it.
    if (isRenamed && name !== id) await names.release(name, id).catch(() => undefined);
    conflicts.forEach(emit);
    return after;
  }

  async function update(
    idOrName: string,
    changes: SyncChanges,
    wantedVersion: number | undefined,
  ): Promise<StoredSync> {
    for (;;) {
      const { stored: before } = await records.find(idOrName);
      const { version } = before;
      if (wantedVersion !== undefined && wantedVersion !== version) {
        const message = `The sync ${quote(before.definition.name)} is at version ${version}, and the change was made for version ${wantedVersion}; read it again, and change what it is now.`;
        throw new SecretSyncError('VERSION_CONFLICT', message);
      }
      const changed = changedDefinition(before.definition, changes) as unknown;
      const inspected = await engine.inspect(changed as SyncDefinition);
      const { definition } = inspected;
      if (sameDefinition(before.definition, definition)) return before;
      checkName(definition);
      const described = sameLocation(before.definition, definition)
        ? before.described
        : await describeLocation(options, definition);
      const after = await inTurn(() => save(before, inspected, described));
      // Else somebody was faster: once more, for what it is now.
      if (after !== undefined) return after;
    }
  }

  return {
    create,
    update,
    async remove({ definition: { id, name } }) {
      await records.remove(id);
      for (const text of handlesOf(id, name)) await names.release(text, id).catch(() => undefined);
    },
  };
}
