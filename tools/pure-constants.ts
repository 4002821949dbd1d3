import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import ts from 'typescript';

const HARMLESS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.ArrowFunction,
  ts.SyntaxKind.FunctionExpression,
  ts.SyntaxKind.StringLiteral,
  ts.SyntaxKind.NoSubstitutionTemplateLiteral,
  ts.SyntaxKind.NumericLiteral,
  ts.SyntaxKind.RegularExpressionLiteral,
  ts.SyntaxKind.Identifier,
]);

/**
 * Returns source text in which each constant of a module is computed by a call that is marked as pure, so that a bundler
 * drops the constant, and all that it alone uses, where nothing imports what needs it. A bundler can't know by itself
 * that `z.object(…)`, a spread, or the property of an object changes nothing. Modules of this project never do that
 * (the package says `"sideEffects": false`); a call that stands for itself, outside of a constant, is left alone.
 */
export function markConstantsPure(file: string, text: string): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const initializers = source.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .filter(({ name }) => ts.isIdentifier(name))
    .flatMap(({ initializer }) => (initializer && !HARMLESS.has(initializer.kind) ? [initializer] : []));
  return initializers.reduceRight((marked, initializer) => {
    const [start, end] = [initializer.getStart(source), initializer.end];
    return `${marked.slice(0, start)}/* @__PURE__ */ (() => (${marked.slice(start, end)}))()${marked.slice(end)}`;
  }, text);
}

/**
 * Marks the constants of the project's own modules as pure; see {@link markConstantsPure}. In zod, a helper that is
 * reached through a namespace of a namespace would keep all helpers in every bundle; the module imports them itself too.
 */
export const pureConstants: Plugin = {
  name: 'pure-constants',
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      return { contents: markConstantsPure(path, await readFile(path, 'utf8')), loader: 'ts' };
    });
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]mini[\\/]schemas\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return { contents: text.replaceAll('core.util.', 'util.'), loader: 'js' };
    });
  },
};
