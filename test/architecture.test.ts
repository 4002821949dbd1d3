import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { readSourceFiles, type SourceFile } from './support/source-files.js';

const files = readSourceFiles();
const paths = new Set(files.map(({ path }) => path));

/** The folder below src; `index.ts` is a layer by itself. */
const layerOf = (path: string): string => path.split('/')[0] ?? path;

/** What each layer may import beside itself. */
const ALLOWED = new Map<string, readonly string[]>([
  ['contracts', []],
  ['shared', ['contracts']],
  ['core', ['contracts', 'shared']],
  ['http', ['contracts', 'shared']],
  ['stores', ['contracts', 'shared']],
  ['format', ['contracts', 'shared']],
  ['drivers', ['contracts', 'shared', 'http']],
  ['sources', ['contracts', 'shared', 'http']],
  ['engine', ['contracts', 'shared', 'core', 'http', 'stores']],
  ['service', ['contracts', 'shared', 'core', 'http', 'stores', 'format', 'engine']],
  ['rest', ['contracts', 'shared', 'service']],
  ['workers', ['contracts', 'shared', 'service']],
  ['opentelemetry', ['contracts', 'shared']],
  [
    'testing',
    ['contracts', 'shared', 'core', 'http', 'stores', 'format', 'drivers', 'sources', 'engine', 'service'],
  ],
  ['index.ts', ['contracts', 'shared', 'core', 'http', 'stores', 'format', 'sources', 'engine']],
]);

/** What runs on Node only: the subpaths that say so, and what they alone use. */
const NODE_ONLY = /^(?:testing|sources\/dotenv|stores\/file)\//;

/** The files in which a secret's text is taken out of its wrapper, and why it has to be. */
const REVEALING = new Map([
  ['contracts/secret.ts', 'compares two secrets'],
  ['core/unwritable-keys.ts', 'asks the driver whether it takes the value'],
  ['core/fingerprint/fingerprint.ts', 'digests it under a key'],
  ['core/seal.ts', 'digests it under a key'],
  ['shared/canonical-json.ts', 'compares it as JSON with what a destination retyped'],
  ['engine/boundary/echoes.ts', 'looks for it in what a server returns'],
  ['http/body.ts', 'writes it to the wire'],
  ['drivers/qovery/config.ts', 'looks for a placeholder in it'],
  ['sources/dotenv/write.ts', 'writes it to the file'],
  ['sources/infisical/effective.ts', 'looks for references in it'],
  ['sources/infisical/writable.ts', 'looks for references and blanks in it'],
  ['testing/conformance/source/kit.ts', 'compares what a source gives with what was put in'],
  ['testing/conformance/driver/index.ts', 'compares what stands at a place with what was put there'],
  ['testing/memory-destination/index.ts', 'is the place at which it ends'],
]);

/** The lines of code that match, comments left out. */
const linesWith = (pattern: RegExp, among: (path: string) => boolean = () => true): string[] =>
  files
    .filter(({ path }) => among(path))
    .flatMap(({ path, code }) =>
      code.filter(([, text]) => pattern.test(text)).map(([line, text]) => `${path}:${line}: ${text}`),
    );

/** Where a node of the syntax tree is of the kind that is looked for. */
const nodesWith = (isWanted: (node: ts.Node) => boolean): string[] =>
  files.flatMap(({ path, nodes, lineOf }) =>
    nodes
      .filter((node) => isWanted(node))
      .map((node) => `${path}:${lineOf(node)}: ${node.getText().slice(0, 80)}`),
  );

const importsWith = (isBroken: (file: SourceFile, target: string) => boolean): string[] =>
  files.flatMap((file) =>
    file.imports
      .filter(({ target }) => target !== undefined && isBroken(file, target))
      .map(({ name }) => `${file.path} imports ${name}`),
  );

