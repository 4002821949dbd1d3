import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'sources/dotenv': 'src/sources/dotenv.ts',
    'sources/infisical': 'src/sources/infisical.ts',
    'sources/compose': 'src/sources/compose.ts',
    'stores/file': 'src/stores/file.ts',
    'service/index': 'src/service/index.ts',
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
  external: [/^node:/, 'graphql'],
});
