import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One import or re-export of a file. */
export interface Import {
  /** As it is written: `./plan.js`, `node:fs`. */
  readonly name: string;
  /** What it means, below src: `core/plan.ts`; absent for a package. */
  readonly target?: string;
  /** Only types are imported: gone when the code runs. */
  readonly isType: boolean;
}

/** A file of the library. */
export interface SourceFile {
  /** Below src: `core/plan.ts`. */
  readonly path: string;
  readonly imports: readonly Import[];
  /** Its lines with their numbers, comments left out. */
  readonly code: readonly (readonly [line: number, text: string])[];
  /** Every node of its syntax tree. */
  readonly nodes: readonly ts.Node[];
  readonly lineOf: (node: ts.Node) => number;
}

function nodesOf(root: ts.Node): readonly ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return nodes;
}

/** The module that a node imports, re-exports or loads, if it does. */
function moduleOf(
  node: ts.Node,
): { readonly specifier: ts.Node | undefined; readonly isType: boolean } | undefined {
  if (ts.isImportDeclaration(node)) {
    const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return { specifier: node.moduleSpecifier, isType };
  }
  if (ts.isExportDeclaration(node)) return { specifier: node.moduleSpecifier, isType: node.isTypeOnly };
  if (ts.isImportTypeNode(node)) {
    const specifier = ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
    return { specifier, isType: true };
  }
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? { specifier: node.arguments[0], isType: false } : undefined;
}

function importsOf(path: string, node: ts.Node): Import[] {
  const { specifier, isType = false } = moduleOf(node) ?? {};
  if (specifier === undefined || !ts.isStringLiteral(specifier)) return [];
  const name = specifier.text;
  if (!name.startsWith('.')) return [{ name, isType }];
  return [{ name, isType, target: posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts') }];
}

/** Every file below src, sorted by path. */
export function readSourceFiles(): readonly SourceFile[] {
  const root = fileURLToPath(new URL('../../src/', import.meta.url));
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(root + path, 'utf8');
      const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
      const nodes = nodesOf(file);
      const lines = text.split('\n').map((line, index) => [index + 1, line.trim()] as const);
      return {
        path,
        imports: nodes.flatMap((node) => importsOf(path, node)),
        // Prettier keeps comments on lines of their own.
        code: lines.filter(([, line]) => !/^(?:\/\/|\/\*|\*)/.test(line)),
        nodes,
        lineOf: (node) => file.getLineAndCharacterOfPosition(node.getStart()).line + 1,
      };
    });
}
