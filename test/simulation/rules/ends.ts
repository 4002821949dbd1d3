import { wantedKey } from '../ledger.js';
import type { SyncPlan } from '../../../src/contracts/plan.js';
import type { Snapshot } from '../world/sites.js';
import { desiredOf, isBad, matchesSchema, type Ended, type Watched } from '../world/watched.js';
import { partOf, PARTS } from '../world/setting.js';
import type { World } from '../world/world.js';
import type { SyncResult } from '../../../src/contracts/result.js';

const lineOf = ({ key, kind, action }: { key: string; kind?: string; action: string }) =>
  `${action} ${key} ${kind ?? ''}`;

const isWritten = (action: string) => ['create', 'update', 'replace', 'delete', 'blocked'].includes(action);

/** The plan and the result are about the same keys, each once. */
function checkShape(
  world: World,
  watched: Watched,
  { plan, outcomes, summary, requestCount, status }: SyncResult,
): void {
  const planned = plan.changes.filter(({ action }) => isWritten(action)).map(lineOf);
  const ended = outcomes.map(lineOf);
  if (planned.join('\n') !== ended.join('\n'))
    world.report('outcomes', `planned ${planned.join()}; ended ${ended.join()}`);
  const counted =
    summary.applied + summary.skipped + summary.failed + summary.withheld + summary.indeterminate;
  if (counted !== outcomes.length) world.report('outcomes', 'the summary counts other outcomes');
  const isGood = outcomes.every((outcome) => outcome.status === 'applied' || outcome.status === 'skipped');
  if (isGood !== (status === 'succeeded')) world.report('outcomes', `the status is ${status}`);
  if (requestCount > watched.requests) world.report('outcomes', 'more requests are counted than were sent');
}

const find = (standing: Snapshot, key: string, kind: string | undefined) =>
  [...standing.values()].find((entry) => entry.key === key && entry.kind === kind && !entry.fixed);

/** What is said of a key is so. */
function checkHonesty(world: World, watched: Watched, { outcomes }: SyncResult): void {
  const desired = desiredOf(watched);
  const standing = watched.site.snapshot();
  for (const { key, kind, action, status } of outcomes) {
    const entry = find(standing, key, kind);
    const acted = watched.acts.some(
      ({ before, after }) => (before ?? after)?.key === key && (before ?? after)?.kind === kind,
    );
    const is = (what: string) =>
      world.report('honesty', `${action} ${key} is said to be ${status}, but ${what}`);
    if (status === 'applied' && action === 'delete' && entry !== undefined) is('it stands there');
    // What was there already is not sent; a person can have changed it before it was read again.
    const canBeSeen = acted || !watched.wasDisturbed;
    if (status === 'applied' && action !== 'delete' && canBeSeen && entry?.value !== desired.get(key))
      is('it has another value');
    if (status === 'withheld' && acted) is('it was written');
    if (
      status === 'failed' &&
      action !== 'replace' &&
      acted &&
      (action === 'delete') === (entry === undefined)
    ) {
      if (action === 'delete' || entry?.value === desired.get(key)) is('it was written');
    }
  }
}

/** A sync that says that all is well has made the destination equal to the source. */
function checkConverged(world: World, watched: Watched): void {
  const { sync, site, read, operation } = watched;
  const { ledger } = world;
  const standing = site.snapshot();
  const desired = desiredOf(watched);
  if (operation !== 'remove') {
    for (const [key, value] of desired) {
      const entry = find(standing, key, sync.kind);
      const isSkipped = sync.options.invalidKeys === 'skip' && isBad(key, value);
      if (!isSkipped && entry?.value !== value) world.report('convergence', `${key} is not as in the source`);
    }
  }
  const { disableSecretDeletion = false, allowEmptySource = false, deleteLeftBehind = false } = sync.options;
  const deletes = read?.partial !== true && !disableSecretDeletion && (desired.size > 0 || allowEmptySource);
  if (operation !== 'remove' && !deletes) return;
  const all = [...world.sites.values()].flatMap((one) => [...one.snapshot().values()]);
  const bound = new Set(all.flatMap(({ hangsOn }) => hangsOn));
  for (const entry of standing.values()) {
    const isOurs =
      entry.value !== undefined &&
      ledger.writer(entry, site.name) === sync.name &&
      entry.kind === sync.kind &&
      !entry.reserved;
    const isBound = bound.has(entry.id);
    const isOutside = !matchesSchema(sync, entry.key);
    // What was begun under another schema, and never seen through, is not known to be this sync's.
    const staysOutside = isOutside && (!deleteLeftBehind || ledger.doubts(sync, entry));
    const isWanted = operation !== 'remove' && (desired.has(entry.key) || staysOutside);
    const isShared = ledger.mayBeWanted(sync, entry);
    if (isOurs && !isBound && !isWanted && !isShared)
      world.report('convergence', `${entry.key} was left behind`);
  }
}

