import { defineConfig } from 'tsup';
import { writeLicenses } from './tools/third-party-licenses.js';
import { pureConstants } from './tools/pure-constants.js';

/** Packages of many small files, which are what makes an import slow. Their licenses go with them. */
const BUNDLED = ['@noble/hashes', 'ipaddr.js', 'is-network-error', 'ky', 'p-retry', 'zod'];

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'drivers/index': 'src/drivers/index.ts',
    'drivers/hasura-cloud': 'src/drivers/hasura-cloud/index.ts',
    'drivers/qovery': 'src/drivers/qovery/index.ts',
    'sources/dotenv': 'src/sources/dotenv/index.ts',
    'sources/infisical': 'src/sources/infisical/index.ts',
    'sources/compose': 'src/sources/compose/index.ts',
    'sources/transform': 'src/sources/transform.ts',
    'stores/file': 'src/stores/file/index.ts',
    'stores/redis': 'src/stores/redis/index.ts',
    'stores/postgres': 'src/stores/postgres/index.ts',
    'service/index': 'src/service/index.ts',
    'workers/bullmq': 'src/workers/bullmq/index.ts',
    'rest/index': 'src/rest/index.ts',
    'opentelemetry/index': 'src/opentelemetry/index.ts',
    'testing/index': 'src/testing/index.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  // Shared classes must exist once, or a SecretValue of one entry would be a stranger to another.
  splitting: true,
  // The types are written by tsc, file by file, with maps to `src`, which a bundle of them can't have.
  dts: false,
  sourcemap: true,
  clean: true,
  // Without bare imports of files from which nothing is needed, about which bundlers warn.
  treeshake: { moduleSideEffects: false },
  // Bun and Deno take a built-in module for a package where `node:` is missing.
  removeNodeProtocol: false,
  // The rest of zod stays outside: only the emulators use it.
  noExternal: [/^zod\/mini$/],
  external: [/^node:/, 'graphql', 'hono', '@hono/zod-openapi', '@opentelemetry/api', 'bullmq'],
  esbuildPlugins: [pureConstants],
  onSuccess: () => writeLicenses(BUNDLED, 'dist/THIRD_PARTY_LICENSES.txt'),
});
