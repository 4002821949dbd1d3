import type { SecretSyncError } from '../../contracts/errors.js';
import type { Outcome, OutcomeError } from '../../contracts/result.js';
import { isWriteStep, type Step, type WriteStep } from '../../core/step.js';
import { forEachInTurns, type Turns } from '../../shared/turns/turns.js';
import type { Run } from '../run/run.js';
import type { Recorder, Written } from '../state/recorder.js';
import { enterAll } from './hearing.js';

/**
 * How each write of a run ended: the one book that the phases, the memory, the events and the result share. Each step
 * ends once; a second end is not heard.
 *
 * | end | outcome | remembered |
 * |---|---|---|
 * | applied | `applied` | as written by this sync |
 * | failed | `failed` | as before |
 * | indeterminate | `indeterminate` | as begun |
 * | withheld: it was not attempted | `withheld` | as before |
 */
export interface Ledger {
  /** The steps that write, in the order of the plan. */
  readonly writes: readonly WriteStep[];
  /** Remembers that these writes may happen from here on. */
  begin(): Turns;
  /** Notes that a driver gets these steps: without an end they may have been written. */
  hand(steps: readonly WriteStep[]): void;
  readonly isOpen: (step: WriteStep) => boolean;
  readonly isApplied: (step: WriteStep) => boolean;
  /** True once any step has ended. */
  hasEnds(): boolean;
  applied(step: WriteStep, written: Written): void;
  failed(step: WriteStep, error: SecretSyncError): void;
  indeterminate(step: WriteStep, error?: SecretSyncError): void;
  /** Ends the open ones among these steps as not attempted. */
  withhold(steps: readonly WriteStep[]): Turns;
  /** Ends all open steps of a run that was cut off: what a driver had is indeterminate, the rest withheld. */
  cutOff(): Turns;
  /** Forgets what was begun and has no end, for a decision that is made again. */
  takeBack(): Turns;
  /** One for each write and each skipped key, in the order of the plan; what has no end is withheld. */
  outcomes(): Turns<Outcome[]>;
}

const outcomeError = ({ code, message, retryable, status, retryAt }: SecretSyncError): OutcomeError => ({
  code,
  message,
  retryable,
  ...(status === undefined ? {} : { status }),
  ...(retryAt === undefined ? {} : { retryAt }),
});

function outcomeOf(
  { change: { key, kind } }: Step,
  action: Outcome['action'],
  status: Outcome['status'],
  error?: SecretSyncError,
): Outcome {
  return {
    key,
    ...(kind === undefined ? {} : { kind }),
    action,
    status,
    ...(error === undefined ? {} : { error: outcomeError(error) }),
  };
}

/** Opens the ledger of a run. */
export function createLedger(run: Run, recorder: Recorder, steps: readonly Step[]): Ledger {
  const writes = steps.filter(isWriteStep);
  const ends = new Map<Step, Outcome>();
  const handed = new Set<Step>();

  const end = (step: WriteStep, status: Outcome['status'], error?: SecretSyncError): void => {
    const outcome = outcomeOf(step, step.change.action, status, error);
    ends.set(step, outcome);
    const { key, action } = outcome;
    const progress = { done: ends.size, total: writes.length };
    run.emit({ ...run.fields, type: 'progress', ...progress, key, action, status });
  };
  const withhold = (step: WriteStep): void => {
    recorder.notWritten(step);
    end(step, 'withheld');
  };
  const isOpen = (step: WriteStep): boolean => !ends.has(step);

  return {
    writes,
    begin: () => recorder.begin(writes),
    hand: (given) => given.forEach((step) => handed.add(step)),
    isOpen,
    isApplied: (step) => ends.get(step)?.status === 'applied',
    hasEnds: () => ends.size > 0,
    applied(step, written) {
      if (!isOpen(step)) return;
      recorder.applied(step, written);
      end(step, 'applied');
    },
    failed(step, error) {
      if (!isOpen(step)) return;
      recorder.failed(step);
      end(step, 'failed', error);
    },
    indeterminate(step, error) {
      if (isOpen(step)) end(step, 'indeterminate', error);
    },
    withhold: (given) => enterAll(given.filter(isOpen), withhold),
    cutOff: () =>
      enterAll(writes.filter(isOpen), (step) => {
        if (handed.has(step)) end(step, 'indeterminate');
        else withhold(step);
      }),
    takeBack: () => enterAll(writes.filter(isOpen), (step) => recorder.notWritten(step)),
    *outcomes() {
      const outcomes: Outcome[] = [];
      yield* forEachInTurns(steps, (step) => {
        const { action } = step.change;
        if (action === 'blocked') outcomes.push(outcomeOf(step, action, 'skipped'));
        else if (isWriteStep(step))
          outcomes.push(ends.get(step) ?? outcomeOf(step, step.change.action, 'withheld'));
      });
      return outcomes;
    },
  };
}
