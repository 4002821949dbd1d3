import type { WriteChange } from '../../contracts/destination.js';
import { isSecretSyncError, SecretSyncError } from '../../contracts/errors.js';
import { SecretValue } from '../../contracts/secret.js';
import { fixedBy, kindOf, valueOf, type OwnerNames } from './entries.js';
import type { Extras, Variable, VariableApi, VariableScope } from './wire.js';
import { retell } from '../../shared/problems.js';

/** What the writes of one batch work with. */
export interface WriteContext {
  readonly api: VariableApi;
  readonly place: VariableScope;
  readonly owners: OwnerNames;
  /** What the read of this run showed, by id. */
  readonly listed: ReadonlyMap<string, Variable>;
}

const SCOPE = /^(?:APPLICATION|ENVIRONMENT|PROJECT|CONTAINER|JOB|HELM|TERRAFORM|AGENTIC_WORKFLOW)$/;

/** Where another variable of the key stands, in words of ours alone. */
function whereStands(other: Variable, place: VariableScope, kind: string): string {
  const fixed = fixedBy(other, place);
  if (fixed === 'inherited')
    return SCOPE.test(other.scope) ? `at the scope ${other.scope}` : 'at another scope';
  const type = fixed ?? kindOf(other);
  return type === kind ? 'here and belongs to another system' : `here as ${type}`;
}

const readable = (value: NonNullable<WriteChange['entry']>['value']): SecretValue | undefined =>
  typeof value === 'string' || SecretValue.is(value) ? SecretValue.from(value) : undefined;

/** Carries out single writes. Each answers what stands there then, or throws. */
export function createWriter({ api, place, owners, listed }: WriteContext) {
  /** Keys of a replace whose old entry is deleted, with nothing in its place yet. */
  const bare = new Set<string>();

  function wanted({ key, value, kind = 'secret' }: WriteChange) {
    if (value === undefined) throw new TypeError('A write needs a value.');
    return { key, value, kind };
  }

  function idOf({ entry }: WriteChange): string {
    if (entry?.id !== undefined) return entry.id;
    throw new SecretSyncError('NOT_FOUND', 'The variable to change has no id; plan again.');
  }

  const extrasOf = ({ entry }: WriteChange): Extras => listed.get(entry?.id ?? '') ?? {};

  async function create(change: WriteChange): Promise<Variable> {
    const made = await api.create({ ...wanted(change), extras: extrasOf(change) });
    // It is remembered: an answer that echoes what was sent must not get that into the state.
    if (change.value?.equals(made.owned_by ?? '') !== true) owners.learn(made.owned_by);
    if (made.variable_type === 'ALIAS' && !listed.has(made.id)) {
      // An older part of the API is documented to do so where the value is the name of another variable.
      await api.remove(made.id);
      throw new SecretSyncError(
        'DESTINATION_REJECTED',
        'Qovery made an alias of it, which was deleted again; use a value that is not the name of a variable.',
      );
    }
    bare.delete(change.key);
    return made;
  }

  async function remove(change: WriteChange): Promise<undefined> {
    if (await api.remove(idOf(change))) return;
    throw new SecretSyncError(
      'INVALID_RESPONSE',
      'Could not delete a variable: the answer is not that of a deletion. Check the URL.',
      { maybeWritten: true },
    );
  }

  return {
    /**
     * Carries a change out as it was planned. The kind of a variable can't be edited, and whether both kinds may
     * stand under one key is documented nowhere: a replace deletes right before it creates.
     */
    async first(change: WriteChange): Promise<Variable | undefined> {
      if (change.action === 'create') return create(change);
      if (change.action === 'delete') return remove(change);
      const { key, value } = wanted(change);
      if (change.action === 'update') return api.update(idOf(change), key, value, extrasOf(change));
      await remove(change);
      bare.add(key);
      return create(change);
    },

    /** Whether the list can tell more about a failure than its answer did. */
    isWorthALook({ action, key }: WriteChange, { code, maybeWritten }: SecretSyncError): boolean {
      if (maybeWritten === true || code === 'CONFLICT' || code === 'INVALID_RESPONSE') return true;
      // The API says 403 for some resources that are gone. A create names none but its parent.
      return action !== 'create' && !bare.has(key) && (code === 'FORBIDDEN' || code === 'NOT_FOUND');
    },

    /**
     * Settles a failure by what the list shows after it.
     *
     * | change | listed | |
     * |---|---|---|
     * | delete | gone | done |
     * | delete, replace | still there | failed |
     * | create, update, replace | ours, under another id | update it, or done where the value is equal |
     * | update | the same, value readable and equal | done |
     * | update | the same | failed |
     * | create, update, replace | another's, or of another type or kind | failed, saying where it stands |
     * | create | nothing | failed |
     * | update, replace | nothing | create |
     */
    async again(
      change: WriteChange,
      error: SecretSyncError,
      fresh: readonly Variable[],
    ): Promise<Variable | undefined> {
      const { action, entry } = change;
      const settled = retell(error, { maybeWritten: false });
      const isStillThere = fresh.some(({ id }) => id === entry?.id);
      if (action === 'delete' && !isStillThere) return undefined;
      if ((action === 'delete' || action === 'replace') && isStillThere) throw settled;
      const { key, value, kind } = wanted(change);
      const here = fresh.filter((variable) => variable.key === key);
      const ours = here.find(
        (variable) =>
          fixedBy(variable, place) === undefined &&
          kindOf(variable) === kind &&
          (variable.id === entry?.id ||
            owners.isUs(variable.owned_by) ||
            // Of a create whose answer was lost, nothing else tells that it is ours.
            (error.maybeWritten === true && !listed.has(variable.id))),
      );
      if (ours !== undefined) {
        const current = valueOf(ours);
        if (current?.equals(value)) return ours;
        if (ours.id !== entry?.id) {
          try {
            return await api.update(ours.id, key, value, ours);
          } catch (later) {
            // It may be our own create of before, with the value already in it.
            const isOpen = current === undefined && error.maybeWritten === true;
            throw isOpen && isSecretSyncError(later) ? retell(later, { maybeWritten: true }) : later;
          }
        }
        throw current === undefined ? error : settled;
      }
      const other =
        here.find(({ scope }) => scope === place.scope) ?? (error.code === 'CONFLICT' ? here[0] : undefined);
      if (other !== undefined) {
        const after = `A variable of that key stands ${whereStands(other, place, kind)}; rename or remove it there.`;
        throw retell(error, { after, maybeWritten: false });
      }
      if (action === 'create') throw settled;
      if (action === 'replace') bare.add(key);
      return create(change);
    },

    /** The error of a change that failed for good; a replace that got half-way is undone first, where it can be. */
    async giveUp(change: WriteChange, error: SecretSyncError, maySend: boolean): Promise<SecretSyncError> {
      const { key, entry } = change;
      if (!bare.has(key)) return error;
      const what = `The ${entry?.kind ?? 'entry'} that stood there was deleted`;
      const value = readable(entry?.value);
      if (value === undefined) {
        return retell(error, {
          after: `${what} and can't be put back, since it can't be read; run the sync again.`,
        });
      }
      try {
        if (!maySend) throw error;
        await api.create({ key, value, kind: entry?.kind, extras: extrasOf(change) });
        return retell(error, { after: 'The variable that stood there was put back.' });
      } catch {
        return retell(error, { after: `${what} and could not be put back; run the sync again.` });
      }
    },
  };
}
