/** What a conformance suite needs of a test runner: Vitest, Jest, Mocha, `node:test` and Bun have it. */
export interface ConformanceRunner {
  readonly describe: (title: string, body: () => void) => unknown;
  readonly it: (title: string, body: () => Promise<void>) => unknown;
}
