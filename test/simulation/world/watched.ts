import type { SyncPlan } from '../../../src/contracts/plan.js';
import type { SyncSetting } from './setting.js';
import type { Site, Snapshot, Standing } from './sites.js';
import type { Call, Mishap, Moment, Trouble } from '../steps.js';
import type { SyncResult } from '../../../src/contracts/result.js';

/** What a source answered. */
export interface SourceAnswer {
  readonly secrets: ReadonlyMap<string, string>;
  readonly partial: boolean;
}

/** One change of one entry at a site. */
export interface Act {
  readonly before: Standing | undefined;
  readonly after: Standing | undefined;
}

/** One call of the engine, as it is watched. */
export interface Watched {
  readonly call: Call;
  /** What the engine was asked to do; the plan of an `apply` is watched by itself. */
  readonly operation: Call['operation'];
  readonly sync: SyncSetting;
  readonly site: Site;
  readonly confirmed: number | undefined;
  /** For `apply`: what it was planned from. */
  readonly planned?: {
    readonly plan: SyncPlan;
    readonly read: SourceAnswer | undefined;
    readonly standing: Snapshot;
  };
  readonly troubles: readonly Trouble[];
  readonly controller: AbortController;
  /** What stood there when the destination was read, or when the call began. */
  standing: Snapshot;
  read?: SourceAnswer;
  /** What it wrote to the source, by source key. */
  readonly imported: Map<string, string>;
  readonly acts: Act[];
  readonly counts: Map<Moment, number>;
  /** Which troubles were met. */
  readonly met: Mishap[];
  /** The site was changed by somebody else since it was read. */
  disturbed: boolean;
  /** The same, since a service last answered: an answer can be long under way. */
  disturbedSinceAnswer: boolean;
  /** The same, since all that stands there was last listed: what is written by id then can have become another thing. */
  disturbedSinceList: boolean;
  /** The site was ever changed by somebody else meanwhile. */
  wasDisturbed: boolean;
  /** Another call for the same definition was under way at the same time. */
  hasCompany: boolean;
  hasRead: boolean;
  /** The newest hash that was answered. */
  hash?: string;
  requests: number;
  holder?: string;
  isOver: boolean;
  /** What it reads of its place is forged. */
  readonly isMisled: boolean;
  /** Whether the first sync of its definition was known to be done when it began. */
  readonly wasSynced: boolean | undefined;
}

/** How a call ended. */
export type Ended =
  | { readonly how: 'result'; readonly result: SyncResult }
  | { readonly how: 'plan'; readonly plan: SyncPlan }
  | { readonly how: 'done' }
  | { readonly how: 'error'; readonly error: unknown }
  /** A job of a service failed. */
  | { readonly how: 'failed'; readonly code: string }
  /** There was nothing to be done, or it could not be done now. */
  | { readonly how: 'nothing'; readonly status: 'unwanted' | 'busy' }
  /** The process ended first. */
  | { readonly how: 'crash' };

/** The mishap at this moment, if one was drawn for it. */
export function meet(watched: Watched, at: Moment): Trouble | undefined {
  const count = (watched.counts.get(at) ?? 0) + 1;
  watched.counts.set(at, count);
  const trouble = watched.troubles.find(
    (candidate) => candidate.at === at && count >= candidate.nth && count < candidate.nth + candidate.times,
  );
  if (trouble !== undefined) watched.met.push(trouble.mishap);
  return trouble;
}

/** The affixes of a definition's schema, read with nothing of the engine's. */
function affixesOf({ options }: SyncSetting): readonly [prefix: string, suffix: string] {
  const [prefix = '', suffix = ''] = (options.keySchema ?? '{{secretKey}}').split('{{secretKey}}');
  return [prefix, suffix];
}

export const renderKey = (sync: SyncSetting, sourceKey: string): string => affixesOf(sync).join(sourceKey);

export function matchesSchema(sync: SyncSetting, key: string): boolean {
  const [prefix, suffix] = affixesOf(sync);
  return key.startsWith(prefix) && key.endsWith(suffix) && key.length > prefix.length + suffix.length;
}

/** The source key of a key that the definition's schema matches. */
export function stripKey(sync: SyncSetting, key: string): string | undefined {
  const [prefix, suffix] = affixesOf(sync);
  return matchesSchema(sync, key) ? key.slice(prefix.length, key.length - suffix.length) : undefined;
}

/** Destination key → value, as the run is to make them: what it read, after what it imported. */
export function desiredOf({ sync, read, imported }: Watched): Map<string, string> {
  const all = new Map([...(read?.secrets ?? []), ...imported]);
  return new Map([...all].map(([key, value]) => [renderKey(sync, key), value]));
}

/** No destination takes it. */
export const isBad = (key: string, value: string): boolean => /^\d/.test(key) || value.includes('\0');
