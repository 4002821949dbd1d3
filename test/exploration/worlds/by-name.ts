import type { SmallWorld } from '../small-world.js';
import { WORLDS } from './index.js';

/** The world of this name. */
export function worldNamed(name: string): SmallWorld {
  const found = WORLDS.find((small) => small.name === name);
  if (found === undefined) throw new Error(`There is no world "${name}".`);
  return found;
}
