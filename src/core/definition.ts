import * as z from 'zod';
import type { SyncDefinition, SyncDefinitionInput } from '../contracts/definition.js';
import type { ErrorProblem } from '../contracts/errors.js';
import { resolveSyncOptions } from './defaults.js';
import { keySchemaProblems } from './key-schema.js';
import { validate, valueAt } from './validate.js';

/** Refuses unknown fields by name, with the remedy. */
function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const names = issue.keys.map((name) => JSON.stringify(name)).join(', ');
      return `unknown: ${names}; known are ${Object.keys(shape).join(', ')}`;
    },
  });
}

const text = (most: number) =>
  z.string('it must be text').max(most, `it is too long; shorten it to ${most} characters`);
const flag = z.boolean('it must be true or false').exactOptional();
const oneOf = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  z.enum(values, `use one of ${values.map((value) => `"${value}"`).join(', ')}`).exactOptional();

const syncOptionsSchema = fields({
  initialSyncBehavior: oneOf(
    'overwrite-destination',
    'import-prioritize-source',
    'import-prioritize-destination',
  ),
  autoSyncEnabled: flag,
  disableSecretDeletion: flag,
  keySchema: z.string('it must be text').exactOptional(),
  deletionScope: oneOf('ask', 'matching', 'owned'),
  maxDeletions: fields({
    count: z.int('it must be a whole number').min(0, 'it must be at least 0').exactOptional(),
    ratio: z.number('it must be a number').min(0, 'use 0 to 1').max(1, 'use 0 to 1').exactOptional(),
  }).exactOptional(),
  allowEmptySource: flag,
  allowReplace: flag,
  invalidKeys: oneOf('refuse', 'skip'),
});

const ID = /^[A-Za-z0-9._-]{1,256}$/;
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

const definitionSchema = fields({
  id: z.string('it must be text').regex(ID, 'use 1 to 256 of A-Z a-z 0-9 . _ -').exactOptional(),
  name: text(256).regex(SLUG, 'it is no slug; use a-z and 0-9, with single dashes between: "my-sync"'),
  description: text(256).exactOptional(),
  projectId: text(256).exactOptional(),
  environment: text(256).exactOptional(),
  secretPath: text(1024).exactOptional(),
  connectionId: text(256)
    .min(1, 'it is empty; leave it out to use the credentials of the driver')
    .exactOptional(),
  isEnabled: flag,
  syncOptions: syncOptionsSchema.exactOptional(),
  destination: z.string('it must be text').min(1, 'it is empty; name a driver'),
  destinationConfig: z.unknown(),
});

export interface ParsedDefinition {
  /** Absent where the fields are of wrong types. */
  readonly definition?: SyncDefinition;
  readonly problems: readonly ErrorProblem[];
}

function withDefaults(input: SyncDefinitionInput): SyncDefinition {
  const { id, name, isEnabled = true, syncOptions, destination, destinationConfig, ...location } = input;
  return {
    id: id ?? name,
    name,
    ...location,
    isEnabled,
    syncOptions: resolveSyncOptions(syncOptions),
    destination,
    destinationConfig,
  };
}

/** A copy of plain data without fields that are `undefined`, which JSON does not have. */
export function withoutUndefined(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(withoutUndefined);
  if (typeof input !== 'object' || input === null) return input;
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, withoutUndefined(value)]));
}

/** Parses everything of a definition but its `destinationConfig`, which belongs to a driver. All problems at once. */
export function parseDefinitionFields(input: unknown): ParsedDefinition {
  const plain = withoutUndefined(input);
  const parsed = validate(definitionSchema, plain, { code: 'INVALID_DEFINITION' });
  const keySchema = valueAt(plain, ['syncOptions', 'keySchema']);
  const environment = valueAt(plain, ['environment']);
  const problems = [
    ...(parsed.problems ?? []),
    ...(typeof keySchema === 'string'
      ? keySchemaProblems(
          keySchema,
          typeof environment === 'string' ? environment : undefined,
          'syncOptions.keySchema',
        )
      : []),
  ];
  return parsed.problems === undefined ? { definition: withDefaults(parsed.value), problems } : { problems };
}
