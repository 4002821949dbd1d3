/** Compares by UTF-16 code units: the same on every machine, whatever its locale. */
export const compareText = (first: string, second: string): number =>
  first < second ? -1 : first > second ? 1 : 0;

/** Orders by a text of each item. */
export function byText<Item>(text: (item: Item) => string): (first: Item, second: Item) => number {
  return (first, second) => compareText(text(first), text(second));
}
