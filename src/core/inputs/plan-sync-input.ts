import * as z from 'zod/mini';
import type { ErrorProblem } from '../../contracts/error-codes.js';
import type { SyncDefinition } from '../../contracts/definition.js';
import type { Capabilities, DestinationEntry } from '../../contracts/destination.js';
import { atLeast, flag, oneOf, optionsOf, string, withMethods } from '../../shared/option-schemas.js';
import { errorFromProblems } from '../../shared/problems.js';
import { validate } from '../../shared/validation.js';
import { unrestrictedCapabilities } from '../definition/defaults.js';
import { parseDefinitionFields } from '../definition/parse-definition.js';
import { tryKeyring, type Keyring } from '../fingerprint/keyring.js';
import { redeployProblem } from '../follow-up.js';
import { field, isDataByKey, isRecord } from '../../shared/arguments/rules.js';
import { isEntries, isEntry, isIds, isSyncs } from './check-input.js';

const listThat = (fits: (value: unknown) => boolean) =>
  z.optional(z.custom<unknown>(fits, 'it must be a list, as a store keeps it'));

const capabilitiesSchema = withMethods<Capabilities>('checkKey', 'checkValue', 'isReserved');
const inputSchema = optionsOf({
  definition: z.custom<object>(isRecord, 'it must be an object'),
  source: z.custom<unknown>(isDataByKey, 'it must be a record, a Map, pairs, or an object with secrets'),
  destination: z.custom<unknown>(isDataByKey, 'it must be a record, a Map, pairs, or a list of entries'),
  state: z.optional(
    optionsOf({ syncs: listThat(isSyncs), entries: listThat(isEntries), redeployDue: listThat(isIds) }),
  ),
  capabilities: z.optional(capabilitiesSchema),
  operation: z.optional(oneOf('sync', 'import', 'remove')),
  importBehavior: z.optional(oneOf('prioritize-source', 'prioritize-destination')),
  force: z.optional(flag),
  confirmDeletions: z.optional(atLeast(0, ', the number of deletions that the plan shows')),
  fingerprintKey: z.optional(z.unknown()),
  place: z.optional(string.check(z.minLength(1, 'it is empty; set it, or leave it out'))),
});

/**
 * Returns entries as they are, where all have a key and a value of the right types.
 *
 * @throws SecretSyncError `INVALID_OPTION` that names each that has not.
 */
export function checkEntries(entries: readonly DestinationEntry[]): readonly DestinationEntry[] {
  const problems: ErrorProblem[] = [];
  (entries as readonly unknown[]).forEach((entry, index) => {
    if (isEntry(entry)) return;
    const message =
      typeof field(entry, 'key') === 'string'
        ? 'its value must be a string, a SecretValue, or absent'
        : 'it must have a key that is a string';
    problems.push({ code: 'INVALID_OPTION', path: `destination[${index}]`, message });
  });
  if (problems.length === 0) return entries;
  throw errorFromProblems('INVALID_OPTION', 'The input of planSync is not valid', problems);
}

/** What `planSync` needs parsed. */
export interface ParsedPlanInput {
  readonly definition: SyncDefinition;
  readonly keyring: Keyring | undefined;
}

function parseDefinition(definition: object) {
  const {
    destination = 'destination',
    destinationConfig = {},
    ...rest
  } = definition as {
    readonly destination?: unknown;
    readonly destinationConfig?: unknown;
  };
  return parseDefinitionFields({ ...rest, destination, destinationConfig });
}

/**
 * Parses the whole input of `planSync`, the definition included.
 *
 * @throws SecretSyncError the one code that all problems share; else `INVALID_DEFINITION`
 * where they are the definition's alone, and `INVALID_OPTION`.
 */
export function parsePlanInput(input: unknown): ParsedPlanInput {
  const options = validate(inputSchema, input, { code: 'INVALID_OPTION' }).problems ?? [];
  const given = field(input, 'definition');
  const {
    definition,
    problems: inDefinition,
    context,
  } = typeof given === 'object' && given !== null
    ? parseDefinition(given)
    : { definition: undefined, problems: [], context: {} };
  const { keyring, problems: ofKeys = [] } = tryKeyring(field(input, 'fingerprintKey'));
  const { data: capabilities = unrestrictedCapabilities } = capabilitiesSchema.safeParse(
    field(input, 'capabilities'),
  );
  const unfit =
    definition && redeployProblem(definition.syncOptions.redeploy, capabilities, definition.destination);
  const problems: ErrorProblem[] = [
    ...inDefinition,
    ...(unfit === undefined ? [] : [unfit]),
    ...options,
    ...ofKeys,
  ];
  if (definition !== undefined && problems.length === 0) return { definition, keyring };
  if (options.length + ofKeys.length === 0) {
    throw errorFromProblems('INVALID_DEFINITION', 'The definition is not valid', problems, context);
  }
  throw errorFromProblems('INVALID_OPTION', 'The input of planSync is not valid', problems, context);
}
