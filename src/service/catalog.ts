import type { SyncDefinition } from '../contracts/definition.js';
import { errorFromProblems, SecretSyncError, type ErrorProblem } from '../contracts/errors.js';
import { quote } from '../contracts/quote.js';
import type { SourceDescription } from '../contracts/source.js';
import { valueAt } from '../core/validate.js';
import type { InspectedSync } from '../engine/secret-sync-engine.js';
import { changedDefinition, needsNoRun, sameDefinition, type SyncChanges } from './changes.js';
import { crossSyncConflict } from './cross-sync.js';
import type { StoredSync } from './documents.js';
import { sameLocation } from './location.js';
import { handlesOf, isUuid, syncExists, type Claim, type Names } from './names.js';
import type { ResolvedServiceOptions } from './options.js';
import type { RecordStore } from './record-store.js';

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

export function createCatalog(options: ResolvedServiceOptions, records: RecordStore, names: Names): Catalog {
  const { engine, crossSyncCheck, clock, emit } = options;
  let turn: Promise<unknown> = Promise.resolve();

  /** Definitions change one after the other, so that two that don't go together see each other. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  }

  /** What the source calls a location; `null` where it can't say: a record does without. */
  async function describe({
    projectId,
    environment,
    secretPath,
  }: SyncDefinition): Promise<SourceDescription | null> {
    const location = {
      ...(projectId !== undefined && { projectId }),
      ...(environment !== undefined && { environment }),
      ...(secretPath !== undefined && { secretPath }),
    };
    try {
      const { signal } = new AbortController();
      return (await engine.source.describe?.(location, { signal })) ?? null;
    } catch {
      return null;
    }
  }

  async function checkOthers({ definition, place }: InspectedSync): Promise<void> {
    if (crossSyncCheck === 'off') return;
    const problems: ErrorProblem[] = [];
    for (const { load } of await records.list()) {
      const other = (await load())?.stored;
      if (other === undefined || other.place !== place || other.definition.id === definition.id) continue;
      const { id: otherId, name: otherName, environment, syncOptions } = other.definition;
      const key = crossSyncConflict(
        { keySchema: definition.syncOptions.keySchema, environment: definition.environment },
        { keySchema: syncOptions.keySchema, environment },
      );
      if (key === undefined) continue;
      const message = `the sync ${quote(otherName)} writes to ${quote(place)} too, and both can match keys such as ${quote(key)}; give both key schemas that don't overlap`;
      problems.push({ code: 'CROSS_SYNC_CONFLICT', path: 'syncOptions.keySchema', message });
      if (crossSyncCheck === 'refuse') continue;
      const { id: syncId, name } = definition;
      emit({ type: 'cross-sync-conflict', syncId, name, otherId, otherName, place, key, message });
    }
    if (crossSyncCheck === 'refuse' && problems.length > 0)
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
    await checkOthers(inspected);
    const now = new Date(clock.now()).toISOString();
    const first = {
      status: 'pending',
      jobId: null,
      message: null,
      succeededAt: null,
      runningUntil: null,
    } as const;
    const stored: StoredSync = {
      definition,
      place,
      version: 1,
      createdAt: now,
      updatedAt: now,
      described: await describe(definition),
      sourceDigest: null,
      deletingUntil: null,
      runs: { sync: definition.isEnabled ? first : null, import: null, remove: null },
    };
    const make = async () => {
      if ((await records.create(stored)) === undefined) throw syncExists(definition.id);
    };
    await named(handlesOf(definition.id, definition.name), definition.id, make, () =>
      records.remove(definition.id),
    );
    return stored;
  }

  async function update(
    idOrName: string,
    changes: SyncChanges,
    wantedVersion: number | undefined,
  ): Promise<StoredSync> {
    for (;;) {
      const { stored: before } = await records.find(idOrName);
      const { version } = before;
      const { id, name } = before.definition;
      if (wantedVersion !== undefined && wantedVersion !== version) {
        const message = `The sync ${quote(name)} is at version ${version}, and the change was made for version ${wantedVersion}; read it again, and change what it is now.`;
        throw new SecretSyncError('VERSION_CONFLICT', message);
      }
      const changed = changedDefinition(before.definition, changes) as unknown;
      const inspected = await engine.inspect(changed as SyncDefinition);
      const { definition, place } = inspected;
      if (sameDefinition(before.definition, definition)) return before;
      checkName(definition);
      if (place !== before.place || !needsNoRun(before.definition, definition)) await checkOthers(inspected);
      const described = sameLocation(before.definition, definition)
        ? before.described
        : await describe(definition);
      const change = (current: StoredSync): StoredSync | undefined =>
        current.version === version
          ? {
              ...current,
              definition,
              place,
              described,
              version: version + 1,
              updatedAt: new Date(clock.now()).toISOString(),
              sourceDigest: needsNoRun(before.definition, definition) ? current.sourceDigest : null,
            }
          : undefined;
      const make = () => records.change(id, change);
      const isRenamed = definition.name !== name;
      const undo = () => records.change(id, (current) => ({ ...current, definition: before.definition }));
      const after = isRenamed ? await named([definition.name], id, make, undo) : await make();
      // Another process was faster: once more, for what it made of it.
      if (after?.version !== version + 1 || !sameDefinition(after.definition, definition)) continue;
      // What is left of the old name when this fails is nobody's: the next who wants it gets it.
      if (isRenamed && name !== id) await names.release(name, id).catch(() => undefined);
      return after;
    }
  }

  return {
    create: (input) => inTurn(() => create(input)),
    update: (idOrName, changes, version) => inTurn(() => update(idOrName, changes, version)),
    async remove({ definition: { id, name } }) {
      await records.remove(id);
      for (const text of handlesOf(id, name)) await names.release(text, id).catch(() => undefined);
    },
  };
}
