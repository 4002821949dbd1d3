const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const;

/**
 * What a call printed, to the console or past it. The console is silent in the meantime, since what is printed may be what is
 * not to be shown. What the call throws comes out after everything is as it was.
 */
export async function captureOutput(call: () => Promise<void>): Promise<readonly unknown[]> {
  const printed: unknown[] = [];
  const undo: (() => void)[] = [];
  const listen = (target: object, name: string, forwards: boolean) => {
    const own: unknown = Reflect.get(target, name);
    Reflect.set(target, name, (...things: unknown[]): unknown => {
      printed.push(things);
      return forwards && typeof own === 'function' ? (Reflect.apply(own, target, things) as unknown) : true;
    });
    undo.push(() => Reflect.set(target, name, own));
  };
  for (const method of METHODS) listen(globalThis.console, method, false);
  // A test runner may be telling its own things in the meantime.
  listen(process.stdout, 'write', true);
  listen(process.stderr, 'write', true);
  try {
    await call();
  } finally {
    undo.reverse().forEach((restore) => restore());
  }
  return printed;
}
