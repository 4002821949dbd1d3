/** Code that is changed, and the tests that are to notice. */
export interface MutationPart {
  /** Globs of the files whose code is changed. */
  readonly mutate: readonly string[];
  /** Globs of the tests: quick ones only, since each change is tested by those of them that reach it. */
  readonly tests: readonly string[];
}

/** What `npm run mutation` does, part by part. */
export const PARTS: Readonly<Record<string, MutationPart>> = {
  core: {
    mutate: ['src/core/**/*.ts'],
    tests: ['test/core/**/*.test.ts', 'test/faults/leaks/plan-sync.test.ts'],
  },
  redaction: {
    mutate: [
      'src/contracts/{errors,secret}.ts',
      'src/shared/{concealed,text}.ts',
      'src/http/{address,errors}.ts',
    ],
    tests: [
      'test/contracts/**/*.test.ts',
      'test/shared/{concealed,text}.test.ts',
      'test/http/{address,address-ranges,errors}.test.ts',
    ],
  },
  retries: {
    mutate: ['src/http/{backoff,retry}.ts', 'src/http/pacing/{pace,steady-time,throttle}.ts'],
    tests: [
      'test/http/{backoff,retry}.test.ts',
      'test/http/pacing/{closed-connection,pace,throttle,throttle-table,told-times}.test.ts',
    ],
  },
  records: {
    mutate: ['src/engine/state/recorder.ts', 'src/engine/saved-plan.ts'],
    tests: ['test/engine/saved-plan.test.ts', 'test/engine/state/recorder.test.ts'],
  },
  service: {
    mutate: ['src/service/**/*.ts'],
    tests: [
      'test/service/*.test.ts',
      'test/service/{fleet,records,runs}/**/*.test.ts',
      'test/service/auto-sync/{auto-sync,foreign-code,outages}.test.ts',
    ],
  },
  stores: {
    mutate: ['src/stores/**/*.ts'],
    tests: ['test/stores/**/*.test.ts'],
  },
  drivers: {
    mutate: ['src/drivers/**/*.ts'],
    tests: ['test/drivers/**/*.test.ts', 'test/faults/{qovery,hasura-cloud}-faults.test.ts'],
  },
  rest: {
    mutate: ['src/rest/**/*.ts'],
    tests: ['test/rest/{authorize,clients,hostile,leaks,life,openapi}.test.ts'],
  },
};
