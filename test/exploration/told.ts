/** Of a history, what is not only time that passes. */
export const withoutWaiting = (history: readonly string[]): string[] =>
  history.filter((step) => !step.endsWith(' wakes'));

/** A history for people: steps that are repeated are on one line. */
export function tellHistory(history: readonly string[]): string {
  const lines: { step: string; times: number }[] = [];
  for (const step of history) {
    const last = lines.at(-1);
    if (last?.step === step) last.times += 1;
    else lines.push({ step, times: 1 });
  }
  return lines.map(({ step, times }) => `  ${step}${times === 1 ? '' : ` (${times} times)`}`).join('\n');
}
