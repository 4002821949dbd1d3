import { onTestFinished } from 'vitest';

/** Collects, until the test ends, what Node warns of that looks like a leak of listeners; other warnings are not ours. */
export function leakWarnings(): readonly Error[] {
  const warnings: Error[] = [];
  const listen = (warning: Error): void => {
    if (warning.name === 'MaxListenersExceededWarning') warnings.push(warning);
  };
  process.on('warning', listen);
  onTestFinished(() => void process.off('warning', listen));
  return warnings;
}
