import { createDeterministicIds } from '../server/ids.js';
import type { QoverySwitches } from './switches.js';
import type {
  QoveryPlace,
  QoveryPlaceSetup,
  QoveryVariable,
  QoveryVariableFields,
  QoveryVariableSetup,
} from './types.js';

type PlaceKind = 'ORGANIZATION' | 'PROJECT' | 'ENVIRONMENT';

interface PlaceRecord extends QoveryPlace {
  readonly kind: PlaceKind;
  readonly parentId: string | null;
}

/** The hierarchy and the variables of one emulator, and all that changes them. */
export type QoveryState = ReturnType<typeof createQoveryState>;

/** The seed of the ids: those of two kinds of emulators never meet. */
const SEED = 0x90;

export function createQoveryState(switches: QoverySwitches, now: () => number) {
  const nextId = createDeterministicIds(SEED);
  const places = new Map<string, PlaceRecord>();
  const variables = new Map<string, QoveryVariable>();
  let lastTick = 0;

  /** Never the same twice, so that with microseconds every edit shows. */
  function tick(): number {
    lastTick = Math.max(now() * 1000, lastTick + 1);
    return lastTick;
  }

  function place(id: string, kind?: PlaceKind): PlaceRecord | undefined {
    const found = places.get(id);
    return found && (kind === undefined || found.kind === kind) ? found : undefined;
  }

  function addPlace(kind: PlaceKind, setup: QoveryPlaceSetup, parentId: string | null): QoveryPlace {
    const id = setup.id ?? nextId();
    if (places.has(id))
      throw new Error(`The emulator already has a place with the id ${JSON.stringify(id)}.`);
    places.set(id, { id, name: setup.name, kind, parentId });
    return { id, name: setup.name };
  }

  function add(setup: QoveryVariableSetup): QoveryVariable {
    const parent = place(setup.parent_id);
    if (!parent) throw new Error(`The emulator has no place ${JSON.stringify(setup.parent_id)}.`);
    const at = tick();
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
      owned_by: null,
      ...setup,
      created_at: at,
      updated_at: at,
    };
    if (variables.has(variable.id))
      throw new Error(`The emulator already has an entry with the id ${variable.id}.`);
    variables.set(variable.id, variable);
    return variable;
  }

  function addBuiltIn(key: string, value: string, parentId: string): void {
    add({
      key,
      value,
      parent_id: parentId,
      scope: 'BUILT_IN',
      variable_type: 'BUILT_IN',
      owned_by: 'QOVERY',
    });
  }

  /** The place itself and those above it. */
  function ancestry(id: string): string[] {
    const found = place(id);
    if (!found) return [];
    return [id, ...(found.parentId === null ? [] : ancestry(found.parentId))];
  }

  const all = () => [...variables.values()];
  const hangsOn = (variable: QoveryVariable, ids: ReadonlySet<string>) =>
    ids.has(variable.aliased_variable_id ?? '') || ids.has(variable.overridden_variable_id ?? '');

  return {
    place,
    add,
    all,
    ancestry,
    childrenOf: (parentId: string | null) =>
      [...places.values()].filter((child) => child.parentId === parentId),
    addOrganization: (setup: QoveryPlaceSetup) => addPlace('ORGANIZATION', setup, null),
    addProject(setup: QoveryPlaceSetup, organizationId: string): QoveryPlace {
      if (!place(organizationId, 'ORGANIZATION'))
        throw new Error(`No organization ${organizationId} was added.`);
      const project = addPlace('PROJECT', setup, organizationId);
      addBuiltIn('QOVERY_PROJECT_ID', project.id, project.id);
      return project;
    },
    addEnvironment(setup: QoveryPlaceSetup, projectId: string): QoveryPlace {
      if (!place(projectId, 'PROJECT')) throw new Error(`No project ${projectId} was added.`);
      const environment = addPlace('ENVIRONMENT', setup, projectId);
      addBuiltIn('QOVERY_ENVIRONMENT_ID', environment.id, environment.id);
      return environment;
    },
    nextId,
    get: (id: string) => variables.get(id),
    edit(id: string, changes: Partial<QoveryVariableFields>): QoveryVariable {
      const variable = variables.get(id);
      if (!variable) throw new Error(`The emulator has no entry with the id ${JSON.stringify(id)}.`);
      const at = tick();
      const edited = {
        ...variable,
        ...changes,
        updated_at: switches.updatedAtMoves ? at : variable.updated_at,
      };
      variables.set(id, edited);
      return edited;
    },
    /** Deletes an entry and all that hangs on it. False where there is none. */
    remove: (id: string): boolean => {
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
      const inSight = new Set(ancestry(parentId));
      const listed = all().filter((variable) => inSight.has(variable.parent_id));
      if (!switches.projectListShowsDependents || !place(parentId, 'PROJECT')) return listed;
      const ids = new Set(listed.map(({ id }) => id));
      return all().filter((variable) => ids.has(variable.id) || hangsOn(variable, ids));
    },
  };
}

function typeOf(setup: QoveryVariableSetup): string {
  if (setup.aliased_variable_id) return 'ALIAS';
  if (setup.overridden_variable_id) return 'OVERRIDE';
  return setup.mount_path ? 'FILE' : 'VALUE';
}
