import { canonicalId } from '../../../drivers/support/ids.js';
import type { QoveryPlace, QoveryPlaceSetup } from './types.js';

export type PlaceKind = 'ORGANIZATION' | 'PROJECT' | 'ENVIRONMENT';

/** A place, with what the API shows of it. */
export interface PlaceRecord extends QoveryPlace {
  readonly kind: PlaceKind;
  readonly parentId: string | null;
  /** In microseconds since the Unix epoch. */
  readonly created_at: number;
}

/** The hierarchy of one emulator. */
export function createPlaces(nextId: () => string, now: () => number) {
  const places = new Map<string, PlaceRecord>();
  const services = new Map<string, string>();

  function place(id: string, kind?: PlaceKind): PlaceRecord | undefined {
    const found = places.get(canonicalId(id));
    return found && (kind === undefined || found.kind === kind) ? found : undefined;
  }

  function add(kind: PlaceKind, setup: QoveryPlaceSetup, parentId: string | null): QoveryPlace {
    // The service takes a UUID in either case, and shows it in one.
    const id = canonicalId(setup.id ?? nextId());
    if (places.has(id))
      throw new Error(`The emulator already has a place with the id ${JSON.stringify(id)}.`);
    places.set(id, { id, name: setup.name, kind, parentId, created_at: now() * 1000 });
    return { id, name: setup.name };
  }

  /** The place itself and those above it. */
  function ancestry(id: string): string[] {
    const found = place(id);
    if (!found) return [];
    return [found.id, ...(found.parentId === null ? [] : ancestry(found.parentId))];
  }

  return {
    place,
    add,
    ancestry,
    childrenOf: (parentId: string | null) =>
      [...places.values()].filter((child) => child.parentId === parentId),
    addService({ id = nextId(), environmentId }: { readonly id?: string; readonly environmentId: string }) {
      if (!place(environmentId, 'ENVIRONMENT')) throw new Error(`No environment ${environmentId} was added.`);
      services.set(id, environmentId);
      return { id };
    },
    /** The environment of a service. */
    environmentOf: (serviceId: string) => services.get(serviceId),
  };
}
