import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createFormatter, createParser, DEFAULT_CONFIG, SchemaGenerator } from 'ts-json-schema-generator';
import ts from 'typescript';

const API = '/api.d.ts';
const LIBRARY = '/lib.d.ts';

/** The global types that a program without the standard library needs. */
const GLOBALS = `interface Array<T> { [index: number]: T }
  interface Boolean {} interface Function {} interface CallableFunction {} interface NewableFunction {}
  interface IArguments {} interface Number {} interface Object {} interface RegExp {} interface String {}`;

/** The declarations of the client's models, by name; an enumeration is a constant and a type of one name. */
function readDeclarations(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url);
  const text = readFileSync(
    require.resolve('qovery-typescript-axios').replace(/index\.js$/, 'api.d.ts'),
    'utf8',
  );
  const source = ts.createSourceFile(API, text, {
    languageVersion: ts.ScriptTarget.ES2022,
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
  });
  const declarations = new Map<string, string>();
  for (const statement of source.statements) {
    const name = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations[0]?.name
      : ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
        ? statement.name
        : undefined;
    if (name === undefined || !ts.isIdentifier(name)) continue;
    declarations.set(name.text, `${declarations.get(name.text) ?? ''}${statement.getText(source)}\n`);
  }
  return declarations;
}

/** A program of the models that are asked for and of those that they name: the whole client takes a hundred times as long. */
function createProgram(models: readonly string[]): ts.Program {
  const declarations = readDeclarations();
  const needed = new Set(models);
  for (const name of needed) {
    for (const [word] of (declarations.get(name) ?? '').matchAll(/\b[A-Z]\w+\b/g)) {
      if (declarations.has(word)) needed.add(word);
    }
  }
  const files = new Map([
    [API, [...needed].map((name) => declarations.get(name) ?? '').join('\n')],
    [LIBRARY, GLOBALS],
  ]);
  return ts.createProgram(
    [API],
    { strict: true, types: [], noResolve: true },
    {
      fileExists: (path) => files.has(path),
      readFile: (path) => files.get(path),
      getSourceFile: (path, version) => {
        const text = files.get(path);
        return text === undefined ? undefined : ts.createSourceFile(path, text, version);
      },
      getDefaultLibFileName: () => LIBRARY,
      getCurrentDirectory: () => '/',
      getCanonicalFileName: (path) => path,
      useCaseSensitiveFileNames: () => true,
      getNewLine: () => '\n',
      writeFile: () => undefined,
    },
  );
}

/** A JSON schema, with what is looked at of it. */
interface ModelSchema {
  readonly definitions?: Readonly<Record<string, unknown>>;
}

/**
 * Makes JSON schemas of models of the official specification, from the types of the client that is generated from it: no
 * document of others is kept here. A field that a model does not declare is invalid.
 */
export function createModelSchemas(models: readonly string[]): ModelSchema {
  const program = createProgram(models);
  const config = {
    ...DEFAULT_CONFIG,
    path: API,
    expose: 'export',
    topRef: true,
    jsDoc: 'none',
    encodeRefs: false,
    skipTypeCheck: true,
  } as const;
  const generator = new SchemaGenerator(
    program,
    createParser(program, config),
    createFormatter(config),
    config,
  );
  const definitions = models.map((model) => generator.createSchema(model).definitions ?? {});
  return { definitions: Object.assign({}, ...definitions) as Record<string, unknown> };
}
