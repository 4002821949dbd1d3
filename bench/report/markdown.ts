/** A Markdown table; columns after the first `left` ones are numbers, and stand to the right. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { left = 1 }: { readonly left?: number } = {},
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, index) => (index < left ? '---' : '---:'));
  return [header, rule, ...rows].map(line).join('\n');
}

/** A section: its title, then paragraphs, lists and tables, an empty line before each. */
export function section(title: string, ...blocks: readonly string[]): string {
  return [`## ${title}`, ...blocks].join('\n\n');
}
