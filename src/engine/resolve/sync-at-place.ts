import type { ErrorProblem } from '../../contracts/error-codes.js';
import { errorFromProblems } from '../../shared/problems.js';
import { valueAt } from '../../shared/validation.js';
import type { AtPlace } from '../run/run.js';

/** A sync whose definition, or connection, may be gone. */
export interface SyncAtPlace {
  readonly syncId: string;
  /** The identity of the place, as plans, results and errors name it. */
  readonly place: string;
}

/**
 * Returns a sync that is named by its id and place; `undefined` for a definition, which has no such fields.
 *
 * @throws SecretSyncError `INVALID_OPTION`, with everything that is wrong.
 */
export function parseSyncAtPlace(target: unknown): AtPlace | undefined {
  const [syncId, place] = [valueAt(target, ['syncId']), valueAt(target, ['place'])];
  if (syncId === undefined && place === undefined) return undefined;
  if (typeof syncId === 'string' && syncId !== '' && typeof place === 'string' && place !== '')
    return { definition: { id: syncId }, place };
  const wrong = Object.entries({ syncId, place }).flatMap(([path, value]): ErrorProblem[] => {
    const message = 'it must be a string that is not empty';
    return typeof value === 'string' && value !== '' ? [] : [{ code: 'INVALID_OPTION', path, message }];
  });
  throw errorFromProblems('INVALID_OPTION', 'The sync to release is not valid', wrong);
}
