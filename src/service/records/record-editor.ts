import type { SyncDefinition } from '../../contracts/definition.js';
import { SecretSyncError } from '../../contracts/errors.js';
import { sameLocation } from '../../core/inputs/location.js';
import type { InspectedSync } from '../../engine/port.js';
import { contextOfSync, errorFromProblems } from '../../shared/problems.js';
import { quote } from '../../shared/text.js';
import { valueAt } from '../../shared/validation.js';
import type { ResolvedServiceOptions } from '../options.js';
import { checkOthers } from './cross-sync-check.js';
import { changedDefinition, needsNoRun, sameDefinition, type SyncChanges } from './definition-patch.js';
import { describeLocation } from './describe-location.js';
import { handlesOf, isUuid, syncExists, type NameIndex } from './name-index.js';
import { syncNotFound, type RecordStore } from './record-store.js';
import { askedRun, NO_RUN, type StoredSync } from './stored-sync.js';
import { atPlace, wasRemoved } from './sync-record.js';

function checkName({ name }: SyncDefinition): void {
  if (!isUuid(name)) return;
  const message = 'it is a UUID, which could be taken for an id; choose another name';
  const problem = { code: 'INVALID_DEFINITION', path: 'name', message } as const;
  throw errorFromProblems('INVALID_DEFINITION', 'The definition is not valid', [problem]);
}

/** What the definition of a record becomes. */
type Edit = Pick<StoredSync, 'definition' | 'place' | 'described' | 'connectionName'>;

/** Whether a record is as an edit left it, but for what runs have noted since. */
const isSameEdit = (current: StoredSync, edited: StoredSync): boolean =>
  current.version === edited.version &&
  current.updatedAt === edited.updatedAt &&
  sameDefinition(current.definition, edited.definition);

