import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { markConstantsPure } from '../../tools/pure-constants.js';

const module = `
import { schema, extra } from 'outside';
const fields = { ...extra, one: schema.string() };
export const parser: unknown = schema.object(fields).check(extra.check);
export const used = (text: string) => text.trim();
schema.register();
`;

async function bundled(text: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export { used } from 'module';`, loader: 'ts' },
    bundle: true,
    format: 'esm',
    write: false,
    external: ['outside'],
    plugins: [
      {
        name: 'module',
        setup(bundler) {
          bundler.onResolve({ filter: /^module$/ }, () => ({ path: 'module.ts', namespace: 'text' }));
          bundler.onLoad({ filter: /./, namespace: 'text' }, () => ({ contents: text, loader: 'ts' }));
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}

it('lets a bundler drop constants that nothing uses, and what they alone use', async () => {
  expect(await bundled(module)).toMatch(/schema\.object/);
  const marked = await bundled(markConstantsPure('module.ts', module));
  expect(marked).not.toMatch(/schema\.(?:object|string)/);
  expect(marked).toContain('text.trim()');
});

it('keeps what a module does outside of constants', async () => {
  expect(await bundled(markConstantsPure('module.ts', module))).toContain('schema.register()');
});
