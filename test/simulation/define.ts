import { syncOf } from './perform.js';
import type { Step } from './steps.js';
import type { World } from './world/world.js';

/** Edits a definition of the world, as a person would. */
export function define(world: World, step: Extract<Step, { readonly do: 'define' }>): void {
  const edited = syncOf(world, step);
  const { keySchema: _, ...options } = edited.options;
  const { keySchema, deleteLeftBehind } = step;
  world.syncs[world.syncs.indexOf(edited)] = {
    ...edited,
    options: { ...options, ...(keySchema === undefined ? {} : { keySchema }), deleteLeftBehind },
  };
}