/** Makes, changes and removes records. */
export class RecordEditor {
  readonly #options: ResolvedServiceOptions;
  readonly #records: RecordStore;
  readonly #names: NameIndex;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ResolvedServiceOptions, records: RecordStore, names: NameIndex) {
    this.#options = options;
    this.#records = records;
    this.#names = names;
  }

  #timestamp(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }

  /** Records are saved one after the other, so that two that don't go together see each other. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async create(input: unknown): Promise<StoredSync> {
    const { port, emit } = this.#options;
    const given = await port.inspect(input);
    checkName(given.definition);
    // The default of the engine, the name, can change; the id of a record can't.
    const id = valueAt(input, ['id']) === undefined ? globalThis.crypto.randomUUID() : given.definition.id;
    const inspected = { ...given, definition: { ...given.definition, id } };
    const { definition } = inspected;
    const described = await describeLocation(port, definition);
    return this.#inTurn(async () => {
      const conflicts = await checkOthers(this.#options, this.#records, inspected);
      const stored = this.#newRecord(inspected, described);
      const make = async () => {
        if ((await this.#records.create(stored)) === undefined) throw syncExists(definition.id);
      };
      // Another process may have run or changed it by now: then it stays, unless another record has its name.
      const undo = (isNameLost: boolean) => this.#records.takeBack(stored, isNameLost);
      const names = handlesOf(definition.id, definition.name);
      await this.#names.during(names, definition.id, { make, undo });
      conflicts.forEach(emit);
      return stored;
    });
  }

  #newRecord(
    { definition, place, connectionName }: InspectedSync,
    described: StoredSync['described'],
  ): StoredSync {
    const now = this.#timestamp();
    const first = { ...NO_RUN, asked: askedRun('created', null) };
    return {
      definition,
      place,
      formerPlaces: [],
      heldPlaces: [],
      version: 1,
      createdAt: now,
      updatedAt: now,
      described,
      connectionName,
      sourceDigest: null,
      deletion: null,
      takenKeys: [],
      tookFrom: [],
      runs: { sync: definition.isEnabled ? first : null, import: null, remove: null },
    };
  }

  /** `wantedVersion`: that of the record which the changes were made for. */
  async update(
    idOrName: string,
    changes: SyncChanges,
    wantedVersion: number | undefined,
  ): Promise<StoredSync> {
    const { port } = this.#options;
    for (;;) {
      const { stored: before } = await this.#records.find(idOrName);
      const { version } = before;
      if (wantedVersion !== undefined && wantedVersion !== version) {
        const message = `The sync ${quote(before.definition.name)} is at version ${version}, and the change was made for version ${wantedVersion}; read it again, and change what it is now.`;
        throw new SecretSyncError('VERSION_CONFLICT', message, contextOfSync(before));
      }
      const inspected = await port.inspect(changedDefinition(before.definition, changes));
      const { definition, place, connectionName } = inspected;
      if (sameDefinition(before.definition, definition)) return before;
      checkName(definition);
      const described = sameLocation(before.definition, definition)
        ? before.described
        : await describeLocation(port, definition);
      const after = await this.#inTurn(() =>
        this.#save(before, { definition, place, described, connectionName }),
      );
      // Otherwise another one was faster: once more, for what the record is now.
      if (after !== undefined) return after;
    }
  }

  /** A record as it is after a change of its definition; each one counts, also one that takes another back. */
  #edited(current: StoredSync, to: Edit): StoredSync {
    const { sync } = current.runs;
    // What was removed while it was switched off is to be there again.
    const isRestored = to.definition.isEnabled && !current.definition.isEnabled && wasRemoved(current);
    return {
      ...current,
      ...to,
      ...atPlace(current, to.place),
      version: current.version + 1,
      updatedAt: this.#timestamp(),
      sourceDigest:
        needsNoRun(current.definition, to.definition) && !isRestored ? current.sourceDigest : null,
      // What failed can succeed now.
      runs: { ...current.runs, sync: sync && { ...sync, failure: null } },
    };
  }

  /** Saves a change of a record as it was; `undefined` where it is another one by now. */
  async #save(before: StoredSync, to: Edit): Promise<StoredSync | undefined> {
    const { definition, place } = to;
    const { id, name } = before.definition;
    const needsCheck = place !== before.place || !needsNoRun(before.definition, definition);
    const conflicts = needsCheck ? await checkOthers(this.#options, this.#records, to) : [];
    const isAsBefore = ({ version, createdAt }: StoredSync) =>
      version === before.version && createdAt === before.createdAt;
    const saved: { edited?: StoredSync | undefined } = {};
    const make = () =>
      this.#records.change(
        id,
        (current) => (saved.edited = isAsBefore(current) ? this.#edited(current, to) : undefined),
      );
    const isRenamed = definition.name !== name;
    const undo = (isNameLost: boolean) => this.#takeBack(before, saved.edited, isNameLost);
    const made = isRenamed ? await this.#names.during([definition.name], id, { make, undo }) : await make();
    if (made === undefined) throw syncNotFound(id);
    const after = made.stored;
    if (after.version !== before.version + 1 || !sameDefinition(after.definition, definition))
      return undefined;
    if (isRenamed && name !== id) await this.#names.release([name], id);
    conflicts.forEach(this.#options.emit);
    return after;
  }

  /**
   * Takes back a change that could not keep its name. False where the record has that name all the same, because another
   * process has changed it since, or another record has its former name by now.
   */
  async #takeBack(before: StoredSync, edited: StoredSync | undefined, isNameLost: boolean): Promise<boolean> {
    if (edited === undefined) return true;
    const { definition, place, described, connectionName } = before;
    const { id, name } = definition;
    const hasName = (stored: StoredSync) =>
      stored.createdAt === edited.createdAt && stored.definition.name === edited.definition.name;
    const change = (current: StoredSync) => {
      if (!hasName(current)) return undefined;
      if (isSameEdit(current, edited))
        return this.#edited(current, { definition, place, described, connectionName });
      // What others have made of the record since stays.
      const renamed = { ...current, definition: { ...current.definition, name } };
      return isNameLost ? this.#edited(current, renamed) : undefined;
    };
    const make = () => this.#records.change(id, change);
    const after = await this.#names.during([name], id, { make, undo: async () => false });
    return after === undefined || !hasName(after.stored);
  }

  /** Removes a record, and its names. */
  async remove({ definition: { id, name } }: Pick<StoredSync, 'definition'>): Promise<void> {
    await this.#records.remove(id);
    await this.#names.release(handlesOf(id, name), id);
  }

  /** Removes a record that can't be read; its names are free from then on. False where there is none with this id. */
  async removeDamaged(id: string): Promise<boolean> {
    if (!(await this.#records.isDamaged(id))) return false;
    await this.#records.discard(id);
    await this.#names.release([id], id);
    return true;
  }
}
