import { SecretValue } from '../../contracts/secret.js';
import type { SourceClash, SourceRead, SourceReadResult } from '../../contracts/source.js';
import { byText } from '../../shared/text.js';
import { isSourceRead, secretPairs } from '../../contracts/source.js';
import { errorFromProblems } from '../../shared/problems.js';
import { type ErrorProblem } from '../../contracts/error-codes.js';

/** A source read, in the one form that the decisions use. */
export interface SourceSnapshot {
  readonly secrets: ReadonlyMap<string, SecretValue>;
  /** Source keys that the source gave more than once. */
  readonly duplicates: ReadonlySet<string>;
  /** Source keys whose values could not be read. */
  readonly unreadable: ReadonlySet<string>;
  /** Keys may be missing that could not even be named. */
  readonly incomplete: boolean;
  /** Sorted by key. */
  readonly clashes: readonly SourceClash[];
}

/**
 * What a source's `read` answered, in one form.
 *
 * @throws SecretSyncError `SOURCE_READ_FAILED` when a value is not a string, naming every such key.
 */
export function sourceSnapshot(read: SourceReadResult): SourceSnapshot {
  const structured: SourceRead = isSourceRead(read) ? read : { secrets: read };
  const secrets = new Map<string, SecretValue>();
  const duplicates = new Set<string>();
  const problems: ErrorProblem[] = [];
  const pairs: Iterable<unknown> = secretPairs(structured.secrets);
  let position = -1;
  for (const pair of pairs) {
    position += 1;
    const parts: readonly unknown[] = Array.isArray(pair) ? pair : [];
    const [key, value] = parts;
    if (typeof key !== 'string') {
      const message = `item ${position} of the list is not a pair of a key and a value; make it one`;
      problems.push({ code: 'SOURCE_READ_FAILED', message });
    } else if (typeof value !== 'string' && !SecretValue.is(value)) {
      const type = value === null ? 'null' : typeof value;
      problems.push({
        code: 'SOURCE_READ_FAILED',
        key,
        message: `its value is ${type}, not a string; make it one`,
      });
    } else if (secrets.has(key)) {
      duplicates.add(key);
    } else {
      secrets.set(key, SecretValue.from(value));
    }
  }
  if (problems.length > 0) {
    throw errorFromProblems(
      'SOURCE_READ_FAILED',
      'The source returned values that are not strings',
      problems,
    );
  }
  return {
    secrets,
    duplicates,
    unreadable: new Set(structured.unreadable ?? []),
    incomplete: structured.complete === false,
    clashes: [...(structured.clashes ?? [])].sort(byText((clash) => clash.key)),
  };
}

// What is decided about a key must not depend on the order in which a destination lists its entries.
