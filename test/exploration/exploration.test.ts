import { describe, expect, it } from 'vitest';
import { BUGS } from '../simulation/bugs/bugs.js';
import { realLibrary } from '../simulation/bugs/library.js';
import { buildMutant } from '../simulation/bugs/mutant.js';
import { lookFor, worldOf } from './bugs.js';
import { explore, replay } from './explore.js';
import { worldNamed } from './worlds/by-name.js';
import { WORLDS } from './worlds/index.js';

/** Those whose walk takes a second or less: `npm run explore` walks all. */
const QUICK = [
  'sync of a source that has become empty',
  'a write that is refused',
  'what an alias depends on at Qovery, with a crash',
].map(worldNamed);

/** Those that are found soon, each in another kind of world: `npm run explore -- --bugs` looks for all. */
const SOON = BUGS.filter(({ name }) =>
  [
    'an old hash is sent',
    'deletions are not withheld after a failure',
    'what another sync wants is deleted',
    'a partial read is taken for a whole one',
    'a forged document is believed',
  ].includes(name),
);

describe('every history of a small world', () => {
  it.each(QUICK)('keeps what is promised: $name', async (small) => {
    const walk = await explore(small, { library: realLibrary });
    expect(walk).toMatchObject({ isComplete: true });
    expect(walk.violation).toBeUndefined();
    expect(walk.states).toBeGreaterThan(5);
  });

  it.each(SOON)('shows it when $name, and shows it again in a replay', async (bug) => {
    const { violation } = await lookFor(bug);
    expect(violation).toBeDefined();
    const again = await replay(worldOf(bug), await buildMutant(bug), violation?.picks ?? []);
    expect(again).toStrictEqual({
      history: violation?.history,
      violation: { rule: violation?.rule, detail: violation?.detail },
    });
  });

  it('looks for five bugs here, and knows a world for each of the simulation', () => {
    expect(SOON).toHaveLength(5);
    for (const bug of BUGS) expect(WORLDS).toContain(worldOf(bug));
  });
});
