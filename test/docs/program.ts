import ts from 'typescript';
import { PRELUDE } from './prelude.js';
import { root, type Block } from './pages.js';

/** All snippets and the library as one TypeScript program. */
export interface DocsProgram {
  /** What is wrong in the snippets, as `page:line message`. */
  errors(): string[];
  /** The names that a file of `src` exports, types too. */
  exportsOf(path: string): string[];
  /** The names of the properties of an exported type. */
  propertiesOf(path: string, name: string): string[];
  /** The strings of an exported union of strings, or of the property `type` of a union of objects. */
  wordsOf(path: string, name: string): string[];
}

function configuration(): ts.ParsedCommandLine {
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
    },
  };
  const config = ts.getParsedCommandLineOfConfigFile(`${root}/tsconfig.json`, {}, host);
  if (config === undefined) throw new Error('tsconfig.json could not be read.');
  return config;
}

/** The strings that a type stands for, itself or by its property `type`. */
function wordsOfType(checker: ts.TypeChecker, type: ts.Type): string[] {
  const parts = type.isUnion() ? type.types : [type];
  return parts.flatMap((part) => {
    if (part.isStringLiteral()) return [part.value];
    const property = part.getProperty('type');
    return property === undefined ? [] : wordsOfType(checker, checker.getTypeOfSymbol(property));
  });
}

/** Makes the program. Each snippet is a module of its own. */
export function createDocsProgram(snippets: readonly Block[], library: readonly string[]): DocsProgram {
  const { options } = configuration();
  const files = new Map<string, { readonly text: string; readonly block?: Block }>([
    [`${root}/test/docs/snippet-prelude.ts`, { text: PRELUDE }],
  ]);
  snippets.forEach((block, index) => {
    files.set(`${root}/test/docs/snippet-${index}.ts`, { text: `${block.code}\nexport {};\n`, block });
  });
  const disk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...disk,
    // No error depends on what comments say.
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
    fileExists: (name) => files.has(name) || disk.fileExists(name),
    readFile: (name) => files.get(name)?.text ?? disk.readFile(name),
    getSourceFile(name, languageVersion, ...rest) {
      const text = files.get(name)?.text;
      return text === undefined
        ? disk.getSourceFile(name, languageVersion, ...rest)
        : ts.createSourceFile(name, text, languageVersion);
    },
  };
  const rootNames = [...files.keys(), ...library.map((path) => `${root}/${path}`)];
  const program = ts.createProgram({ rootNames, options, host });
  const checker = program.getTypeChecker();

  const exported = (path: string): readonly ts.Symbol[] => {
    const source = program.getSourceFile(`${root}/${path}`);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${path} is not a module of the program.`);
    return checker.getExportsOfModule(module);
  };
  const typeOf = (path: string, name: string): ts.Type => {
    const symbol = exported(path).find((one) => one.name === name);
    if (symbol === undefined) throw new Error(`${path} exports no ${name}.`);
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return checker.getDeclaredTypeOfSymbol(target);
  };
  return {
    errors: () =>
      [...files].flatMap(([name, { block }]) => {
        const source = program.getSourceFile(name);
        if (source === undefined) throw new Error(`${name} is not part of the program.`);
        const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
        return found.map(({ start = 0, messageText }) => {
          const { line } = source.getLineAndCharacterOfPosition(start);
          const where = block === undefined ? 'prelude' : `${block.page}:${block.line + line}`;
          return `${where} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
        });
      }),
    exportsOf: (path) => exported(path).map(({ name }) => name),
    propertiesOf: (path, name) => checker.getPropertiesOfType(typeOf(path, name)).map((one) => one.name),
    wordsOf: (path, name) => wordsOfType(checker, typeOf(path, name)),
  };
}
