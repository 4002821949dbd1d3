import type { SyncDefinitionInput } from '../contracts/definition.js';
import type { ErrorProblem } from '../contracts/error-codes.js';
import type { SyncChanges } from '../service/records/definition-patch.js';
import { problemsOfChanges, problemsOfDefinition } from '../service/records/definition-problems.js';
import { errorFromProblems } from '../shared/problems.js';
import { problemsOfUnknown } from '../shared/validation.js';
import { createBody, updateBody } from './schemas/secret-sync.js';
import { isRecord } from '../shared/arguments/rules.js';

type Json = Readonly<Record<string, unknown>>;

const problem = (path: string, message: string): ErrorProblem => ({
  code: 'INVALID_DEFINITION',
  path,
  message,
});

const unknownIn = (body: Json, known: object): ErrorProblem[] =>
  problemsOfUnknown(
    Object.keys(body).filter((name) => !Object.hasOwn(known, name)),
    [],
    { code: 'INVALID_DEFINITION' },
  );

/** Refuses a body for what only a body can have, if anything, and for what the service would refuse of the rest of it. */
function refuse(problems: readonly ErrorProblem[], ofRest: () => readonly ErrorProblem[]): void {
  if (problems.length === 0) return;
  throw errorFromProblems('INVALID_DEFINITION', 'The body is not valid', [...problems, ...ofRest()]);
}

/** The fields of a body that the service knows by the same names. */
const sameIn = (body: Json, known: object): Json =>
  Object.fromEntries(
    Object.entries(body).filter(([name]) => name !== 'isAutoSyncEnabled' && Object.hasOwn(known, name)),
  );

/** What is wrong with the flag that is the same as an option. */
function flagProblems({ isAutoSyncEnabled, syncOptions }: Json): ErrorProblem[] {
  if (isAutoSyncEnabled === undefined) return [];
  const path = 'isAutoSyncEnabled';
  if (typeof isAutoSyncEnabled !== 'boolean') return [problem(path, 'it must be true or false')];
  const option = isRecord(syncOptions) ? syncOptions['autoSyncEnabled'] : undefined;
  return option === undefined || option === isAutoSyncEnabled
    ? []
    : [problem(path, 'syncOptions.autoSyncEnabled says the opposite; send one of them')];
}

/** A location that is not named is left out; an empty one could not be asked for. */
const emptyIn = (body: Json): ErrorProblem[] =>
  ['projectId', 'environment', 'secretPath']
    .filter((path) => body[path] === '')
    .map((path) => problem(path, 'it is empty; set it, or leave it out'));

/** Moves the flag to where a definition has it. */
function withOption({ isAutoSyncEnabled, ...rest }: Json): Json {
  if (isAutoSyncEnabled === undefined) return rest;
  const options = rest['syncOptions'] ?? {};
  return isRecord(options)
    ? { ...rest, syncOptions: { ...options, autoSyncEnabled: isAutoSyncEnabled } }
    : rest;
}

/** Returns the definition that a body asks for. What the service checks is checked here only to name it with the rest. */
export function definitionIn(body: Json, destination: string): SyncDefinitionInput {
  const named = body['destination'];
  const asDefinition = ({ description, ...rest }: Json): Json => ({
    ...rest,
    destination,
    ...(description !== null && { description }),
  });
  refuse(
    [
      ...unknownIn(body, createBody.shape),
      ...emptyIn(body),
      ...flagProblems(body),
      ...(named === undefined || named === destination
        ? []
        : [problem('destination', 'it is not the destination in the path; leave it out')]),
    ],
    () => problemsOfDefinition(asDefinition(sameIn(body, createBody.shape))),
  );
  // Of any JSON: the service refuses what is not a definition, with every problem.
  const definition: unknown = asDefinition(withOption(body));
  return definition as SyncDefinitionInput;
}

/** What a body changes, and the version that it was made for. */
export interface ChangesInBody {
  readonly changes: SyncChanges;
  readonly version: number | undefined;
}

const isVersion = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 1;

/** Returns the changes that a body asks for. */
export function changesIn(body: Json): ChangesInBody {
  const { expectedVersion, ...changes } = body;
  const version = isVersion(expectedVersion) ? expectedVersion : undefined;
  refuse(
    [
      ...unknownIn(body, updateBody.shape),
      ...emptyIn(body),
      ...flagProblems(body),
      ...(expectedVersion === version
        ? []
        : [problem('expectedVersion', 'it must be the version of a sync, a whole number from 1 on')]),
    ],
    () => problemsOfChanges(sameIn(changes, updateBody.shape)),
  );
  // Of any JSON: the service refuses what is no change, with every problem.
  return { changes: withOption(changes), version };
}
