import { defineConfig } from 'tsup';

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
    'rest/index': 'src/rest/index.ts',
    'opentelemetry/index': 'src/opentelemetry/index.ts',
    'testing/index': 'src/testing/index.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  // Shared classes must exist once, or a SecretValue of one entry would be a stranger to another.
  splitting: true,
  dts: true,
  clean: true,
  treeshake: true,
  external: [/^node:/, 'graphql', 'hono', '@hono/zod-openapi', '@opentelemetry/api'],
});
