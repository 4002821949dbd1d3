import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEditor, openNativeEditor, type Editor } from './editors.js';

// `▮name` marks a place at which completions are asked for; a line with `// ✗ name` must have exactly one error.
const SOURCE = `
import { defineDriver, memorySource, SecretSyncEngine, type DefinitionInputOf, type Fetch } from 'secret-sync-engine';
import { hasuraCloud, listHasuraCloudProjects } from 'secret-sync-engine/drivers/hasura-cloud';
import { qovery } from 'secret-sync-engine/drivers/qovery';
import { infisicalSource } from 'secret-sync-engine/sources/infisical';
import { fetch as undiciFetch, ProxyAgent } from 'undici';
import type { SecretSyncService } from 'secret-sync-engine/service';

const engine = new SecretSyncEngine({
  source: memorySource(),
  drivers: [hasuraCloud({ accessToken: 'token' }), qovery({ accessToken: 'token' })],
  store: undefined,
  fingerprintKey: undefined,
  retry: { retries: undefined },
  onEvent: undefined,
});
declare const service: SecretSyncService<readonly [ReturnType<typeof hasuraCloud>, ReturnType<typeof qovery>]>;
const config = { organizationId: 'o', projectId: 'p' };

void engine.plan({ name: 'a', destination: '▮engine', destinationConfig: config }); // ✗ empty
void engine.sync({ name: 'a', destination: '▮sync', destinationConfig: config }); // ✗ empty-sync
void engine.importSecrets({ name: 'a', destination: '▮import', destinationConfig: config }); // ✗ empty-import
void engine.removeSecrets({ name: 'a', destination: '▮remove', destinationConfig: config }); // ✗ empty-remove
void engine.release({ name: 'a', destination: '▮release', destinationConfig: config }); // ✗ empty-release
void service.createSync({ name: 'a', destination: '▮create', destinationConfig: config }); // ✗ empty-create
void engine.plan({ name: 'a', destination: 'qovry', destinationConfig: config }); // ✗ typo
void service.createSync({ name: 'a', destination: 'qovry', destinationConfig: config }); // ✗ service-typo
void engine.plan({ name: 'a', destination: 'qovery', destinationConfig: { ...config, ▮config } });
void engine.plan({ name: 'a', destination: 'qovery', destinationConfig: { ...config, variableType: '▮value' } }); // ✗ value
void engine.plan({ name: 'a', destination: 'hasura-cloud', destinationConfig: { projectId: 'p', environmentId: 'e' } }); // ✗ other
void engine.plan({ name: 'a', destination: 'hasura-cloud', destinationConfig: {} }); // ✗ missing
void engine.plan({ name: 'a', destination: 'qovery', destinationConfig: config, syncOptions: { keyShema: 'A' } }); // ✗ option
void engine.plan({ destination: 'qovery', destinationConfig: config }); // ✗ nameless

const declared = {
  name: 'a',
  description: undefined,
  connectionId: undefined,
  destination: 'qovery',
  destinationConfig: { ...config, environmentId: undefined, variableType: 'secret' },
  syncOptions: { keySchema: undefined, maxDeletions: { count: undefined } },
} satisfies DefinitionInputOf<typeof engine>;
void engine.sync(declared);
void service.createSync(declared);
const wrong = {
  name: 'a',
  destination: '▮satisfies', // ✗ satisfies
  destinationConfig: config,
} satisfies DefinitionInputOf<typeof engine>;
void wrong;

const widened = { name: 'a', destination: 'qovery', destinationConfig: config };
void engine.sync(widened).then(({ plan }) => engine.plan(plan.definition));
declare const either: DefinitionInputOf<typeof engine>;
void engine.sync(either);

void service.updateSync('a', { destinationConfig: { projectId: 'p', projectName: undefined } });
void service.updateSync('a', { destinationConfig: { projectID: 'p' } }); // ✗ update
void service.getSync('a').then((record) => {
  const kind: 'secret' | 'variable' | false = record.destination === 'qovery' && record.destinationConfig.variableType;
  const never = record.destination === '▮record'; // ✗ record
  return [kind, never];
});

declare const schemas: Pick<ReturnType<typeof qovery>, 'credentialsSchema' | 'configSchema' | 'capabilities' | 'connect'>;
defineDriver({
  specVersion: 1,
  name: 'mine',
  displayName: 'Mine',
  ...schemas,
  credentials: { accessTokn: 'token' }, // ✗ credentials
  endpoint: ({ instanceUrl }) => instanceUrl ?? 'https://api.example.com',
  authorization: ({ accessToken }) => ({ authorization: accessToken }),
  identity: (_credentials, { projectId }) => projectId,
  validateConnection: async () => undefined,
});

const throughProxy = new ProxyAgent('http://proxy.example:3128');
const withFetch = (fetch: Fetch | undefined) => [
  new SecretSyncEngine({ source: memorySource(), drivers: [qovery()], fetch }),
  infisicalSource({ clientId: 'id', clientSecret: 'secret', fetch }),
  listHasuraCloudProjects({ accessToken: 'token' }, { fetch }),
];
declare const platformFetch: typeof globalThis.fetch;
withFetch(platformFetch);
withFetch(undiciFetch);
withFetch((url, options) => undiciFetch(url, { ...options, dispatcher: throughProxy }));
withFetch((url, options) => fetch(url, options));
withFetch(async () => new Response('{}', { status: 200 }));
withFetch(async (url: string | URL) => Response.json({ url: String(url) }));
withFetch(async () => '{}'); // ✗ fetch
`;
const TEXT = SOURCE.replace(/▮\w+/g, '');
const position = (name: string): number =>
  SOURCE.slice(0, SOURCE.indexOf(`▮${name}`)).replace(/▮\w+/g, '').length;
