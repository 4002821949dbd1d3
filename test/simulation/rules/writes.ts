import type { Ledger } from '../ledger.js';
import type { Standing } from '../world/sites.js';
import { partOf } from '../world/setting.js';
import { desiredOf, isBad, matchesSchema, renderKey, type Act, type Watched } from '../world/watched.js';

/** What a rule has to say about a breach, if it was one. */
export type Breach = readonly [rule: string, detail: string];

interface WriteContext {
  readonly watched: Watched;
  readonly ledger: Ledger;
  /** A project's list does not show what environments hang on its entries. */
  readonly seesDependents: boolean;
  /** The source says of each key from which of its parts it came. */
  readonly hasParts: boolean;
}

const told = ({ key, kind }: Standing) => (kind === undefined ? key : `${key} (${kind})`);

/** The limits of the definition that a run keeps within, unless they were confirmed away. */
function breaksLimits({ watched }: WriteContext): boolean {
  const { sync, confirmed, standing, acts } = watched;
  const { count = 100, ratio = 0.5 } = sync.options.maxDeletions ?? {};
  const deletions = acts.flatMap(({ before, after }) =>
    before !== undefined && after === undefined ? [before] : [],
  );
  const gone = new Set(deletions.map(({ id }) => id));
  // What went because it depended on another one is told of by a warning, and is no deletion of the plan.
  const deleted = deletions.filter(
    ({ kind, hangsOn }) => kind === sync.kind && !hangsOn.some((id) => gone.has(id)),
  ).length;
  const plain = ({ key, kind, fixed, foreign, reserved }: Standing) =>
    matchesSchema(sync, key) && kind === sync.kind && !fixed && !foreign && !reserved;
  const matching = [...standing.values()].filter(plain).length;
  return confirmed === undefined && (deleted > count || (deleted >= 4 && deleted > ratio * matching));
}

const hasDependents = ({ standing }: Watched, { id }: Standing) =>
  [...standing.values()].some(({ hangsOn }) => hangsOn.includes(id));

function breachOfReplace({ watched, ledger }: WriteContext, entry: Standing): Breach | undefined {
  const { sync, site } = watched;
  const { allowReplace = false } = sync.options;
  if (allowReplace) return undefined;
  const isOthers = ![undefined, sync.name].includes(ledger.writer(entry, site.name));
  const isFree = entry.kind === 'variable' && !isOthers;
  if (!ledger.mayOwn(sync, entry) && !isFree) return ['replace', `${told(entry)} may be somebody else's`];
  return hasDependents(watched, entry) ? ['replace', `others hang on ${told(entry)}`] : undefined;
}

function breachOfDeletion(context: WriteContext, entry: Standing): Breach | undefined {
  const { watched, ledger } = context;
  const { sync, site, read, operation, confirmed } = watched;
  const { disableSecretDeletion, deletionScope = 'ask', keySchema, allowEmptySource } = sync.options;
  const { deleteLeftBehind } = sync.options;
  const desired = desiredOf(watched);
  const owner = ledger.writer(entry, site.name);
  const mayOwn = ledger.mayOwn(sync, entry);
  const breach = (rule: string): Breach => ['deletion', `${told(entry)}: ${rule}`];
  if (operation !== 'remove' && desired.has(entry.key) && entry.kind !== sync.kind)
    return breachOfReplace(context, entry);
  if (owner !== undefined && owner !== sync.name) return breach(`${owner} wrote it`);
  const wanter = ledger.wanter(sync, entry);
  if (wanter !== undefined && !watched.hasCompany) return breach(`${wanter} wants it`);
  if (hasDependents(watched, entry)) return breach('others hang on it');
  if (entry.kind !== sync.kind && !mayOwn) return breach('it is of another kind');
  if (operation === 'remove') {
    return mayOwn || confirmed !== undefined ? undefined : breach('a removal of what was never its own');
  }
  if (desired.has(entry.key)) return breach('the source holds it');
  if (!matchesSchema(sync, entry.key) && !(deleteLeftBehind === true && mayOwn))
    return breach('outside the schema');
  if (disableSecretDeletion === true) return breach('deletions are disabled');
  if (read === undefined || read.partial) return breach('the source was not read in full');
  if (desired.size === 0 && allowEmptySource !== true) return breach('the source is empty');
  if (context.hasParts && owner === sync.name && allowEmptySource !== true) {
    const parts = ledger.partsOf(entry, site.name);
    const isFilled = [...read.secrets.keys()].some((sourceKey) => parts.has(partOf(sourceKey)));
    if (parts.size > 0 && !isFilled) return breach('its part of the source is empty');
  }
  if (deletionScope === 'owned' && !mayOwn) return breach('not its own');
  if (deletionScope === 'ask' && keySchema === undefined && !mayOwn && confirmed === undefined) {
    return breach('not its own, and not confirmed');
  }
  if (breaksLimits(context)) return breach('more than maxDeletions');
  return undefined;
}

