import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { FOREIGN_DOCUMENTS } from './hasura-cloud/documents.js';
import { MODELS, OPERATIONS } from './qovery/operations.js';
import { EXCEPTIONS } from './qovery/specification.js';
import { HASURA_CLOUD_CASES } from './reference/hasura-cloud.js';
import { QOVERY_CASES } from './reference/qovery.js';

export const CONFORMANCE_PAGE = 'docs/conformance.md';

const ROOT = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

function versionIn(path: string, name: string): string {
  const lock = JSON.parse(textOf(path)) as { packages: Record<string, { version?: string } | undefined> };
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`${path} does not lock ${name}.`);
  return version.replace(/^v/, '');
}

/** What a file of tests checks, as a list: the title of each suite, and below it those of its tests. */
function checksOf(path: string): string {
  const titles = /^(describe\(|  (?:it|\])\)?(?:\.each\(.*\))?\()(['"])(.+?)\2,/gm;
  const lines = [...textOf(path).matchAll(titles)].map(([, call = '', , title = '']) => {
    const said = title.replace(/:? ?%s$/, '');
    return call.startsWith('describe') ? `- ${said}` : `  - ${said}`;
  });
  if (lines.length === 0) throw new Error(`${path} has no tests.`);
  return lines.join('\n');
}

const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n');
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const checks = (...paths: readonly string[]): string => paths.map(checksOf).join('\n');

const qoveryPart = (): string => `## Qovery

The specification is taken from the types of the official client, which is generated from it: ${MODELS.length} models and
what they name become JSON schemas when the tests run. A field that a model does not declare is an error. The
${OPERATIONS.length} calls of the client that lead to variables, their projects and environments, and deployments are made
more than 50 times at the emulator. The driver's bodies are held against the client's types by the compiler, and every
request and response of the [conformance suite](write-your-own/driver.md) against the schemas.

${checks(
  'test/conformance/qovery/types.test.ts',
  'test/conformance/qovery/specification.test.ts',
  'test/conformance/qovery/client.test.ts',
  'test/conformance/qovery/together.test.ts',
)}

The real API sends null where its specification forbids it, as the tests of the official console captured. These are the
exceptions, and none is idle: ${EXCEPTIONS.map((name) => `\`${name.replace(/ is null$/, '')}\``).join(', ')}.`;

const hasuraPart = (): string => `## Hasura Cloud

There is no public schema of the control plane. Its environment calls are written down as a schema of our own, from the
documentation and from what official and community clients send. Every document of the driver in the conformance suite is
valid by it. These documents of others are valid too, and the emulator carries them out:

${row(['sent by', 'what it does'])}
${row(['---', '---'])}
${FOREIGN_DOCUMENTS.map(({ sender, purpose }) => row([sender, purpose])).join('\n')}`;

/** The same with each paragraph on one line, as in the other pages. */
const unwrapped = (text: string): string => text.replace(/(?<=[^\n|])\n(?=[A-Za-z0-9`(])/g, ' ');

/** Returns the page of the documentation that tells what was checked against which version of what others made. */
export async function conformancePage(): Promise<string> {
  const root = 'package-lock.json';
  const artifacts = [
    [
      '`qovery-typescript-axios`',
      versionIn(root, 'qovery-typescript-axios'),
      'the official client of Qovery',
    ],
    [
      '`@infisical/sdk`',
      versionIn('test/clients/package-lock.json', '@infisical/sdk'),
      'the official SDK of Infisical',
    ],
    ['`graphql`', versionIn(root, 'graphql'), 'validates documents for Hasura Cloud'],
    [
      '`ts-json-schema-generator`, `ajv`, `ajv-formats`',
      ['ts-json-schema-generator', 'ajv', 'ajv-formats'].map((name) => versionIn(root, name)).join(', '),
      "make and apply the schemas of Qovery's models",
    ],
  ];
  const text = unwrapped(`# Conformance

What others made, and what was checked against it. This page is written by the tests, and a test fails when it shows
something else. No call was made to a real service; the emulators stand in for them, and are held to the same artifacts.

${row(['artifact', 'version', 'what it is'])}
${row(['---', '---', '---'])}
${artifacts.map(row).join('\n')}

${qoveryPart()}

${hasuraPart()}

## Infisical

\`npm run test:clients\` installs the official SDK and runs it at the emulator, beside a source and an engine of this
library.

${checks('test/clients/infisical.test.ts')}

## Infisical's own syncs

${QOVERY_CASES.length} situations at Qovery and ${HASURA_CLOUD_CASES.length} at Hasura Cloud, which the code and tests of
Infisical's own syncs cover, [end the same or differ for a reason](recipes/coming-from-infisical.md#case-by-case).

## Where they disagree

${list([
  'Nulls in responses of Qovery: forbidden by the specification, captured from the API. The driver takes a null as an absent field.',
  'A deployment of an environment at Qovery: by the specification its response has the status of a service; the emulator returns the status of the environment. The driver reads neither.',
  'Fields such as `variable_kind`, which the API of Qovery sends and its specification does not declare, are ignored.',
  'The words for a token that Hasura Cloud does not accept: reports quote the field that is not found in double quotes, newer versions of graphql-engine in single quotes, and of a mutation they also say that no mutations exist. The driver knows them all.',
  'Imports in Infisical: on the server and here the last import wins, in `listSecretsWithImports` of the SDK the first.',
  'The SDK of Infisical still uses `/api/v3/secrets/raw`; the source uses `/api/v4/secrets`, and the older routes where there is no other.',
])}
`);
  return format(text, { ...(await resolveConfig(CONFORMANCE_PAGE)), parser: 'markdown' });
}
