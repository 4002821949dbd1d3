import type { DestinationEntry, WriteChange, WriteOutcome } from '../../contracts/destination.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { SecretValue } from '../../contracts/secret.js';
import { retell } from '../../shared/problems.js';
import { isOverridable, type OwnerNames } from './entries.js';
import { typeOf, type Extras, type Variable, type VariableScope } from './variable.js';
import type { NewVariable } from './bodies.js';
import type { VariableApi } from './wire.js';

/** What a connection knows beyond the change that it is handed. */
export interface Known {
  /** What the last read showed. */
  listed: readonly Variable[];
  /** What any read of this run showed, by id. */
  readonly seen: Map<string, Variable>;
  /** Replaces, by key, whose old entry was, or may have been, deleted, with nothing known to be in its place yet. */
  readonly halfDone: Map<string, WriteChange>;
}

/** What a write works with. */
export interface WriteContext {
  readonly api: VariableApi;
  readonly place: VariableScope;
  readonly owners: OwnerNames;
  readonly known: Known;
}

function idOf({ entry }: WriteChange): string {
  if (entry?.id !== undefined) return entry.id;
  throw new SecretSyncError('NOT_FOUND', 'The variable to change has no id; plan again.');
}

/** What of a variable must be sent along: that of the entry itself, or of the one that it takes the place of. */
function extrasOf({ known }: WriteContext, { key, entry }: WriteChange): Extras {
  return known.seen.get((entry ?? known.halfDone.get(key)?.entry)?.id ?? '') ?? {};
}

function wanted(context: WriteContext, change: WriteChange): NewVariable {
  const { key, value, kind = 'secret' } = change;
  if (value === undefined) throw new TypeError('A write needs a value.');
  return { key, value, kind, extras: extrasOf(context, change) };
}

/** Overrides a variable of the project; where that one is gone by now, the key is free for a variable. */
async function override(api: VariableApi, variable: NewVariable, overrides: string): Promise<Variable> {
  try {
    return await api.create({ ...variable, overrides });
  } catch (error) {
    const mayBeGone = isSecretSyncError(error, 'NOT_FOUND') || isSecretSyncError(error, 'FORBIDDEN');
    if (!mayBeGone || error.maybeWritten === true) throw error;
    return api.create(variable).catch((refused: unknown) => {
      throw isSecretSyncError(refused, 'CONFLICT') ? error : refused;
    });
  }
}

/** Creates a variable; where the project has the key in the same kind, that is an override of it. */
async function create(context: WriteContext, change: WriteChange): Promise<Variable> {
  const { api, place, owners, known } = context;
  const variable = wanted(context, change);
  const above = known.listed.find(
    (other) => other.key === variable.key && isOverridable(other, place, variable.kind),
  );
  const made = await (above === undefined ? api.create(variable) : override(api, variable, above.id));
  if (typeOf(made) === 'ALIAS' && !known.seen.has(made.id)) {
    // The older family of the API is documented to do so where the value is the name of another variable.
    await api.remove(made.id);
    throw new SecretSyncError(
      'DESTINATION_REJECTED',
      'Qovery made an alias of it, which was deleted again; use a value that is not the name of a variable.',
    );
  }
  known.halfDone.delete(change.key);
  owners.learn(made.owned_by);
  return made;
}

function readable(entry: DestinationEntry | undefined): SecretValue | undefined {
  const value = entry?.value;
  return typeof value === 'string' || SecretValue.is(value) ? SecretValue.from(value) : undefined;
}

/**
 * Finishes a failed create in place of an entry that was deleted for it: the entry is put back where its value is
 * known, and the error says how that ended.
 */
async function undo(
  { api, known }: WriteContext,
  { key }: WriteChange,
  error: SecretSyncError,
  maySend: boolean,
): Promise<SecretSyncError> {
  const replaced = known.halfDone.get(key);
  if (replaced === undefined) return error;
  const { entry } = replaced;
  const what = `The ${entry?.kind ?? 'entry'} that existed there was deleted`;
  const value = readable(entry);
  if (value === undefined) {
    return retell(error, {
      after: `${what} and can't be put back, since it can't be read; run the sync again.`,
    });
  }
  try {
    if (!maySend) throw error;
    await api.create({ key, value, kind: entry?.kind, extras: known.seen.get(entry?.id ?? '') ?? {} });
    known.halfDone.delete(key);
    return retell(error, { after: 'The variable that existed there was put back.' });
  } catch {
    return retell(error, { after: `${what} and could not be put back; run the sync again.` });
  }
}

/**
 * Carries one change out and tells how it ended.
 *
 * | the API said | outcome |
 * |---|---|
 * | a success about this variable | applied |
 * | nothing, or what can't be understood | unknown |
 * | 409: something has the key that the read did not show | unknown, surely not written |
 * | 403, 404 or 400 "exist" about an entry: it may be gone (the API says 403 for some that are) | the same |
 * | anything else | failed |
 *
 * The kind of a variable can't be edited, and whether both kinds may exist under one key is documented nowhere: a
 * replace deletes right before it creates, and a create that surely failed then is undone.
 */
export async function attempt(
  context: WriteContext,
  change: WriteChange,
  signal: AbortSignal,
): Promise<WriteOutcome> {
  const { api, known } = context;
  const { key, action } = change;
  let isAboutEntry = action !== 'create';
  try {
    let made: Variable | undefined;
    if (action === 'update') made = await api.update(idOf(change), wanted(context, change));
    if (action === 'replace') known.halfDone.set(key, change);
    if (action === 'delete' || action === 'replace') await api.remove(idOf(change));
    isAboutEntry = false;
    if (action === 'create' || action === 'replace') made = await create(context, change);
    const revision = made?.updated_at;
    return {
      key,
      status: 'applied',
      ...(made !== undefined && { id: made.id }),
      ...(revision !== undefined && { revision }),
    };
  } catch (error) {
    if (signal.aborted || !isSecretSyncError(error)) throw error;
    const { code } = error;
    const mayBeGone = isAboutEntry && (code === 'FORBIDDEN' || code === 'NOT_FOUND');
    if (error.maybeWritten === true || code === 'CONFLICT' || mayBeGone) {
      const replaced = isAboutEntry ? undefined : known.halfDone.get(key)?.entry;
      const after = `The ${replaced?.kind ?? 'entry'} that existed there was deleted for it; run the sync again.`;
      return {
        key,
        status: 'unknown',
        error: retell(error, replaced === undefined ? { key } : { key, after }),
      };
    }
    if (isAboutEntry) known.halfDone.delete(key);
    const undone = isAboutEntry ? error : await undo(context, change, error, code !== 'UNAUTHORIZED');
    return { key, status: 'failed', error: retell(undone, { key }) };
  }
}
