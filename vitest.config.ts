import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

const TESTS = ['test/**/*.test.ts'];

/** Tests of clients that `npm run test:clients` installs. */
const CLIENTS = 'test/clients/**';

/**
 * Tests of a system as a whole: real servers, processes that are started and killed, the packed package, the programs
 * of the docs and examples, the compilers' services, hundreds of thousands of keys, and long random histories.
 * `npm run test:system` runs them.
 */
export const SYSTEM = [
  'test/docs/{docs,own-code}.test.ts',
  'test/docs/ci/**/*.test.ts',
  'test/examples/{examples,service-examples}.test.ts',
  'test/exploration/**/*.test.ts',
  'test/faults/input/{unbounded-input,turns-at-scale}.test.ts',
  'test/integration/processes.test.ts',
  'test/package/tarball.test.ts',
  'test/rest/mounted.test.ts',
  'test/service/auto-sync/{hour,kill}.test.ts',
  'test/simulation/**/*.test.ts',
  'test/stores/postgres/*.test.ts',
  'test/stores/redis/server.test.ts',
  'test/types/editors.test.ts',
  'test/workers/bullmq/{fleet,worker}.test.ts',
];

/** Tests that put something else in the place of a module, for the whole thread. */
const ALONE = [
  'test/http/nock.test.ts',
  'test/stores/file/hostile.test.ts',
  'test/testing/emulators/hasura-cloud.test.ts',
  'test/testing/memory-destination.test.ts',
];

export default defineConfig({
  resolve: {
    alias: [
      // An import would first read through its nine megabytes for what they export.
      {
        find: /^typescript$/,
        replacement: fileURLToPath(new URL('./test/support/typescript.ts', import.meta.url)),
      },
      { find: /^secret-sync-engine$/, replacement: source('index.ts') },
      { find: /^secret-sync-engine\/sources\/transform$/, replacement: source('sources/transform.ts') },
      { find: /^secret-sync-engine\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    pool: 'threads',
    maxWorkers: '150%',
    // For the busiest machine: what hangs is found all the same.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    typecheck: { enabled: false },
    // What tests bundle is JavaScript already: to transform a copy of the whole library takes longer than to test it.
    server: { deps: { external: [/[\\/]secret-sync-(?:mutant|programs|own-code)-/] } },
    // Of `npm run fuzz`: what parses that which others wrote.
    coverage: {
      provider: 'v8',
      reporter: ['text'],
      reportsDirectory: 'reports/coverage',
      include: [
        'src/sources/dotenv/{parse,edit}.ts',
        'src/sources/infisical/{wire,list,effective,secrets-api,errors,login}.ts',
        'src/http/pacing/told-times.ts',
        'src/core/definition/{key-schema,parse-definition}.ts',
        'src/engine/{saved-plan,call-options}.ts',
        'src/engine/state/{place-document,seal,sealed-store}.ts',
        'src/drivers/hasura-cloud/{graphql-error,snapshot,wire,write}.ts',
        'src/drivers/qovery/{attempt,entries,refusals,variable,wire}.ts',
        'src/rest/{body,parse,definition-body}.ts',
      ],
    },
    projects: [
      // To load the library and its dependencies anew for each file takes longer than most files.
      {
        extends: true,
        test: { name: 'together', include: TESTS, exclude: [...ALONE, ...SYSTEM, CLIENTS], isolate: false },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
});