/** What a sync surely wrote, and its key schema matches no more, is named. */
function checkLeftBehind(world: World, watched: Watched, { warnings }: SyncPlan): void {
  const { sync, site, standing } = watched;
  const named = new Set(warnings.filter(({ code }) => code === 'LEFT_BEHIND').map(({ key }) => key));
  const desired = desiredOf(watched);
  for (const entry of standing.values()) {
    const { key, kind, value, fixed, foreign, reserved } = entry;
    const isPlain = value !== undefined && kind === sync.kind && !fixed && !foreign && !reserved;
    const isSurelyOurs =
      world.ledger.writer(entry, site.name) === sync.name && !world.ledger.doubts(sync, entry);
    if (isPlain && isSurelyOurs && !desired.has(key) && !matchesSchema(sync, key) && !named.has(key))
      world.report('left behind', `${key} is not named`);
  }
}

/** What a plan says of itself. */
function checkPlan(world: World, watched: Watched, plan: SyncPlan): void {
  world.checkLeak('a plan', JSON.stringify(plan));
  const now = world.ledger.synced(watched.sync);
  // Between its two ends another process can have synced, removed or released the same definition.
  if (watched.wasSynced !== now || watched.hasCompany) return;
  if (now === true && plan.isInitialSync)
    world.report('first sync', `${watched.sync.name} was synced before`);
  // After a conflict it is decided again, when the first sync is already noted.
  if (now === false && !plan.isInitialSync && watched.met.length === 0 && !watched.wasDisturbed) {
    world.report('first sync', `${watched.sync.name} was never synced`);
  }
}

function resultOf(world: World, ended: Ended): SyncResult | undefined {
  if (ended.how === 'result') return ended.result;
  const { isSecretSyncError } = world.library;
  return ended.how === 'error' && isSecretSyncError(ended.error) ? ended.error.result : undefined;
}

/** A call on one line, and its plan on the lines below. */
function describeEnd(world: World, { sync, operation, acts, met }: Watched, ended: Ended): string {
  const result = resultOf(world, ended);
  const plan = ended.how === 'plan' ? ended.plan : result?.plan;
  const code = ended.how === 'error' && world.library.isSecretSyncError(ended.error) ? ended.error.code : '';
  const told = acts.map(({ before, after }) => {
    const entry = after ?? before;
    const what = before === undefined ? '+' : after === undefined ? '-' : '~';
    return `${what}${entry?.key ?? ''} ${entry?.kind ?? ''}`;
  });
  const lines = [...(plan?.changes ?? [])].map((change) => `    ${lineOf(change)}, ${change.reason}`);
  const outcomes = (result?.outcomes ?? []).map((outcome) => `${lineOf(outcome)} ${outcome.status}`);
  const facts = [met.join(), told.join(', '), outcomes.join(', ')].join(' | ');
  return [`${sync.name} ${operation} ${ended.how} ${code} | ${facts}`, ...lines].join('\n');
}

/** Checks how a call ended, and tells the ledger. */
export function checkEnd(world: World, watched: Watched, ended: Ended): void {
  const { operation } = watched;
  const result = resultOf(world, ended);
  world.trace(describeEnd(world, watched, ended));
  if (watched.isMisled) checkRefused(world, watched, ended);
  if (ended.how === 'error') checkError(world, watched, ended.error);
  if (ended.how === 'plan') checkPlan(world, watched, ended.plan);
  if (ended.how === 'nothing' && watched.acts.length > 0)
    world.report('honesty', `${operation} is said to be ${ended.status}, and it wrote`);
  if (result !== undefined) {
    world.checkLeak('a result', JSON.stringify(result));
    checkPlan(world, watched, result.plan);
    checkShape(world, watched, result);
    if (!watched.disturbed) checkHonesty(world, watched, result);
  }
  const isGood = ended.how === 'result' || ended.how === 'done';
  const writes = operation === 'sync' || operation === 'apply';
  if (isGood && !watched.disturbed && (writes || operation === 'remove')) checkConverged(world, watched);
  if (ended.how === 'result' && writes && !watched.wasDisturbed && !watched.hasCompany)
    checkLeftBehind(world, watched, ended.result.plan);

  learn(world, watched, ended, result);
}

