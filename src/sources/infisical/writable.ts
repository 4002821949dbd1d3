import type { SourceChange, UnwritableKey } from '../../contracts/source.js';
import { asStored, holdsReference, type ListedSecret } from './wire.js';

/** What a folder holds under a key, as it was typed. */
export interface Standing {
  readonly own: ListedSecret | undefined;
  readonly isImported: boolean;
}

/** Why a key or value can't be written, whatever the folder holds. */
function checkText(key: string, value: string, expands: boolean): string | undefined {
  if (!/^[^\s:/]+$/.test(key)) return 'Infisical takes no white space, colon or slash in a name; rename it';
  if (asStored(value) !== value) {
    return 'Infisical trims values, and this one begins or ends with white space; trim it';
  }
  if (/\p{Surrogate}/u.test(value))
    return 'its value holds half of a surrogate pair; write it as valid Unicode';
  return expands && holdsReference(value)
    ? 'its value holds ${…}, which Infisical would take for a reference; write it otherwise'
    : undefined;
}

/*
 * | the folder holds               | create            | update          |
 * |--------------------------------|-------------------|-----------------|
 * | nothing                        | written           | was deleted     |
 * | an import                      | refused           | refused         |
 * | a reference, or hidden         | refused           | refused         |
 * | the same value                 | nothing to do     | nothing to do   |
 * | another value                  | was created       | written         |
 */
function checkStanding({ action, value }: SourceChange, { own, isImported }: Standing): string | undefined {
  if (own === undefined) {
    if (isImported) return 'it comes from an import; change it where it is imported from';
    return action === 'update' ? 'it was deleted after it was planned; run again' : undefined;
  }
  if (own.value === undefined) return 'its value is hidden from this identity; let the identity read values';
  if (holdsReference(own.value.reveal())) return 'it refers to another secret; change that one';
  return action === 'create' && !own.value.equals(value)
    ? 'it was created after it was planned; run again'
    : undefined;
}

/** Returns the changes that can't be written, each with its reason. */
export function unwritableChanges(
  changes: readonly SourceChange[],
  standing: (key: string) => Standing,
  expands: boolean,
): UnwritableKey[] {
  return changes.flatMap((change) => {
    const { key, value } = change;
    const message = checkText(key, value.reveal(), expands) ?? checkStanding(change, standing(key));
    return message === undefined ? [] : [{ key, message }];
  });
}
