import { onTestFinished } from 'vitest';

/** Collects the rejections that no one handles, until the test ends. Returns what shows those that there are by then. */
export function collectUnhandledRejections(): () => Promise<readonly unknown[]> {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', listen);
  onTestFinished(() => void process.off('unhandledRejection', listen));
  return async () => {
    // Node reports them once all that was due has been done.
    await new Promise((resolve) => setImmediate(resolve));
    return unhandled;
  };
}
