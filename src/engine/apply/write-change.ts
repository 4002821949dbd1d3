import type { DestinationConnection, WriteChange, WriteOutcome } from '../../contracts/destination.js';
import type { WriteStep } from '../../core/step.js';
import type { Run } from '../run/run.js';
import type { Lease } from '../state/lease.js';
import type { Ledger } from './ledger.js';

/** What a phase of writes needs. */
export interface WriteContext {
  readonly run: Run;
  readonly lease: Lease;
  readonly connection: DestinationConnection;
  readonly ledger: Ledger;
}

/** An end that is no success. */
export type Failure = Extract<WriteOutcome, { status: 'failed' | 'unknown' }>;

/** A step with the change that a driver is asked for. */
export type HandedStep = readonly [step: WriteStep, change: WriteChange];

/** Returns the change that a driver is asked for. */
export function toWriteChange({ change, after, before }: WriteStep): WriteChange {
  return {
    key: change.key,
    action: change.action,
    ...(change.kind === undefined ? {} : { kind: change.kind }),
    ...(after === undefined || change.action === 'delete' ? {} : { value: after }),
    ...(before === undefined ? {} : { entry: before }),
  };
}