describe('the source', () => {
  it('is read in full by this test', () => {
    expect(files.length).toBeGreaterThan(50);
    const plan = files.find(({ path }) => path === 'core/plan-sync.ts');
    expect(plan?.imports).toContainEqual({
      name: './build-plan.js',
      target: 'core/build-plan.ts',
      isType: false,
    });
    expect(linesWith(/export function planSync/)).toHaveLength(1);
  });

  it('has no layer without a rule', () => {
    expect([...paths].filter((path) => !ALLOWED.has(layerOf(path)))).toEqual([]);
  });

  it('imports nothing but files that are there', () => {
    expect(importsWith((_file, target) => !paths.has(target))).toEqual([]);
  });

  it('has no file over 250 lines, no function over 80, and no folder with more than 15 files', () => {
    const lines = ({ nodes }: SourceFile) => nodes[0]?.getSourceFile().getLineStarts().length ?? 0;
    expect(files.filter((file) => lines(file) > 251).map(({ path }) => path)).toEqual([]);
    const long = files.flatMap(({ path, nodes, lineOf }) =>
      nodes
        .filter(
          (node) =>
            ts.isFunctionLike(node) &&
            node.getSourceFile().getLineAndCharacterOfPosition(node.getEnd()).line + 2 - lineOf(node) > 80,
        )
        .map((node) => `${path}:${lineOf(node)}`),
    );
    expect(long).toEqual([]);
    const folders = new Map<string, number>();
    for (const { path } of files) {
      const folder = path.split('/').slice(0, -1).join('/');
      folders.set(folder, (folders.get(folder) ?? 0) + 1);
    }
    expect([...folders].filter(([, count]) => count > 15)).toEqual([]);
  });

  it('imports only from its own layer and from those below', () => {
    const isBroken = ({ path }: SourceFile, target: string) =>
      layerOf(target) !== layerOf(path) && ALLOWED.get(layerOf(path))?.includes(layerOf(target)) !== true;
    expect(importsWith(isBroken)).toEqual([]);
  });

  it('has drivers that know nothing of each other', () => {
    const driverOf = (path: string) => /^drivers\/(?!support\/)([^/]+)\//.exec(path)?.[1];
    const isBroken = ({ path }: SourceFile, target: string) =>
      layerOf(path) === 'drivers' && driverOf(target) !== undefined && driverOf(target) !== driverOf(path);
    expect(importsWith(isBroken)).toEqual([]);
  });

  it('has no circle of imports, those of types included', () => {
    const importsOf = new Map(files.map((file) => [file.path, file.imports]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      if (done.has(path) || trail.includes(path)) return;
      for (const { target } of importsOf.get(path) ?? []) {
        if (target !== undefined) visit(target, [...trail, path]);
      }
      done.add(path);
    };
    for (const path of paths) visit(path, []);
    expect(circles).toEqual([]);
  });

  it('uses what belongs to Node only where that is said', () => {
    const isPortable = (path: string) => !NODE_ONLY.test(path);
    const builtIns = files
      .filter(({ path }) => isPortable(path))
      .flatMap(({ path, imports }) => imports.map(({ name }) => `${path}: ${name}`))
      .filter((line) => line.includes(' node:'));
    expect(builtIns).toEqual([]);
    const globals = new Set([
      'Buffer',
      'process',
      'global',
      'require',
      'setImmediate',
      '__dirname',
      '__filename',
    ]);
    const used = nodesWith(
      (node) =>
        ts.isIdentifier(node) &&
        globals.has(node.text) &&
        !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) &&
        !(ts.isPropertyAssignment(node.parent) && node.parent.name === node),
    );
    expect(used.filter((line) => isPortable(line))).toEqual([]);
  });

  it('reaches from its root entry only what runs everywhere', () => {
    const reached = new Set(['index.ts']);
    for (const path of reached) {
      const file = files.find((candidate) => candidate.path === path);
      for (const { target } of file?.imports ?? []) if (target !== undefined) reached.add(target);
    }
    expect(reached.has('engine/secret-sync-engine.ts')).toBe(true);
    expect([...reached].filter((path) => NODE_ONLY.test(path))).toEqual([]);
  });

  it('names a destination in its driver and in its emulator only', () => {
    expect(linesWith(/hasura|qovery/i, (path) => !/^(?:drivers|testing)\//.test(path))).toEqual([]);
  });

  it('reveals secrets in the files of a short list only', () => {
    const revealing = files.filter(({ code }) => code.some(([, text]) => /\.reveal\b/.test(text)));
    expect(revealing.map(({ path }) => path).filter((path) => !REVEALING.has(path))).toEqual([]);
    expect(revealing.length).toBeGreaterThan(5);
    expect([...REVEALING.keys()].filter((path) => !paths.has(path))).toEqual([]);
  });

  it('hides no doubt about a type', () => {
    expect(nodesWith((node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([]);
    expect(nodesWith(ts.isNonNullExpression)).toEqual([]);
    expect(nodesWith((node) => ts.isAsExpression(node) && ts.isAsExpression(node.expression))).toEqual([]);
    const silenced = files.filter(({ nodes }) =>
      /@ts-(?:ignore|expect-error|nocheck)/.test(nodes[0]?.getFullText() ?? ''),
    );
    expect(silenced.map(({ path }) => path)).toEqual([]);
  });

  it('writes to no console, keeps no state of its own, and sorts by no locale', () => {
    const consoles = nodesWith((node) => ts.isIdentifier(node) && node.text === 'console');
    // What captures the output of others has to touch it.
    expect(consoles.filter((line) => !line.startsWith('testing/leaks/captured-output.ts:'))).toEqual([]);
    const isGlobalState = (node: ts.Node) =>
      ts.isVariableStatement(node) &&
      ts.isSourceFile(node.parent) &&
      (node.declarationList.flags & ts.NodeFlags.Const) === 0;
    expect(nodesWith(isGlobalState)).toEqual([]);
    expect(linesWith(/localeCompare|toLocale|\bIntl\b/)).toEqual([]);
  });
});
