/** Orders by a text's UTF-16 code units: the same on every machine, whatever its locale. */
export function byText<Item>(text: (item: Item) => string): (first: Item, second: Item) => number {
  return (first, second) => {
    const [a, b] = [text(first), text(second)];
    return a < b ? -1 : a > b ? 1 : 0;
  };
}
