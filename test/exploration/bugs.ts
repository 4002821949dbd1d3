import type { Bug } from '../simulation/bugs/bugs.js';
import { buildMutant } from '../simulation/bugs/mutant.js';
import { explore, type Walk } from './explore.js';
import type { SmallWorld } from './small-world.js';
import { worldNamed } from './worlds/by-name.js';

/** The smallest world in which each bug of the simulation can show, by its name there. */
const WORLD_OF: Readonly<Record<string, string>> = {
  'a state entry is lost': 'sync at Qovery, with a crash',
  'the intent is not saved': 'sync at Qovery, with a crash',
  'importedAt is not saved': 'sync at Qovery, with a crash',
  'a removed sync is not forgotten': 'remove, with a crash and a lost response',
  'the lease is not checked': 'sync at Hasura Cloud, with an edit by hand and a clock that is set or stops',
  "another run's lease is ignored": 'two processes, overlapping syncs',
  'a lease of a dead run holds for ever': 'sync at Qovery, with a crash',
  'deletions go before upserts': 'sync at Qovery, with a crash',
  'deletions are not withheld after a failure': 'a write that is refused',
  'a plan is applied although it is stale': 'apply of a saved plan, with an edit by hand',
  'a plan writes the state': 'plan, then a first sync, with a lost response',
  'the fingerprint is not updated': 'sync at Qovery, with a crash',
  'the revision is ignored': 'sync at Qovery, with an edit by hand and a clock that is set or stops',
  'the ownership of another sync is ignored': 'two processes, overlapping syncs',
  'a partial read is taken for a whole one': 'a source that is read in part, or never',
  'an empty source deletes': 'sync of a source that has become empty',
  'the schema does not hold for deletions': 'a request that is told to wait',
  'what others depend on is deleted': 'what an alias depends on at Qovery, with a crash',
  'an old hash is sent': 'a request that is told to wait',
  'an entry of another type is written over': 'a file in the way at Qovery',
  "another system's entry is written over": "another system's entry in the way at Qovery",
  'an edit loses the description': 'an entry with a description at Qovery, with a crash',
  'Retry-After is ignored': 'a request that is told to wait',
  'an event shows a value': 'sync at Qovery, with a crash',
  'what another sync wants is deleted': 'one of two syncs wants a key no more, with a crash',
  'a read that never ends is waited for': 'a source that is read in part, or never',
  'a forged document is believed': 'a place whose entries were claimed by a forged document',
  'a document that was cut off is taken for none': 'a place whose document was cut off',
  "a lease ends by the clock of its holder's machine": 'two machines whose clocks differ, the same sync',
  'what a part held that turned empty is deleted': 'a part of the source that has become empty',
  'what a changed key schema leaves behind is not named': 'an edited key schema, with a crash',
  'what a changed key schema leaves behind is deleted unasked': 'an edited key schema, with a crash',
};

/** The world in which a bug is looked for; each of the simulation's bugs has one. */
export function worldOf({ name }: Bug): SmallWorld {
  const world = WORLD_OF[name];
  if (world === undefined)
    throw new Error(`The bug "${name}" has no world: name one in test/exploration/bugs.ts.`);
  return worldNamed(world);
}

/** Walks the world of a bug up to the first history that shows it. */
export const lookFor = async (bug: Bug): Promise<Walk> =>
  explore(worldOf(bug), { library: await buildMutant(bug) });
