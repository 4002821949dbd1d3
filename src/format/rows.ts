import type {
  ChangeAction,
  PlannedChange,
  PlannedImport,
  PlanProblem,
  PlanWarning,
} from '../contracts/plan.js';
import { CHANGE_REASON_WORDS, IMPORT_REASON_WORDS } from './reasons.js';
import { showName } from './escape.js';
import type { Note, Row } from './report-model.js';

/** The most keys that are listed where not all need to be seen; more are counted. */
const FEW = 5;

export const SYMBOLS: Readonly<Record<ChangeAction | PlannedImport['action'], Row['symbol']>> = {
  create: '+',
  update: '~',
  replace: '-/+',
  delete: '-',
  blocked: '!',
  unchanged: '=',
  keep: '·',
  ignore: '·',
};

/** Returns a key with its kind and the key that it comes from. */
export function nameOf(key: string, kind?: string, from?: string): string {
  const source = from === undefined || from === key ? '' : `from ${showName(from)}`;
  const details = kind === undefined ? source : showName(kind) + (source === '' ? '' : `, ${source}`);
  return details === '' ? showName(key) : `${showName(key)} (${details})`;
}

export function changeRow({ key, kind, sourceKey, action, reason }: PlannedChange): Row {
  return { symbol: SYMBOLS[action], name: nameOf(key, kind, sourceKey), words: CHANGE_REASON_WORDS[reason] };
}

export function importRow({ key, sourceKey, action, reason }: PlannedImport): Row {
  return {
    symbol: SYMBOLS[action],
    name: nameOf(sourceKey, undefined, key),
    words: IMPORT_REASON_WORDS[reason],
  };
}

/** Makes one row, with their number, of many that differ in their names alone. */
export function foldRows<Item extends { readonly action: string; readonly reason: string }>(
  items: readonly Item[],
  rowOf: (item: Item) => Row,
  verbose = false,
): readonly Row[] {
  // By what the row is made of: most of the rows are not shown, and need not be made.
  return groupBy(items, ({ action, reason }) => `${action} ${reason}`).flatMap((alike) => {
    const [first] = alike;
    return verbose || first === undefined || alike.length <= FEW
      ? alike.map(rowOf)
      : [{ ...rowOf(first), name: `${alike.length} keys` }];
  });
}

/** Makes one note of warnings or problems that differ in their keys alone. */
export function noteRows(notes: readonly (PlanWarning | PlanProblem)[], most = Infinity): readonly Note[] {
  return groupBy(notes, ({ code, message }) => JSON.stringify([code, message])).flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    const keys = alike.flatMap(({ key }) => (key === undefined ? [] : [showName(key)]));
    const more = Math.max(0, keys.length - most);
    return [{ code: first.code, message: first.message, keys: keys.slice(0, most), more }];
  });
}

/** Makes notes of warnings, of which a few keys say enough. */
export function warningRows(warnings: readonly PlanWarning[], verbose = false): readonly Note[] {
  return noteRows(warnings, verbose ? Infinity : FEW);
}

/** Returns counts as `2 to create, 1 to delete`; zeros are left out. */
export function countWords(counts: readonly (readonly [count: number, words: string])[]): string {
  return counts.flatMap(([count, words]) => (count === 0 ? [] : [`${count} ${words}`])).join(', ');
}

function groupBy<Item>(items: readonly Item[], id: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = id(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