const EXPECTED = new Map(
  TEXT.split('\n').flatMap((line, index) => {
    const name = /✗ ([\w-]+)/.exec(line)?.[1];
    return name === undefined ? [] : [[index + 1, name] as const];
  }),
);

const EDITORS: readonly (readonly [version: string, open: () => Editor])[] = [
  ['5.5', () => openEditor('typescript-5.5', TEXT)],
  ['5.9', () => openEditor('typescript', TEXT)],
  ['7', () => openNativeEditor(TEXT)],
];

describe.each(EDITORS)('TypeScript %s', (_version, open) => {
  let editor: Editor;
  const found = new Map<string, string[]>();
  beforeAll(() => {
    editor = open();
    for (const error of editor.errors()) {
      const [, line = '', message = ''] = /^(\d+): (.*)$/.exec(error) ?? [];
      const name = EXPECTED.get(Number(line)) ?? error;
      found.set(name, [...(found.get(name) ?? []), message]);
    }
  });
  afterAll(() => editor.close());

  const messageOf = (name: string): string => {
    expect(found.get(name)).toHaveLength(1);
    return found.get(name)?.[0] ?? '';
  };

  it('finds one error wherever there is a mistake, and none elsewhere', () => {
    const counts = [...found].map(([name, messages]) => `${name}: ${messages.length}`);
    expect(counts.sort()).toEqual([...EXPECTED.values()].map((name) => `${name}: 1`).sort());
  });

  it('completes a destination to the names of the drivers, in calls and with satisfies', () => {
    for (const place of ['engine', 'sync', 'import', 'remove', 'release', 'create', 'satisfies', 'record'])
      expect(editor.completions(position(place))).toEqual(['hasura-cloud', 'qovery']);
  });

  it('completes the fields and values of the config of that destination', () => {
    expect(editor.completions(position('config'))).toEqual(
      expect.arrayContaining(['environmentId', 'variableType']),
    );
    expect(editor.completions(position('value'))).toEqual(['secret', 'variable']);
  });

  it('takes the fetch of the platform, that of undici with or without a proxy, and a function of a test', () => {
    const [taken, ...others] = TEXT.split('\n').flatMap((line, index) =>
      line.startsWith('withFetch(') ? [index + 1] : [],
    );
    expect(others.length).toBe(6);
    const errors = editor.errors().map((error) => Number.parseInt(error, 10));
    expect(errors.filter((line) => line >= Number(taken))).toEqual([others.at(-1)]);
  });

  it('says which destinations there are for one that is misspelled', () => {
    for (const name of ['typo', 'service-typo'])
      expect(messageOf(name)).toMatch(
        /^Type '"qovry"' is not assignable to type '"hasura-cloud" \| "qovery"'/,
      );
  });

  it('names the field that is wrong, and not the whole definition', () => {
    expect(messageOf('other')).toContain("'environmentId' does not exist in type");
    expect(messageOf('missing')).toContain("Property 'projectId' is missing");
    expect(messageOf('option')).toMatch(
      /'keyShema' does not exist in type|Did you mean to write 'keySchema'/,
    );
    expect(messageOf('nameless')).toContain("Property 'name' is missing");
    expect(messageOf('update')).toMatch(
      /'projectID' does not exist in type|Did you mean to write 'projectId'/,
    );
    expect(messageOf('credentials')).toMatch(
      /'accessTokn' does not exist in type|Did you mean to write 'accessToken'/,
    );
    expect(messageOf('fetch')).toContain("'FetchResponse'");
  });
});