/** Qovery can't tell a writer that an entry has become another thing since it was listed. */
const isUnseen = ({ site, disturbedSinceList }: Watched) => site.name !== 'hasura' && disturbedSinceList;

/** What is made: only what the source holds, as it holds it. */
function breachOfUpsert(
  { watched, ledger }: WriteContext,
  before: Standing | undefined,
  after: Standing,
): Breach | undefined {
  const { sync, acts } = watched;
  const isPutBack = acts.some(
    ({ before: was, after: is }) =>
      is === undefined && was?.key === after.key && was.kind === after.kind && was.value === after.value,
  );
  if (isPutBack && before === undefined) return undefined;
  const breach = (rule: string): Breach => ['write', `${told(after)}: ${rule}`];
  if (!matchesSchema(sync, after.key)) return breach('outside the schema');
  if (after.kind !== sync.kind) return breach('of another kind');
  const value = desiredOf(watched).get(after.key);
  if (value === undefined) return breach('the source does not hold it');
  if (value !== after.value) return breach('not the value of the source');
  if (after.reserved && sync.site !== 'hasura') return breach('reserved');
  if (before !== undefined && before.description !== after.description)
    return breach('its description is lost');
  return before?.foreign === true && !ledger.mayOwn(sync, before) && !isUnseen(watched)
    ? breach('written over what is not its own')
    : undefined;
}

/** Of a plan that is applied: nothing may have moved since it was made. */
function breachOfPlan({ planned, standing, sync }: Watched, { before, after }: Act): Breach | undefined {
  if (planned === undefined) return undefined;
  const breach = (entry: Standing, rule: string): Breach => ['stale plan', `${told(entry)}: ${rule}`];
  if (before !== undefined) {
    const [then, now] = [planned.standing.get(before.id), standing.get(before.id)];
    if (now !== undefined && then?.value !== now.value)
      return breach(before, 'it moved since it was planned');
  }
  if (after === undefined) return undefined;
  const held = [...(planned.read?.secrets ?? [])].map(
    ([key, value]) => [renderKey(sync, key), value] as const,
  );
  const stood = [...planned.standing.values()].map(({ key, value }) => [key, value] as const);
  const isPlanned = [...held, ...stood].some(([key, value]) => key === after.key && value === after.value);
  return isPlanned ? undefined : breach(after, 'its value is not the planned one');
}

/** What is wrong with one change that a run made. `roots`: what was deleted by the same request. */
export function breachOfAct(context: WriteContext, act: Act, roots: readonly Act[]): Breach | undefined {
  const { watched, ledger, seesDependents } = context;
  const { operation, sync } = watched;
  const { before, after } = act;
  if (operation !== 'sync' && operation !== 'apply' && operation !== 'remove') {
    return ['dry', `${operation} wrote ${told(after ?? before ?? NOTHING)}`];
  }
  if (before !== undefined) {
    const root = roots.find(({ before: other }) => other !== undefined && before.hangsOn.includes(other.id));
    if (after === undefined && root?.before !== undefined) {
      const isAllowed =
        sync.options.allowReplace === true || !seesDependents || !watched.standing.has(before.id);
      return isAllowed ? undefined : ['cascade', told(before)];
    }
    const isTheirs = before.foreign && !ledger.mayOwn(sync, before);
    if (!isUnseen(watched) && (before.fixed || isTheirs || (before.reserved && after === undefined))) {
      return ['untouchable', `${told(before)} was ${after === undefined ? 'deleted' : 'written'}`];
    }
  }
  if (after === undefined) {
    const breach = before === undefined ? undefined : breachOfDeletion(context, before);
    return breach ?? breachOfPlan(watched, act);
  }
  return breachOfUpsert(context, before, after) ?? breachOfPlan(watched, act);
}

const NOTHING: Standing = {
  id: '',
  key: 'nothing',
  fixed: false,
  foreign: false,
  override: false,
  reserved: false,
  hangsOn: [],
  description: null,
  stamp: '',
};

/** What is not yet written of what must be there before anything is deleted. */
export function missingUpserts(watched: Watched, standing: ReadonlyMap<string, Standing>): string[] {
  const { sync } = watched;
  return [...desiredOf(watched)].flatMap(([key, value]) => {
    const entry = [...standing.values()].find(
      (one) => one.key === key && one.kind === sync.kind && !one.fixed,
    );
    const isSkipped = sync.options.invalidKeys === 'skip' && isBad(key, value);
    return isSkipped || entry?.value === value ? [] : [key];
  });
}
