import * as z from 'zod/mini';
import type { SyncDefinition, SyncDefinitionInput } from '../../contracts/definition.js';
import { resolveSyncOptions } from './defaults.js';
import { keySchemaProblems } from './key-schema.js';
import { validate, valueAt, unknownFields } from '../../shared/validation.js';
import type { ErrorProblem } from '../../contracts/error-codes.js';
import { withoutUndefined } from '../../shared/canonical-json.js';

const text = (least: number, most: number) =>
  z
    .string('it must be text')
    .check(
      z.minLength(least, 'it is empty; set it, or leave it out where it is optional'),
      z.maxLength(most, `it is too long; shorten it to ${most} characters`),
    );
const flag = z.exactOptional(z.boolean('it must be true or false'));
const oneOf = <const Values extends readonly [string, ...string[]]>(...values: Values) =>
  z.exactOptional(z.enum(values, `use one of ${values.map((value) => `"${value}"`).join(', ')}`));

const syncOptionsSchema = z.strictObject(
  {
    initialSyncBehavior: oneOf(
      'overwrite-destination',
      'import-prioritize-source',
      'import-prioritize-destination',
    ),
    autoSyncEnabled: flag,
    disableSecretDeletion: flag,
    keySchema: z.exactOptional(z.string('it must be text')),
    deletionScope: oneOf('ask', 'matching', 'owned'),
    maxDeletions: z.exactOptional(
      z.strictObject(
        {
          count: z.exactOptional(
            z.int('it must be a whole number').check(z.minimum(0, 'it must be at least 0')),
          ),
          ratio: z.exactOptional(
            z.number('it must be a number').check(z.minimum(0, 'use 0 to 1'), z.maximum(1, 'use 0 to 1')),
          ),
        },
        unknownFields,
      ),
    ),
    allowEmptySource: flag,
    allowReplace: flag,
    invalidKeys: oneOf('refuse', 'skip'),
    deleteLeftBehind: flag,
  },
  unknownFields,
);

// A safe segment of a path: neither `.` nor `..`.
const ID = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,256}$/;
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

const definitionSchema = z.strictObject(
  {
    id: z.exactOptional(z.string('it must be text').check(z.regex(ID, 'use 1 to 256 of A-Z a-z 0-9 . _ -'))),
    name: text(0, 256).check(
      z.regex(SLUG, 'it is no slug; use a-z and 0-9, with single dashes between: "my-sync"'),
    ),
    description: z.exactOptional(text(0, 256)),
    projectId: z.exactOptional(text(0, 256)),
    environment: z.exactOptional(text(0, 256)),
    secretPath: z.exactOptional(text(0, 1024)),
    connectionId: z.exactOptional(text(1, 256)),
    isEnabled: flag,
    syncOptions: z.exactOptional(syncOptionsSchema),
    destination: text(1, 256),
    destinationConfig: z.unknown(),
  },
  unknownFields,
);

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
