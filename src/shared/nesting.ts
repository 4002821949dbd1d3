import { slicesOf, type Turns } from './turns/turns.js';

/** How many levels of objects and lists plain data can have. */
const MOST_LEVELS = 200;
/** How many fields and items plain data can have in all, those that are reached in several ways counted each time. */
const MOST_FIELDS = 10_000_000;

/** Walks data piece by piece, and says of the first piece with which it is too deep or too large what is wrong. */
function createWalk(mostFields: number) {
  let fields = 0;
  const walk = (part: unknown, levels: number): string | undefined => {
    if (typeof part !== 'object' || part === null) return undefined;
    if (levels === 0) return `is nested deeper than ${MOST_LEVELS} levels, or contains itself`;
    const items: readonly unknown[] = Array.isArray(part) ? part : Object.values(part);
    fields += items.length;
    if (fields > mostFields) return `has more than ${mostFields} fields`;
    for (const item of items) {
      const problem = walk(item, levels - 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return walk;
}

/**
 * Why data is too deep or too large to be walked, in words that follow "it"; `undefined` where it is not. Ask before
 * anything else walks data from outside: data that contains itself has no end, and deep data exhausts the stack.
 */
export const nestingProblem = (value: unknown, mostFields = MOST_FIELDS): string | undefined =>
  createWalk(mostFields)(value, MOST_LEVELS);

/** Returns the same as {@link nestingProblem}, in turns, for an object that may hold long lists. */
export function* nestingProblemInTurns(value: unknown): Turns<string | undefined> {
  if (typeof value !== 'object' || value === null) return undefined;
  const walk = createWalk(MOST_FIELDS);
  for (const part of Object.values(value) as readonly unknown[]) {
    const pieces: readonly unknown[] = Array.isArray(part) ? slicesOf<unknown>(part) : [part];
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) yield;
      const problem = walk(piece, MOST_LEVELS - 1);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}
