import type { SyncOptionsInput } from '../../../src/contracts/definition.js';
import type { ErrorCode } from '../../../src/contracts/error-codes.js';

/** What becomes of the key that a case is about. */
export type Fate = 'created' | 'updated' | 'deleted' | 'left alone' | 'imported' | `refused, ${ErrorCode}`;

/** What becomes of it in a sync of Infisical itself, which has no codes. */
type ReferenceFate = 'created' | 'updated' | 'deleted' | 'left alone' | 'imported' | 'refused';

/** A situation that the reference's own code or tests decide upon, and what becomes of one key in it. */
export interface ReferenceCase<World> {
  readonly situation: string;
  readonly key: string;
  readonly source: Readonly<Record<string, string>>;
  readonly syncOptions?: SyncOptionsInput;
  /** Default: `sync`. */
  readonly operation?: 'sync' | 'import' | 'remove';
  /** What the source held when the same sync ran before. Absent: it never ran. */
  readonly earlier?: Readonly<Record<string, string>>;
  /** What is there, and what is to go wrong. Carried out before anything runs. */
  readonly world: World;
  readonly theirs: ReferenceFate;
  readonly ours: Fate;
  /** Where ours is another than theirs. */
  readonly why?: string;
}

export const isSame = ({ theirs, ours }: Pick<ReferenceCase<unknown>, 'theirs' | 'ours'>): boolean =>
  ours.split(',')[0] === theirs;

export const CONFIRM =
  'nothing distinguishes it from the entries of others: confirm it, or set a key schema or `deletionScope`';