/** Whether what a source does not hold is surely not wanted: an empty part of it may be one that failed. */
function isReadForCertain({ setting }: World, { sync, read }: Watched): boolean {
  if (read === undefined || read.partial) return false;
  const filled = new Set([...read.secrets.keys()].map(partOf));
  return sync.options.allowEmptySource === true || filled.size >= (setting.hasParts ? PARTS.length : 1);
}

/** What the ledger may conclude. A run that did not end well may have begun more than is known. */
function learn(world: World, watched: Watched, ended: Ended, result: SyncResult | undefined): void {
  const { ledger } = world;
  const { sync, site, operation, acts, met } = watched;
  if (operation === 'plan' || ended.how === 'plan' || ended.how === 'nothing') return;
  const isGood = ended.how === 'result' || ended.how === 'done';
  const wasRefused = ended.how === 'error' && result === undefined && acts.length === 0 && met.length === 0;
  const standing = site.snapshot();
  const desired = desiredOf(watched);
  if (operation === 'remove' || operation === 'release') {
    for (const entry of standing.values()) ledger.handedOver(sync, entry);
    ledger.forget(sync, isGood && !watched.hasCompany);
  } else if (!wasRefused) {
    for (const entry of standing.values()) if (desired.has(entry.key)) ledger.wanted(sync, entry);
    const right = [...standing.values()].filter(
      (entry) =>
        entry.kind === sync.kind &&
        !entry.fixed &&
        entry.value !== undefined &&
        desired.get(entry.key) === entry.value,
    );
    for (const entry of standing.values()) {
      const isUnwanted = !desired.has(entry.key) && ledger.mayBeWanted(sync, entry);
      if (isUnwanted && watched.operation !== 'import') ledger.handedOver(sync, entry);
    }
    const isWhole = isGood && !watched.hasCompany && !watched.disturbed && isReadForCertain(world, watched);
    if (operation === 'sync' || operation === 'apply') ledger.wants(sync, right.map(wantedKey), isWhole);
    const isDone = isGood || (operation !== 'import' && acts.length > 0);
    // Of two calls at once nobody knows here which of them had the last word.
    if (watched.hasCompany) ledger.setSynced(sync, undefined);
    else if (isDone) ledger.setSynced(sync, true);
    else if (ledger.synced(sync) !== true) ledger.setSynced(sync, undefined);
  }
  for (const { key, kind, action, status } of result?.outcomes ?? []) {
    // A write takes an entry over, also one that found the value there already.
    const entry = action === 'delete' || status !== 'applied' ? undefined : find(standing, key, kind);
    if (entry === undefined) continue;
    ledger.wrote(sync, entry);
    const replaced = [...watched.standing.values()].filter((one) => one.key === key && one.kind !== kind);
    if (action === 'replace') for (const before of replaced) ledger.replaced(before, entry);
  }
  if (isGood) ledger.confirm(sync);
  if (isGood && (operation === 'sync' || operation === 'apply')) ledger.sure(sync, desired.keys());
  if (isGood || wasRefused) return;
  const matching = [...standing.values()].filter(({ key }) => matchesSchema(sync, key)).map(({ key }) => key);
  ledger.unsure(sync, [...desired.keys(), ...matching], standing);
}

/** What a call may end with before it has looked at what is remembered. */
const BEFORE_STATE: readonly string[] = ['STATE_UNREADABLE', 'IMPORT_NOT_SUPPORTED', 'SYNC_BUSY'];

/** A document that its place's key does not vouch for decides nothing. */
function checkRefused(world: World, watched: Watched, ended: Ended): void {
  const { isSecretSyncError } = world.library;
  if (ended.how === 'crash') return;
  if (ended.how !== 'error') return world.report('forged', `${watched.operation} believed a forged document`);
  const code = isSecretSyncError(ended.error) ? ended.error.code : undefined;
  if (watched.met.length === 0 && !BEFORE_STATE.includes(code ?? ''))
    world.report('forged', `${watched.operation} of a forged document ended with ${code ?? 'no code'}`);
}

function checkError(world: World, watched: Watched, error: unknown): void {
  const { isSecretSyncError } = world.library;
  if (isSecretSyncError(error)) {
    world.count(`error ${error.code}`);
    world.checkLeak(
      `the message of ${error.code}`,
      `${error.message} ${JSON.stringify(error.problems ?? [])}`,
    );
    if (error.code === 'SYNC_FAILED' && error.result === undefined)
      world.report('error', 'SYNC_FAILED has no result');
    return;
  }
  if (error instanceof Error && error === watched.controller.signal.reason) return world.count('aborted');
  world.report(
    'error',
    `${watched.operation} failed with ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
  );
}
