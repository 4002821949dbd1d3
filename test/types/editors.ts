import { fileURLToPath } from 'node:url';
import { API, type Diagnostic } from 'typescript-7/unstable/sync';
import { requireTypeScript } from '../support/typescript.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FILE = `${root}test/types/typed.ts`;
const CONFIG = `${root}test/types/tsconfig.json`;

/** What an editor shows of one file, by the language service of one version of TypeScript. */
export interface Editor {
  /** What is wrong, as `line: message`, with the messages that explain it. */
  errors(): string[];
  /** The completions at a position, sorted. */
  completions(position: number): string[];
  close(): void;
}

const lineOf = (text: string, position: number): number => text.slice(0, position).split('\n').length;

/** An editor with the language service that versions up to 6 have in JavaScript: `typescript` or an alias of it. */
export function openEditor(alias: string, text: string): Editor {
  const compiler = requireTypeScript(alias);
  const { config } = compiler.readConfigFile(`${root}tsconfig.json`, (path) =>
    compiler.sys.readFile(path),
  ) as {
    readonly config: object;
  };
  const { options } = compiler.parseJsonConfigFileContent(
    { ...config, include: [], files: [] },
    compiler.sys,
    root,
  );
  const read = (path: string) => (path === FILE ? text : compiler.sys.readFile(path));
  const service = compiler.createLanguageService({
    getCompilationSettings: () => ({ ...options, types: [], resolveJsonModule: true }),
    getScriptFileNames: () => [FILE],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => {
      const found = read(path);
      return found === undefined ? undefined : compiler.ScriptSnapshot.fromString(found);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: (given) => compiler.getDefaultLibFilePath(given),
    fileExists: (path) => path === FILE || compiler.sys.fileExists(path),
    readFile: read,
    directoryExists: (path) => compiler.sys.directoryExists(path),
    getDirectories: (path) => compiler.sys.getDirectories(path),
  });
  return {
    errors: () =>
      service.getSemanticDiagnostics(FILE).map(({ start = 0, messageText }) => {
        const message = compiler.flattenDiagnosticMessageText(messageText, ' ');
        return `${lineOf(text, start)}: ${message.replace(/\s+/g, ' ')}`;
      }),
    completions: (position) =>
      (service.getCompletionsAtPosition(FILE, position, {})?.entries ?? []).map(({ name }) => name).sort(),
    close: () => service.dispose(),
  };
}

/** The same with the native compiler from 7 on, whose API is a process of its own. */
export function openNativeEditor(text: string): Editor {
  const files = new Map([
    [FILE, text],
    [
      CONFIG,
      JSON.stringify({
        extends: '../../tsconfig.json',
        include: [],
        files: ['typed.ts'],
        compilerOptions: { types: [] },
      }),
    ],
  ]);
  const api = new API({
    cwd: root,
    fs: {
      readFile: (path) => files.get(path),
      fileExists: (path) => (files.has(path) ? true : undefined),
    },
  });
  const [project] = api.updateSnapshot({ openProjects: [CONFIG] }).getProjects();
  if (project === undefined) throw new Error('TypeScript opened no project.');
  const wordsOf = ({ text: words, messageChain = [] }: Diagnostic): string =>
    [words, ...messageChain.map(wordsOf)].join(' ');
  return {
    errors: () =>
      project.program
        .getSemanticDiagnostics(FILE)
        .map((diagnostic) => `${lineOf(text, diagnostic.pos)}: ${wordsOf(diagnostic).replace(/\s+/g, ' ')}`),
    completions: (position) =>
      (project.checker.getCompletionsAtPosition(FILE, position)?.entries ?? [])
        // An optional field is shown with a question mark.
        .map(({ name }) => name.replace(/\?$/, ''))
        .sort(),
    close: () => api.close(),
  };
}
