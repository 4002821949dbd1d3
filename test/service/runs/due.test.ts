import { describe, expect, it } from 'vitest';
import { askedRun, type RunState, type StoredSync } from '../../../src/service/records/stored-sync.js';
import { decide, dueJobs, isSwitchedOff, needsDigest } from '../../../src/service/runs/due.js';
import { jobOf, type SyncJob } from '../../../src/service/runs/sync-job.js';
import { at, HOUR, NOW, recordWith, run } from './records-with-runs.js';

const options = { now: NOW, reconcileInterval: HOUR };
const succeeded = run({ status: 'succeeded', succeededAt: at(-60_000) });
const failed = (retryAt: string | null, digest: string | null = 'd2') =>
  run({ status: 'failed', failure: { digest, attempts: 2, retryAt } });
const asked = (state: Partial<RunState> = {}) =>
  run({ ...state, asked: askedRun('manual', null, { force: true }) });
const sync = (sourceDigest?: string): SyncJob => jobOf('shop', 'sync', 'change', { sourceDigest });
const off = { syncOptions: { autoSyncEnabled: false } };
const deletion = { id: 'x', status: 'running' } as const;

/** What is decided, in a line. */
function decided(record: StoredSync, job: SyncJob): string {
  const decision = decide(record, job, options);
  if (decision.status !== 'due') return decision.status;
  const { cause, unlessDigest } = decision;
  return unlessDigest === undefined ? `due ${cause}` : `due ${cause} unless ${unlessDigest}`;
}

