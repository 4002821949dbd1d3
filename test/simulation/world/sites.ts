import type { HasuraCloudEmulator } from '../../../src/testing/emulators/hasura-cloud/index.js';
import type { QoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import type { QoveryVariable } from '../../../src/testing/emulators/qovery/types.js';
import { MARK, type Setting, type SiteName } from './setting.js';
import type { HandEdit } from '../steps.js';

/** One entry that really stands at a site, whoever may see it. */
export interface Standing {
  readonly id: string;
  readonly key: string;
  readonly kind?: string;
  /** Absent: not a string. */
  readonly value?: string;
  /** Not a plain value of this place, by its nature. */
  readonly fixed: boolean;
  /** Another system's. */
  readonly foreign: boolean;
  /** Made by a run, over what a higher scope has: it is its maker's alone, as long as that is remembered. */
  readonly override: boolean;
  readonly reserved: boolean;
  /** The ids of those on which it hangs. */
  readonly hangsOn: readonly string[];
  readonly description: string | null;
  /** Moves whenever it is written. */
  readonly stamp: string;
}

export type Snapshot = ReadonlyMap<string, Standing>;

/** A place as a person who looks behind the scenes sees it. */
export interface Site {
  readonly name: SiteName;
  readonly destination: 'hasura-cloud' | 'qovery';
  readonly destinationConfig: Readonly<Record<string, string>>;
  readonly emulator: HasuraCloudEmulator | QoveryEmulator;
  /** Where processes reach it. */
  readonly url: string;
  snapshot(): Snapshot;
  hand(edit: HandEdit): void;
  /** Removes what is in the way of a key, as the engine's messages advise. */
  clear(key: string, kind: string | undefined): void;
}

const ODD_JSON = [7, true, null, { nested: `${MARK}json${MARK}` }, [1]] as const;

export function hasuraSite(emulator: HasuraCloudEmulator, url: string): Site {
  const project = emulator.addProject({
    name: 'shop',
    environment: { OTHER: `${MARK}other${MARK}` },
    topLevel: { HASURA_GRAPHQL_ADMIN_SECRET: `${MARK}admin${MARK}`, enabled: true },
  });
  const entry = (home: string, key: string, value: unknown, fixed: boolean): [string, Standing] => [
    `${home} ${key}`,
    {
      id: `${home} ${key}`,
      key,
      ...(typeof value === 'string' ? { value } : {}),
      fixed: fixed && !key.startsWith('HASURA_'),
      foreign: false,
      override: false,
      reserved: fixed || key.startsWith('HASURA_'),
      hangsOn: [],
      description: null,
      stamp: JSON.stringify(value),
    },
  ];
  return {
    name: 'hasura',
    destination: 'hasura-cloud',
    destinationConfig: { projectId: project.id },
    emulator,
    url,
    snapshot: () =>
      new Map([
        ...[...emulator.topLevel(project.id)].map(([key, value]) => entry('top', key, value, true)),
        ...[...emulator.environment(project.id)].map(([key, value]) => entry('own', key, value, false)),
      ]),
    hand(edit) {
      if (edit.edit === 'delete') emulator.deleteVariable(project.id, edit.key);
      else if (edit.edit !== 'odd') emulator.setVariable(project.id, edit.key, edit.value);
      else if (edit.oddity < ODD_JSON.length) {
        emulator.setVariable(project.id, edit.key, ODD_JSON[edit.oddity] ?? null);
      } else if (edit.oddity === 5) {
        emulator.setVariable(project.id, 'HASURA_X', `${MARK}${edit.key}${MARK}`);
      } else emulator.rotateHash(project.id);
    },
    clear: () => undefined,
  };
}

/** What stands at a Qovery project or environment. `parents`: organization, project and, for one, environment. */
export function qoverySite(
  name: 'project' | 'environment',
  emulator: QoveryEmulator,
  url: string,
  config: Readonly<Record<string, string>> & { readonly projectId: string; readonly environmentId?: string },
  { qovery }: Setting,
): Site {
  const parentId = name === 'environment' ? (config.environmentId ?? '') : config.projectId;
  const scope = name.toUpperCase();
  const own = () => emulator.variables().filter((variable) => variable.parent_id === parentId);
  const at = (key: string) => own().filter((variable) => variable.key === key);
  const add = (key: string, more: Partial<QoveryVariable>) =>
    emulator.addVariable({
      key,
      parent_id: parentId,
      value: `${MARK}hand${MARK}`,
      description: 'by hand',
      ...more,
    });
  /** The overrides that people made. */
  const overridesByHand = new Set<string>();
  const isOwnOverride = ({ variable_type, id }: QoveryVariable) =>
    variable_type === 'OVERRIDE' && !overridesByHand.has(id);
  const isValue = (variable: QoveryVariable) =>
    variable.scope === scope &&
    (variable.variable_type === 'VALUE' || isOwnOverride(variable)) &&
    variable.mount_path === null;
  const isPlain = (variable: QoveryVariable) => isValue(variable) && variable.owned_by !== 'Doppler';
  /** Whether a revision shows an edit of a secret; else nobody could know. */
  const showsEdits =
    qovery.updatedAt === 'present' && qovery.listPrecision !== 's' && qovery.answerPrecision !== 's';

  function addOdd(key: string, oddity: number, replaces: boolean): void {
    const target = own().find((variable) => isPlain(variable) && variable.key !== key);
    const [above] = emulator
      .variables()
      .filter((variable) => variable.scope === 'PROJECT' && variable.variable_type === 'VALUE');
    const [here] = at(key).filter(isPlain);
    if (oddity === 0 && here !== undefined && at(`${key}_ALIAS`).length === 0) {
      add(`${key}_ALIAS`, { aliased_variable_id: here.id });
      return;
    }
    if (replaces) at(key).forEach(({ id }) => emulator.deleteVariable(id));
    if (at(key).length > 0) return;
    if (oddity === 1 && target !== undefined) add(key, { aliased_variable_id: target.id });
    else if (oddity === 2 && above !== undefined && name === 'environment')
      overridesByHand.add(add(key, { overridden_variable_id: above.id }).id);
    else if (oddity === 3) add(key, { mount_path: '/run/secret', is_secret: true });
    else if (oddity === 4) add(key, { variable_type: 'EXTERNAL_SECRET', is_secret: true });
    else if (oddity === 5) add(key, { owned_by: 'Doppler', is_secret: true });
    else if (oddity === 6) add(key, { scope: 'APPLICATION', service_id: 'service' });
    else if (oddity === 7) add(`QOVERY_${key}`, {});
  }

  return {
    name,
    destination: 'qovery',
    destinationConfig: { ...config },
    emulator,
    url,
    snapshot: () =>
      new Map(
        own().map((variable): [string, Standing] => [
          variable.id,
          {
            id: variable.id,
            key: variable.key,
            kind: variable.is_secret ? 'secret' : 'variable',
            value: variable.value,
            fixed: !isValue(variable),
            override: isOwnOverride(variable),
            foreign: variable.owned_by === 'Doppler',
            reserved: variable.scope === 'BUILT_IN' || variable.key.startsWith('QOVERY_'),
            hangsOn: [variable.aliased_variable_id ?? '', variable.overridden_variable_id ?? ''].filter(
              Boolean,
            ),
            description: variable.description,
            stamp: String(variable.updated_at),
          },
        ]),
      ),
    hand(edit) {
      if (edit.edit === 'odd') return addOdd(edit.key, edit.oddity, edit.replaces);
      const here = at(edit.key);
      const [first] = here;
      if (edit.edit === 'delete') {
        if (first !== undefined) emulator.deleteVariable(first.id);
        return;
      }
      if (here.some((variable) => !isPlain(variable))) return;
      const isSecret = edit.kind === 'same' ? (first?.is_secret ?? true) : edit.kind === 'secret';
      const same = here.find((variable) => variable.is_secret === isSecret);
      if (same === undefined) {
        if (qovery.bothKinds !== 'allowed') here.forEach(({ id }) => emulator.deleteVariable(id));
        add(edit.key, { value: edit.value, is_secret: isSecret });
      } else if (!isSecret || showsEdits) emulator.editVariable(same.id, { value: edit.value });
    },
    clear(key, kind) {
      for (const variable of at(key)) {
        const otherKind = kind !== undefined && variable.is_secret !== (kind === 'secret');
        if (!isPlain(variable) || otherKind) emulator.deleteVariable(variable.id);
      }
    },
  };
}
