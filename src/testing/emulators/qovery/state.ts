import { createDeterministicIds } from '../server/ids.js';
import { createPlaces } from './places.js';
import type { QoverySwitches } from './switches.js';
import type {
  QoveryPlace,
  QoveryPlaceSetup,
  QoveryVariable,
  QoveryVariableFields,
  QoveryVariableSetup,
} from './types.js';

export type { PlaceKind, PlaceRecord } from './places.js';

/** The hierarchy and the variables of one emulator, and all that changes them. */
export type QoveryState = ReturnType<typeof createQoveryState>;

/** The seed of the ids: those of two kinds of emulators never meet. */
const SEED = 0x90;

/** How long after its creation an entry says that it was updated: some microseconds (captured). */
const FRESH_MICROSECONDS = 7;

/**
 * Makes the times of entries. Those of updates are never the same twice and never end in a zero, so that with
 * microseconds every edit shows.
 */
function createTimes(now: () => number) {
  let last = 0;
  return {
    created: (): number => (last = Math.max(now() * 1000, last + 1)),
    updated(): number {
      last = Math.max(now() * 1000 + FRESH_MICROSECONDS, last + 1);
      if (last % 10 === 0) last += 1;
      return last;
    },
  };
}

const hangsOn = (variable: QoveryVariable, ids: ReadonlySet<string>): boolean =>
  ids.has(variable.aliased_variable_id ?? '') || ids.has(variable.overridden_variable_id ?? '');

/** The variables of one emulator. */
function createVariables(
  places: ReturnType<typeof createPlaces>,
  nextId: () => string,
  switches: QoverySwitches,
  now: () => number,
) {
  const variables = new Map<string, QoveryVariable>();
  const edited = new Set<string>();
  const times = createTimes(now);
  const all = () => [...variables.values()];
  return {
    all,
    get: (id: string) => variables.get(id),
    isEdited: (id: string) => edited.has(id),
    add(setup: QoveryVariableSetup): QoveryVariable {
      const parent = places.place(setup.parent_id);
      if (!parent) throw new Error(`The emulator has no place ${JSON.stringify(setup.parent_id)}.`);
      const variable: QoveryVariable = {
        id: nextId(),
        value: '',
        is_secret: false,
        scope: parent.kind,
        variable_type: typeOf(setup),
        mount_path: null,
        description: null,
        enable_interpolation_in_file: null,
        aliased_variable_id: null,
        overridden_variable_id: null,
        service_id: null,
        service_name: null,
        service_type: null,
        owned_by: 'QOVERY',
        ...setup,
        parent_id: parent.id,
        created_at: times.created(),
        updated_at: times.updated(),
      };
      if (variables.has(variable.id))
        throw new Error(`The emulator already has an entry with the id ${variable.id}.`);
      variables.set(variable.id, variable);
      return variable;
    },
    edit(id: string, changes: Partial<QoveryVariableFields>): QoveryVariable {
      const variable = variables.get(id);
      if (!variable) throw new Error(`The emulator has no entry with the id ${JSON.stringify(id)}.`);
      const at = times.updated();
      const updated_at = switches.updatedAtMoves ? at : variable.updated_at;
      const changed = { ...variable, ...changes, updated_at };
      variables.set(id, changed);
      if (switches.updatedAtMoves) edited.add(id);
      return changed;
    },
    /** Deletes an entry and all that depends on it. False where there is none. */
    remove(id: string): boolean {
      if (!variables.delete(id)) return false;
      const doomed = new Set([id]);
      for (let before = 0; before < doomed.size;) {
        before = doomed.size;
        for (const variable of all()) if (hangsOn(variable, doomed)) doomed.add(variable.id);
      }
      for (const dependent of doomed) variables.delete(dependent);
      return true;
    },
    /** What a list of a project or environment holds. */
    list(parentId: string): QoveryVariable[] {
      const inSight = new Set(places.ancestry(parentId));
      const listed = all().filter((variable) => inSight.has(variable.parent_id));
      if (!switches.projectListShowsDependents || !places.place(parentId, 'PROJECT')) return listed;
      const ids = new Set(listed.map(({ id }) => id));
      return all().filter((variable) => ids.has(variable.id) || hangsOn(variable, ids));
    },
  };
}

export function createQoveryState(switches: QoverySwitches, now: () => number) {
  const nextId = createDeterministicIds(SEED);
  const places = createPlaces(nextId, now);
  const variables = createVariables(places, nextId, switches, now);
  const addBuiltIn = (key: string, { id }: QoveryPlace) =>
    variables.add({
      key,
      value: id,
      parent_id: id,
      scope: 'BUILT_IN',
      variable_type: 'BUILT_IN',
      owned_by: 'QOVERY',
    });
  return {
    ...places,
    ...variables,
    nextId,
    addOrganization: (setup: QoveryPlaceSetup) => places.add('ORGANIZATION', setup, null),
    addProject(setup: QoveryPlaceSetup, organizationId: string): QoveryPlace {
      if (!places.place(organizationId, 'ORGANIZATION'))
        throw new Error(`No organization ${organizationId} was added.`);
      const project = places.add('PROJECT', setup, organizationId);
      addBuiltIn('QOVERY_PROJECT_ID', project);
      return project;
    },
    addEnvironment(setup: QoveryPlaceSetup, projectId: string): QoveryPlace {
      if (!places.place(projectId, 'PROJECT')) throw new Error(`No project ${projectId} was added.`);
      const environment = places.add('ENVIRONMENT', setup, projectId);
      addBuiltIn('QOVERY_ENVIRONMENT_ID', environment);
      return environment;
    },
  };
}

function typeOf(setup: QoveryVariableSetup): string {
  if (setup.aliased_variable_id) return 'ALIAS';
  if (setup.overridden_variable_id) return 'OVERRIDE';
  return setup.mount_path ? 'FILE' : 'VALUE';
}
