import * as z from 'zod/mini';
import type { SyncDefinition } from '../../contracts/definition.js';
import { resolveSyncOptions } from './defaults.js';
import { keySchemaProblems } from './key-schema.js';
import { validate, valueAt } from '../../shared/validation.js';
import { atLeast, flag, oneOf, optionsOf, share, string } from '../../shared/option-schemas.js';
import { nestingProblem } from '../../shared/nesting.js';
import type { ErrorProblem } from '../../contracts/error-codes.js';
import type { ErrorContext } from '../../shared/problems.js';
import { withoutUndefined } from '../../shared/canonical-json.js';
import { isRecord } from '../../shared/arguments/rules.js';

const text = (least: number, most: number) =>
  string.check(
    z.minLength(least, 'it is empty; set it, or leave it out where it is optional'),
    z.maxLength(most, `it is too long; shorten it to ${most} characters`),
  );
const optionalFlag = z.exactOptional(flag);
const optionalWord = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.exactOptional(oneOf(...words));

const syncOptionsSchema = optionsOf({
  initialSyncBehavior: optionalWord(
    'overwrite-destination',
    'import-prioritize-source',
    'import-prioritize-destination',
  ),
  autoSyncEnabled: optionalFlag,
  disableSecretDeletion: optionalFlag,
  keySchema: z.exactOptional(string),
  deletionScope: optionalWord('ask', 'matching', 'owned'),
  maxDeletions: z.exactOptional(
    optionsOf({ count: z.exactOptional(atLeast(0)), ratio: z.exactOptional(share) }),
  ),
  allowEmptySource: optionalFlag,
  allowReplace: optionalFlag,
  invalidKeys: optionalWord('refuse', 'skip'),
  deleteLeftBehind: optionalFlag,
  redeploy: optionalWord('never', 'start', 'wait'),
});

// A safe segment of a path: neither `.` nor `..`.
const ID = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,256}$/;
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

const definitionSchema = optionsOf({
  id: z.exactOptional(string.check(z.regex(ID, 'use 1 to 256 of A-Z a-z 0-9 . _ -'))),
  name: text(0, 256).check(
    z.regex(SLUG, 'it is not a slug; use a-z and 0-9, with single dashes between: "my-sync"'),
  ),
  description: z.exactOptional(text(0, 256)),
  projectId: z.exactOptional(text(0, 256)),
  environment: z.exactOptional(text(0, 256)),
  secretPath: z.exactOptional(text(0, 1024)),
  connectionId: z.exactOptional(text(1, 256)),
  isEnabled: optionalFlag,
  syncOptions: z.exactOptional(syncOptionsSchema),
  destination: text(1, 256),
  // The rest of it is for its driver to check.
  destinationConfig: z.custom<unknown>(isRecord, 'it must be an object'),
});

/** A definition is written by people; what has more fields than this is something else. */
const MOST_FIELDS = 10_000;

export interface ParsedDefinition {
  /** Absent where fields are missing or of wrong types. */
  readonly definition?: SyncDefinition;
  readonly problems: readonly ErrorProblem[];
  /** What an error can say of it, also where other fields are wrong: its id and its connection, as far as they are valid. */
  readonly context: ErrorContext;
  /** The input without fields that are `undefined`; absent where it is too deep or too large to be read. */
  readonly plain?: unknown;
}

function withDefaults(input: z.infer<typeof definitionSchema>): SyncDefinition {
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

/** What is not valid could be anything, also a secret that was put in the wrong place. */
function contextOf(plain: unknown, problems: readonly ErrorProblem[]): ErrorContext {
  const valid = (field: string): string | undefined => {
    const value = valueAt(plain, [field]);
    return typeof value === 'string' && !problems.some(({ path }) => path === field) ? value : undefined;
  };
  return {
    definitionId: valid(valueAt(plain, ['id']) === undefined ? 'name' : 'id'),
    connectionId: valid('connectionId'),
  };
}

/** Parses everything of a definition but its `destinationConfig`, which belongs to a driver. All problems together. */
export function parseDefinitionFields(input: unknown): ParsedDefinition {
  const tooMuch = nestingProblem(input, MOST_FIELDS);
  if (tooMuch !== undefined) {
    return {
      problems: [{ code: 'INVALID_DEFINITION', message: `it ${tooMuch}; make it a plain, flat object` }],
      context: {},
    };
  }
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
  return {
    plain,
    problems,
    context: contextOf(plain, problems),
    ...(parsed.problems === undefined && { definition: withDefaults(parsed.value) }),
  };
}
