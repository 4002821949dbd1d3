// Builds the site of the docs: the guides and the reference of the API, with one search. Run by `npm run docs`; what
// pages there are, and in which order, is said by llms.txt. A warning fails it. Nothing is fetched.
import { existsSync, readFileSync } from 'node:fs';
import { Application, Converter, ReflectionKind, type Context, type DocumentReflection } from 'typedoc';

interface ListedPage {
  readonly path: string;
  readonly title: string;
  readonly section: string;
}

/** The pages of llms.txt: lists of links below headings. */
function listedPages(text: string): readonly ListedPage[] {
  let section = 'Start';
  return text.split('\n').flatMap((line) => {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    const [, title, path] = /^- \[([^\]]+)\]\(([^)]+\.md)\)/.exec(line) ?? [];
    return title === undefined || path === undefined ? [] : [{ path, title, section }];
  });
}

const pages = listedPages(readFileSync('llms.txt', 'utf8')).filter(({ path }) => path !== 'README.md');
const { exports: exported } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: object };
/** The entries of the package, without the leading `./`; the root is empty. */
const entries = Object.keys(exported)
  .map((entry) => entry.replace(/^\.\/?/, ''))
  .filter((entry) => entry !== 'package.json');

/** The source file of an entry of the package. */
function sourceOf(name: string): string {
  const file = `src/${name}.ts`;
  return name !== '' && existsSync(file) ? file : `src/${name === '' ? '' : `${name}/`}index.ts`;
}

const app = await Application.bootstrapWithPlugins({
  name: 'secret-sync-engine',
  entryPoints: entries.map(sourceOf),
  projectDocuments: pages.map(({ path }) => path),
  readme: 'README.md',
  tsconfig: 'tsconfig.json',
  out: 'site',
  // Types are checked by `npm run typecheck`.
  skipErrorChecking: true,
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  disableSources: true,
  githubPages: false,
  excludeInternal: true,
  excludePrivate: true,
  sort: ['documents-last', 'source-order'],
  navigation: { includeGroups: true, includeFolders: false },
  searchInComments: true,
  searchInDocuments: true,
  groupOrder: [...new Set(pages.map(({ section }) => section)), '*'],
  // Parts of types that are exported, which are said in words where they are used.
  intentionallyNotExported: [
    'DefinitionOfDriver',
    'DefinitionInputOfDriver',
    'NamesOf',
    'ConfigInputOf',
    'RecordOfDriver',
    'RunFields',
    'SyncFields',
    'FailureText',
    'CarriesPlan',
    'Clearable',
    'Connectable',
    'Retelling',
    'Pairs',
    'GuardedSource',
  ],
});

app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document: DocumentReflection) => {
  const file = app.files.getReflectionPath(document) ?? '';
  const page = pages.find(({ path }) => file.replaceAll('\\', '/').endsWith(`/${path}`));
  if (page === undefined) return;
  document.name = page.title;
  document.frontmatter = { ...document.frontmatter, group: page.section };
});

// Modules are called what one imports.
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    const entry = entries.find((name) => module.name === (name === '' ? 'index' : name)) ?? module.name;
    module.name = entry === '' ? 'secret-sync-engine' : `secret-sync-engine/${entry}`;
  }
});

const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
