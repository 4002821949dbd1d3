import { createHash } from 'node:crypto';
import type { JsonValue } from '../../../contracts/json.js';
import { createDeterministicIds } from '../server/ids.js';
import type { HasuraCloudSwitches } from './switches.js';

/** JSON by name. A Map, or an object made by `JSON.parse`, can hold a key such as `__proto__`. */
export type JsonByKey = ReadonlyMap<string, JsonValue> | Readonly<Record<string, JsonValue>>;

/** A project to set up at the Hasura Cloud emulator. */
export interface HasuraCloudProjectSetup {
  /** A UUID, as the API demands. Default: the next one of a fixed sequence. */
  readonly id?: string;
  readonly name: string;
  /** A UUID; `null` for a project without a tenant. Default: the next one of a fixed sequence. */
  readonly tenantId?: string | null;
  /** The custom variables. Values that are no strings are served as they are. Default: none. */
  readonly environment?: JsonByKey;
  /** What is beside them, at the top level of `envVars`. Default: nothing. */
  readonly topLevel?: JsonByKey;
}

/** A project of the Hasura Cloud emulator. */
export interface HasuraCloudProject {
  readonly id: string;
  readonly name: string;
  readonly tenantId: string | null;
}

/** What is known of one project. */
export interface ProjectRecord {
  readonly id: string;
  readonly name: string;
  tenantId: string | null;
  environment: Map<string, JsonValue>;
  readonly topLevel: Map<string, JsonValue>;
  /** Moves with every change. */
  revision: number;
  /** Moves where the hash moves although nothing changed. */
  rotation: number;
  restarts: number;
  /** Until when it restarts, in ms since the Unix epoch. */
  restartsUntil: number;
}

/** The form of the ids that the API takes. */
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The seed of the ids: those of two kinds of emulators never meet. */
const SEED = 0xa5;

/** The projects of one emulator, and all that changes them. */
export type HasuraCloudState = ReturnType<typeof createHasuraCloudState>;

export function createHasuraCloudState(switches: HasuraCloudSwitches, now: () => number) {
  const nextId = createDeterministicIds(SEED);
  const projects = new Map<string, ProjectRecord>();

  function project(id: string): ProjectRecord {
    const found = projects.get(id.toLowerCase());
    if (!found) throw new Error(`The emulator has no project ${JSON.stringify(id)}; add it with addProject.`);
    return found;
  }

  /** Where a key is, else where a new one of its name belongs. */
  function homesOf(record: ProjectRecord, key: string): readonly Map<string, JsonValue>[] {
    const { environment, topLevel } = record;
    const places = key === 'environment' ? [environment] : [environment, topLevel];
    const held = places.filter((place) => place.has(key));
    if (held.length > 0) return switches.hasuraKeys === 'both' ? held : held.slice(0, 1);
    if (!key.startsWith('HASURA_') || switches.hasuraKeys === 'environment') return [environment];
    return switches.hasuraKeys === 'both' ? [environment, topLevel] : [topLevel];
  }

  return {
    projects,
    project,
    byTenant(tenantId: string): ProjectRecord | undefined {
      return [...projects.values()].find((record) => record.tenantId === tenantId);
    },
    add(setup: HasuraCloudProjectSetup): ProjectRecord {
      const record: ProjectRecord = {
        id: uuid(setup.id ?? nextId()),
        name: setup.name,
        tenantId: setup.tenantId === null ? null : uuid(setup.tenantId ?? nextId()),
        environment: toMap(setup.environment),
        topLevel: toMap(setup.topLevel),
        revision: 0,
        rotation: 0,
        restarts: 0,
        restartsUntil: 0,
      };
      if (projects.has(record.id)) throw new Error(`The emulator already has a project ${record.id}.`);
      projects.set(record.id, record);
      return record;
    },
    /** Sets a key where it is, else where a new one of its name belongs. */
    set(record: ProjectRecord, key: string, value: JsonValue): void {
      for (const home of homesOf(record, key)) home.set(key, value);
      record.revision += 1;
    },
    remove(record: ProjectRecord, key: string): boolean {
      const removed = homesOf(record, key).filter((home) => home.delete(key)).length > 0;
      if (removed) record.revision += 1;
      return removed;
    },
    restart(record: ProjectRecord): void {
      record.restarts += 1;
      record.restartsUntil = now() + switches.restartMs;
    },
    isHealthy: (record: ProjectRecord): boolean => now() >= record.restartsUntil,
    get: (record: ProjectRecord, key: string): JsonValue | undefined => homesOf(record, key)[0]?.get(key),
    hash(record: ProjectRecord): string {
      const basis =
        switches.hash === 'revision'
          ? record.revision
          : [record.environment, record.topLevel].map((map) => [...map].sort(byKey));
      return createHash('sha256')
        .update(JSON.stringify([record.id, record.rotation, basis]))
        .digest('hex');
    },
    /** The `envVars` of the API. Objects without a prototype, in which any key is data. */
    envVars(record: ProjectRecord): unknown {
      const top = toObject(record.topLevel);
      if (switches.settings === 'json') {
        for (const [key, value] of record.topLevel) if (key.startsWith('HASURA_')) top[key] = retyped(value);
      }
      if (record.environment.size > 0 || switches.emptyEnvironment === 'empty') {
        top['environment'] = toObject(record.environment);
      } else if (switches.emptyEnvironment === 'null') top['environment'] = null;
      return top;
    },
  };
}

export function uuid(text: string): string {
  if (!UUID.test(text)) {
    throw new Error(`${JSON.stringify(text)} is not a UUID, and the API of Hasura Cloud takes no other id.`);
  }
  return text.toLowerCase();
}

/** A text as the JSON that it is, unless that is a text or null. */
function retyped(value: JsonValue): unknown {
  if (typeof value !== 'string') return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'string' || parsed === null ? value : parsed;
  } catch {
    return value;
  }
}

function byKey([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

function toMap(values: JsonByKey = new Map<string, JsonValue>()): Map<string, JsonValue> {
  return new Map(isMap(values) ? values : Object.entries(values));
}

function isMap(values: JsonByKey): values is ReadonlyMap<string, JsonValue> {
  return values instanceof Map;
}

function toObject(values: ReadonlyMap<string, JsonValue>): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of values) object[key] = value;
  return object;
}
