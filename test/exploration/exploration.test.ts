import { describe, expect, it } from 'vitest';
import { realLibrary } from '../simulation/bugs/library.js';
import { explore } from './explore.js';
import { WORLDS } from './worlds.js';

/** Those whose walk takes a second or less: `npm run explore` walks all. */
const QUICK = WORLDS.filter(({ name }) =>
  ['sync of a source that has become empty', 'sync at Qovery, with a crash'].includes(name),
);

describe('every history of a small world', () => {
  it.each(QUICK)('keeps what is promised: $name', async (small) => {
    const walk = await explore(small, { library: realLibrary });
    expect(walk).toMatchObject({ isComplete: true });
    expect(walk.violation).toBeUndefined();
    expect(walk.states).toBeGreaterThan(10);
  });

  it('has two quick worlds in the suite', () => {
    expect(QUICK).toHaveLength(2);
  });
});
