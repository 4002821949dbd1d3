import type { SyncOptions } from '../contracts/definition.js';
import type { PlanProblem, RefusalReason } from '../contracts/plan.js';
import { quoteList } from '../shared/text.js';
import { partsOf } from './inputs/ownership.js';
import type { Step } from './step.js';

/** So many deletions are never too many of the matching keys, in ratio. */
const FEW = 4;

/** What the guard must know of the source. */
export interface GuardedSource {
  /** It holds no secret. */
  readonly empty?: boolean;
  /** Something could not be read. */
  readonly partial?: boolean;
  /** The names of its parts that hold something. Absent: it has no parts. */
  readonly filledParts?: ReadonlySet<string> | undefined;
  /** The names of its parts that hold nothing. Default: none. */
  readonly emptyParts?: readonly string[] | undefined;
}

/**
 * The parts of a source that held some of what is deleted, or may have, and hold nothing any more or are gone. What was
 * imported since the source was last read can have come from any part: which one took it is not known before the next read.
 */
export function emptiedParts(deletions: readonly Step[], source: GuardedSource): readonly string[] {
  const { filledParts, emptyParts = [] } = source;
  if (filledParts === undefined) return [];
  const parts = new Set<string>();
  for (const { remembered } of deletions) {
    const known = partsOf(remembered);
    const possible = known.length === 0 && remembered?.adopted === true ? emptyParts : known;
    for (const part of possible) if (!filledParts.has(part)) parts.add(part);
  }
  return [...parts].sort();
}

/** What the refusals depend on. */
export interface RefusalFacts {
  readonly isEmpty: boolean;
  /** The parts of the source that hold nothing, and from which some of the deletions came. */
  readonly emptyParts: readonly string[];
  readonly options: SyncOptions;
  readonly hasSchema: boolean;
  readonly unowned: number;
  /** The number of matching keys, where the deletions are more than this share of them. */
  exceedsRatio(ratio: number): number | undefined;
  readonly confirmed: boolean;
}

/** Steps 8 to 10, one problem for each that refuses. */
export function refusalsOf(deletions: readonly string[], facts: RefusalFacts): PlanProblem[] {
  const { options, unowned, confirmed } = facts;
  const { count, ratio } = options.maxDeletions;
  const total = deletions.length;
  const problems: PlanProblem[] = [];
  const refuse = (reason: RefusalReason, why: string) => {
    const message = `${total === 1 ? '1 deletion is' : `${total} deletions are`} refused: ${why} (${quoteList(deletions)})`;
    problems.push({ code: 'DELETION_REFUSED', reason, message });
  };
  if (facts.isEmpty && !options.allowEmptySource) {
    refuse('source-empty', 'the source is empty; check the source, or set allowEmptySource');
  } else if (facts.emptyParts.length > 0 && !options.allowEmptySource) {
    refuse(
      'part-empty',
      `${quoteList(facts.emptyParts)} of the source held some of them, or may have, and holds nothing any more; check it, or set allowEmptySource`,
    );
  }
  if (confirmed) return problems;
  const confirm = `confirm with confirmDeletions: ${total}`;
  if (options.deletionScope === 'ask' && !facts.hasSchema && unowned > 0) {
    refuse(
      'unowned-without-schema',
      `this sync neither wrote nor adopted ${unowned} of them, and there is no key schema that distinguishes its keys from others; ${confirm}, or set a keySchema or deletionScope`,
    );
  }
  const matching = total > count || total < FEW ? undefined : facts.exceedsRatio(ratio);
  if (total > count) {
    refuse('too-many', `maxDeletions.count is ${count}; ${confirm}, or raise it`);
  } else if (matching !== undefined) {
    refuse(
      'too-many',
      `that is more than maxDeletions.ratio (${ratio}) of the ${matching} matching keys; ${confirm}, or raise it`,
    );
  }
  return problems;
}
