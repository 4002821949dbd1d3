import { defineConfig } from 'tsup';
import { pureConstants } from './tools/pure-constants.js';

const BUNDLED = [
  /^zod\/mini$/,
  /^ky$/,
  /^p-(?:queue|retry|timeout)$/,
  'eventemitter3',
  'is-network-error',
  /^@noble\/hashes\//,
  'ipaddr.js',
];

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
    'service/index': 'src/service/index.ts',
    'testing/index': 'src/testing/index.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  // Shared classes must exist once, or a SecretValue of one entry would be a stranger to another.
  splitting: true,
  dts: process.env.NODTS ? false : { banner: '/// <reference lib="esnext.disposable" />' },
  sourcemap: true,
  clean: true,
  treeshake: !process.env.NOTREE,
  // Bun and Deno take a built-in module for a package where `node:` is missing.
  removeNodeProtocol: false,
  // Many small files are what makes an import slow. What a user may have as well, or what is CommonJS, stays outside.
  noExternal: BUNDLED,
  external: [/^node:/, 'graphql'],
  esbuildPlugins: [pureConstants],
});
