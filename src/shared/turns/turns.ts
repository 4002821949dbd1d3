/** How many items are handled in one turn: some ms of work, or some tens on a busy machine. */
const ITEMS_PER_TURN = 4_096;

/** Long work that says with each `yield` where others may have their turn. */
export type Turns<Result = void> = Generator<undefined, Result>;

type Schedule = (resume: () => void) => unknown;

const isSchedule = (value: unknown): value is Schedule => typeof value === 'function';

/**
 * Lets other work of the process have its turn: timers, sockets, and what waits for them. By `setImmediate` where there
 * is one: two works that continue by `setTimeout` come due while the other one is at it, so that timers follow timers,
 * and a socket waits for both of them.
 */
export const yieldToOthers = (): Promise<void> =>
  new Promise((resolve) => {
    const immediate: unknown = Reflect.get(globalThis, 'setImmediate');
    if (isSchedule(immediate)) immediate(resolve);
    else setTimeout(resolve, 0);
  });

/**
 * Does long work, and lets others have their turn wherever it says so: every few thousand items, so that no one waits
 * longer than some tens of ms; fewer items are done in one turn. By the number of items and not by the time, so that a
 * run is the same every time. Rejects
 * between two turns with the reason of the signal.
 */
export async function inTurns<Result>(work: Turns<Result>, signal?: AbortSignal): Promise<Result> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await yieldToOthers();
    signal?.throwIfAborted();
  }
}

/** Lets others have their turn after work on so many items, where that was a turn or more. */
export async function turnAfter(items: number): Promise<void> {
  if (items >= ITEMS_PER_TURN) await yieldToOthers();
}

/** Does the same work in one go. */
export function inOneGo<Result>(work: Turns<Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** Whether others have their turn after so many items. */
export const endsTurn = (count: number): boolean => count % ITEMS_PER_TURN === 0;

/** Whether a list takes more than one turn. */
export const isLong = (items: readonly unknown[]): boolean => items.length > ITEMS_PER_TURN;

/** Returns a list in parts of the length of a turn. */
export function slicesOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (!isLong(items)) return [items];
  const slices: Item[][] = [];
  for (let start = 0; start < items.length; start += ITEMS_PER_TURN) {
    slices.push(items.slice(start, start + ITEMS_PER_TURN));
  }
  return slices;
}

/** Calls a function for each item, with a turn for others after every few thousand, or so many. */
export function* forEachInTurns<Item>(
  items: Iterable<Item>,
  work: (item: Item) => void,
  itemsPerTurn = ITEMS_PER_TURN,
): Turns {
  let count = 0;
  for (const item of items) {
    work(item);
    count += 1;
    if (count % itemsPerTurn === 0) yield;
  }
}

/** As `items.map(work)`, in turns. */
export function* mapInTurns<Item, Mapped>(
  items: readonly Item[],
  work: (item: Item) => Mapped,
): Turns<Mapped[]> {
  if (!isLong(items)) return items.map(work);
  const mapped: Mapped[] = [];
  yield* forEachInTurns(items, (item) => void mapped.push(work(item)));
  return mapped;
}

/** Merges two sorted lists; of equal items, those of the first one come first. */
function* merge<Item extends object>(
  first: readonly Item[],
  second: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Turns<readonly Item[]> {
  const [last, next] = [first.at(-1), second[0]];
  if (last === undefined || next === undefined || compare(last, next) <= 0) return first.concat(second);
  const merged: Item[] = [];
  let at = 0;
  yield* forEachInTurns(first, (item) => {
    for (let other = second[at]; other !== undefined && compare(other, item) < 0; other = second[at]) {
      merged.push(other);
      at += 1;
    }
    merged.push(item);
  });
  return merged.concat(second.slice(at));
}

/** Returns the items sorted, as `toSorted(compare)` does, in turns. */
export function* sortInTurns<Item extends object>(
  items: readonly Item[],
  compare: (one: Item, other: Item) => number,
): Turns<readonly Item[]> {
  let runs: (readonly Item[])[] = [];
  for (const slice of slicesOf(items)) {
    if (runs.length > 0) yield;
    runs.push([...slice].sort(compare));
  }
  while (runs.length > 1) {
    const merged: (readonly Item[])[] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(yield* merge(runs[index] ?? [], runs[index + 1] ?? [], compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}
