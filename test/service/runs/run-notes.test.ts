import { describe, expect, it } from 'vitest';
import { askedRun } from '../../../src/service/records/stored-sync.js';
import {
  begunRecord,
  failedRecord,
  succeededRecord,
  unneededRecord,
} from '../../../src/service/runs/run-notes.js';
import { at, recordWith, run } from './records-with-runs.js';

const asked = { ...askedRun('manual', 'job-1'), id: 'asked' };
const taken = { ...asked, isTaken: true };
const forced = { ...asked, options: { force: true } };
const failure = { digest: 'd1', attempts: 1, retryAt: at(60_000) };
const final = { ...failure, retryAt: null };
const ids = { runId: 'run', place: 'memory:shop', jobId: 'new' };
const running = { status: 'running', jobId: 'job-0', runId: 'run' } as const;

describe('a record whose run begins', () => {
  it.each([
    ['nothing is asked for', null, {}, null, 'new'],
    [
      'what is asked for has the same options',
      forced,
      { force: true },
      { ...forced, isTaken: true },
      'job-1',
    ],
    ['what is asked for has no options', asked, { force: true }, taken, 'job-1'],
    ['what is asked for has other options', forced, {}, forced, 'new'],
  ] as const)('takes what is asked for, or not: %s', (_, before, options, after, jobId) => {
    const record = recordWith({ sync: run({ status: 'pending', message: 'old', asked: before }) });
    expect(begunRecord(record, 'sync', ids, options).runs.sync).toEqual(
      run({ status: 'running', jobId, runId: 'run', asked: after }),
    );
  });

  it('takes an import only with the same options', () => {
    const record = recordWith({ import: run({ asked }) });
    const begun = (options: object) =>
      begunRecord(record, 'import', ids, options).runs.import?.asked?.isTaken;
    expect(begun({ importBehavior: 'prioritize-destination' })).toBe(false);
    expect(begun({})).toBe(true);
  });

  it('has the job of what was asked for only the first time, and that of a job that was carried here always', () => {
    const retried = recordWith({ sync: run({ status: 'failed', failure, asked }) });
    expect(begunRecord(retried, 'sync', ids, {}).runs.sync?.jobId).toBe('new');
    const first = recordWith({ sync: run({ asked }) });
    expect(begunRecord(first, 'sync', { ...ids, ownJobId: 'own' }, {}).runs.sync?.jobId).toBe('own');
  });

  it('is at the place of the run, and was at the one before', () => {
    const { place, formerPlaces } = begunRecord(recordWith({}), 'sync', { ...ids, place: 'memory:new' }, {});
    expect({ place, formerPlaces }).toEqual({ place: 'memory:new', formerPlaces: ['memory:shop'] });
  });
});

describe('a record whose run had nothing to do', () => {
  const before = { run: run({ status: 'failed', message: 'no', failure, asked }), version: 1 };

  it('says what it said before, and asks for what it asked for', () => {
    const record = recordWith({ sync: run({ ...running, failure, asked: taken }) });
    expect(unneededRecord(record, 'sync', before).runs.sync).toEqual(before.run);
  });

  it('is due where it was asked for in the meantime', () => {
    const anew = { ...forced, id: 'anew', jobId: 'job-2' };
    const record = recordWith({ sync: run({ ...running, asked: anew }) });
    expect(unneededRecord(record, 'sync', before).runs.sync).toEqual(
      run({ status: 'pending', jobId: 'job-2', asked: anew }),
    );
  });

  it('is due where it was changed in the meantime', () => {
    const record = recordWith({ sync: run({ ...running, asked: taken }) }, {}, { version: 2 });
    expect(unneededRecord(record, 'sync', before).runs.sync).toEqual({ ...before.run, failure: null });
  });

  it('has no run where it had none', () => {
    const record = recordWith({ sync: run(running) });
    const none = unneededRecord(record, 'sync', { run: null, version: 1 }).runs.sync;
    expect(none).toMatchObject({ failure: null, asked: null });
  });
});

describe('a record whose run succeeded', () => {
  const result = { sourceDigest: 'd2' } as never;
  const { definition } = recordWith({});
  const takenKeys = [{ syncId: 'other', name: 'other', keys: ['A'], hasMore: false, isLeft: true }];

  it('is in sync with what was read, and no key is taken from it', () => {
    const record = recordWith({ sync: run({ ...running, failure, asked: taken }) }, {}, { takenKeys });
    const { runs, sourceDigest, ...rest } = succeededRecord(record, 'sync', result, definition, at(0));
    expect(runs.sync).toEqual(run({ ...running, status: 'succeeded', succeededAt: at(0) }));
    expect({ sourceDigest, takenKeys: rest.takenKeys }).toEqual({ sourceDigest: 'd2', takenKeys: [] });
  });

  it('is due where more was asked for', () => {
    const record = recordWith({ sync: run({ ...running, asked }) });
    expect(succeededRecord(record, 'sync', result, definition, at(0)).runs.sync).toMatchObject({
      status: 'pending',
      jobId: 'job-1',
      succeededAt: at(0),
      asked,
    });
  });

  it('is not in sync where its definition is another one by now, or where nothing was synced', () => {
    const record = recordWith({ sync: run(running), import: run(running) }, {}, { takenKeys });
    const other = { ...definition, secretPath: '/other' };
    expect(succeededRecord(record, 'sync', result, other, at(0)).sourceDigest).toBe('d1');
    const imported = succeededRecord(record, 'import', result, definition, at(0));
    expect(imported).toMatchObject({ sourceDigest: 'd1', takenKeys });
    expect(succeededRecord(record, 'remove', result, definition, at(0))).toMatchObject({
      sourceDigest: 'd1',
      takenKeys: [],
    });
    expect(succeededRecord(record, 'sync', {} as never, definition, at(0)).sourceDigest).toBeNull();
  });
});

describe('a record whose run failed', () => {
  const { definition } = recordWith({});
  const failed = (state: object, more: object = {}) =>
    failedRecord(recordWith({ sync: run({ ...running, ...state }) }), 'sync', {
      message: 'no',
      failure,
      definition,
      ...more,
    }).runs.sync;

  it.each([
    ['is tried again for what was asked for', { asked: taken }, {}, { failure, asked }],
    [
      'is not, where only people can resolve it',
      { asked: taken },
      { failure: final },
      { failure: final, asked: null },
    ],
    ['is due again where it was ended', { asked: taken }, { failure: null }, { failure: null, asked }],
    [
      'is due where its definition is another one by now',
      { asked: taken },
      { failure: final, definition: { ...definition, secretPath: '/other' } },
      { failure: null, asked },
    ],
    [
      'keeps what it was asked for where no run had begun',
      { asked },
      { askedId: 'asked' },
      { failure, asked },
    ],
  ])('%s', (_, state, more, after) => {
    expect(failed(state, more)).toEqual(run({ ...running, status: 'failed', message: 'no', ...after }));
  });

  it.each([
    ['since', {}],
    ['since a run that had not begun', { askedId: 'before' }],
  ])('is due where it was asked for %s', (_, more) => {
    expect(failed({ asked }, { failure: final, ...more })).toEqual(
      run({ ...running, status: 'pending', jobId: 'job-1', asked }),
    );
  });
});