describe('whether a job is due', () => {
  it.each([
    ['a record that is being deleted', recordWith({ sync: null }, {}, { deletion }), sync('d2'), 'unwanted'],
    ['the same, asked for', recordWith({ sync: asked() }, {}, { deletion }), sync('d2'), 'unwanted'],
    [
      'a record whose deletion failed',
      recordWith({ sync: null }, {}, { deletion: { ...deletion, status: 'failed' } }),
      sync('d2'),
      'due created',
    ],
    ['a record that is disabled', recordWith({ sync: null }, { isEnabled: false }), sync('d2'), 'unwanted'],
    [
      'the same, whose removal was asked for',
      recordWith({ remove: asked() }, { isEnabled: false }),
      jobOf('shop', 'remove', 'manual'),
      'due manual',
    ],
    ['a run under way', recordWith({ sync: run({ status: 'running' }) }), sync('d2'), 'busy'],
    ['the same, asked for again', recordWith({ sync: asked({ status: 'running' }) }), sync('d2'), 'busy'],
    ['an operation that was asked for', recordWith({ sync: asked() }), sync('d1'), 'due manual'],
    ['the same, without auto-sync', recordWith({ sync: asked() }, off), sync(), 'due manual'],
    [
      'asked for after a success on the same digest',
      recordWith({ sync: asked(succeeded) }),
      sync('d1'),
      'due manual',
    ],
    [
      'asked for, failed, too early',
      recordWith({ import: asked(failed(at(1))) }),
      jobOf('shop', 'import', 'retry'),
      'unwanted',
    ],
    [
      'asked for, failed, in time',
      recordWith({ import: asked(failed(at(0))) }),
      jobOf('shop', 'import', 'retry'),
      'due retry',
    ],
    ['an import that was not asked for', recordWith({}), jobOf('shop', 'import', 'manual'), 'unwanted'],
    [
      'a removal that was done',
      recordWith({ remove: succeeded }),
      jobOf('shop', 'remove', 'manual'),
      'unwanted',
    ],
    ['without auto-sync', recordWith({ sync: succeeded }, off), sync('d2'), 'unwanted'],
    ['never synced', recordWith({}), sync(), 'due created'],
    ['a run that did not end', recordWith({ sync: run({ status: 'failed' }) }), sync('d1'), 'due change'],
    ['failed, in time', recordWith({ sync: failed(at(0)) }), sync('d2'), 'due retry'],
    [
      'failed, by a clock that was a year ahead',
      recordWith({ sync: failed(at(365 * 24 * HOUR)) }),
      sync('d2'),
      'due retry',
    ],
    [
      'failed and told to wait a day, by a clock that is a day ahead',
      recordWith({ sync: failed(at(48 * HOUR)) }),
      sync('d2'),
      'unwanted',
    ],
    ['failed, too early, on the same digest', recordWith({ sync: failed(at(1)) }), sync('d2'), 'unwanted'],
    [
      'failed, too early, on another digest',
      recordWith({ sync: failed(at(1)) }),
      sync('d3'),
      'due change unless d2',
    ],
    [
      'failed, too early, on an unknown digest',
      recordWith({ sync: failed(at(1)) }),
      sync(),
      'due change unless d2',
    ],
    ['left to people, on the same digest', recordWith({ sync: failed(null) }), sync('d2'), 'unwanted'],
    [
      'left to people, on another digest',
      recordWith({ sync: failed(null) }),
      sync('d3'),
      'due change unless d2',
    ],
    [
      'failed before the source was read, which now is',
      recordWith({ sync: failed(null, null) }),
      sync('d1'),
      'due change',
    ],
    ['failed before the source was read', recordWith({ sync: failed(null, null) }), sync(), 'unwanted'],
    ['succeeded on the same digest', recordWith({ sync: succeeded }), sync('d1'), 'unwanted'],
    ['succeeded on another digest', recordWith({ sync: succeeded }), sync('d2'), 'due change unless d1'],
    ['succeeded on an unknown digest', recordWith({ sync: succeeded }), sync(), 'due change unless d1'],
    [
      'succeeded for another definition',
      recordWith({ sync: succeeded }, {}, { sourceDigest: null }),
      sync('d1'),
      'due change',
    ],
    [
      'succeeded an interval ago',
      recordWith({ sync: run({ status: 'succeeded', succeededAt: at(-HOUR) }) }),
      sync('d1'),
      'due reconcile',
    ],
    [
      'succeeded, by a clock that was a year ahead',
      recordWith({ sync: run({ status: 'succeeded', succeededAt: at(365 * 24 * HOUR) }) }),
      sync('d1'),
      'due reconcile',
    ],
    [
      'succeeded, by a clock that is a day ahead',
      recordWith({ sync: run({ status: 'succeeded', succeededAt: at(24 * HOUR) }) }),
      sync('d1'),
      'unwanted',
    ],
  ])('%s', (_title, record, job, expected) => {
    const before = structuredClone(record);
    expect(decided(record, job)).toBe(expected);
    expect(record).toEqual(before);
    // A job is JSON, and so is all that decides about it.
    const [read, again] = [JSON.parse(JSON.stringify(record)), JSON.parse(JSON.stringify(job))] as [
      StoredSync,
      SyncJob,
    ];
    expect(decided(read, again)).toBe(expected);
  });

  it('gives jobs with their options, and needs a digest only where that decides', () => {
    const record = recordWith({ sync: succeeded, import: asked(), remove: failed(null) });
    expect(dueJobs(record, undefined, options)).toEqual([
      { syncId: 'shop', operation: 'import', cause: 'manual', options: { force: true } },
    ]);
    expect(dueJobs(record, 'd2', options)[0]).toEqual({
      syncId: 'shop',
      operation: 'sync',
      cause: 'change',
      sourceDigest: 'd2',
    });
    expect(needsDigest(record, options)).toBe(true);
    for (const other of [
      recordWith({ sync: asked() }),
      recordWith({ sync: succeeded }, off),
      recordWith({ sync: run({ status: 'running' }) }),
      recordWith({ sync: failed(at(0)) }),
    ])
      expect(needsDigest(other, options)).toBe(false);
    expect(needsDigest(recordWith({ sync: failed(null, null) }), options)).toBe(true);
  });

  it('ends runs that are switched off, but not what was asked for or deletes', () => {
    const noAutoSync = recordWith({}, off);
    const disabled = recordWith({}, { isEnabled: false });
    const ends = (record: StoredSync, cause: SyncJob['cause'], operation: SyncJob['operation'] = 'sync') =>
      isSwitchedOff(record, jobOf('shop', operation, cause));
    expect([ends(noAutoSync, 'change'), ends(noAutoSync, 'retry'), ends(noAutoSync, 'reconcile')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([ends(noAutoSync, 'created'), ends(noAutoSync, 'manual')]).toEqual([false, false]);
    expect([ends(disabled, 'created'), ends(disabled, 'manual', 'remove')]).toEqual([true, false]);
    const leaving = recordWith({}, {}, { deletion });
    expect([ends(leaving, 'change'), ends(leaving, 'deleted', 'remove')]).toEqual([true, false]);
  });
});
