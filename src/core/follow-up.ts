import type { Redeploy } from '../contracts/definition.js';
import type { Capabilities } from '../contracts/destination.js';
import type { ErrorProblem } from '../contracts/error-codes.js';
import type { PlannedFollowUp } from '../contracts/follow-up.js';
import type { Operation, PlanWarning } from '../contracts/plan.js';
import type { SyncResult } from '../contracts/result.js';
import { quote } from '../shared/text.js';

/** Why a destination can't do at a place what `syncOptions.redeploy` asks for; `undefined` where it can. */
export function redeployProblem(
  redeploy: Redeploy,
  { followUp }: Pick<Capabilities, 'followUp'>,
  destination: string,
): ErrorProblem | undefined {
  if (redeploy === 'never' || (followUp !== undefined && 'action' in followUp)) return undefined;
  const why =
    followUp?.unavailable ?? `the driver ${quote(destination)} has nothing that could follow a sync`;
  return { code: 'INVALID_DEFINITION', path: 'syncOptions.redeploy', message: `${why}; or use "never"` };
}

/** What decides whether anything follows the writes of a plan. */
export interface FollowUpQuestion {
  readonly operation: Operation;
  readonly redeploy: Redeploy;
  readonly capabilities: Pick<Capabilities, 'followUp'>;
  readonly hasWrites: boolean;
  /** An earlier run of this sync wrote something, and nothing has followed it. */
  readonly isDue: boolean;
}

/**
 * What follows the writes of a plan.
 *
 * | operation | redeploy | writes or is due | follows |
 * |---|---|---|---|
 * | import | any | any | nothing: an import never writes the destination |
 * | sync, remove | `never` | any | nothing |
 * | sync, remove | `start`, `wait` | no | nothing |
 * | sync, remove | `start`, `wait` | yes | the action of the destination |
 */
export function plannedFollowUp(question: FollowUpQuestion): PlannedFollowUp | undefined {
  const { operation, redeploy, capabilities, hasWrites, isDue } = question;
  const { followUp } = capabilities;
  if (followUp === undefined || !('action' in followUp)) return undefined;
  if (operation === 'import' || redeploy === 'never' || !(hasWrites || isDue)) return undefined;
  return { action: followUp.action, wait: redeploy === 'wait' };
}

/** The keys that a run wrote, or may have written. */
export const changedKeys = ({ outcomes }: Pick<SyncResult, 'outcomes'>): string[] =>
  outcomes.flatMap(({ key, status }) => (status === 'applied' || status === 'indeterminate' ? [key] : []));

/**
 * Whether a run that has ended is followed now, and whether that stays due.
 *
 * | planned | the run | wrote, may have written, or was due | now | due |
 * |---|---|---|---|---|
 * | no | any | any | no | as before |
 * | yes | any | no | no | no |
 * | yes | every key ended well | yes | yes | until it succeeded |
 * | yes | a key failed, or the run was ended | yes | no: services would start with a part of the new values | yes |
 */
export function followUpNow(
  { plan, status, outcomes }: Pick<SyncResult, 'plan' | 'status' | 'outcomes'>,
  wasDue: boolean,
): { readonly isDue: boolean; readonly isNow: boolean } {
  if (plan.after === undefined) return { isDue: wasDue, isNow: false };
  const isDue = wasDue || changedKeys({ outcomes }).length > 0;
  return { isDue, isNow: isDue && status === 'succeeded' };
}

/** The warnings about writes that hold although something follows them. */
export function warningsBeside(
  warnings: readonly PlanWarning[],
  after: PlannedFollowUp | undefined,
  { followUp }: Pick<Capabilities, 'followUp'>,
): readonly PlanWarning[] {
  if (after === undefined || followUp === undefined || !('action' in followUp)) return warnings;
  return warnings.filter(({ code }) => followUp.settles?.includes(code) !== true);
}
