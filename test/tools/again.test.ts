import { describe, expect, it } from 'vitest';
import { describeRuns, failuresOf, hasRun, parseAgainOptions } from '../../tools/again.js';

describe('the arguments of test:again', () => {
  it.each([
    [[], { runs: 10, isBusy: false, files: [] }],
    [['20'], { runs: 20, isBusy: false, files: [] }],
    [['--busy', '3'], { runs: 3, isBusy: true, files: [] }],
    [['3', '--busy', '--', 'test/http', '--bail'], { runs: 3, isBusy: true, files: ['test/http', '--bail'] }],
    [['--', '7'], { runs: 10, isBusy: false, files: ['7'] }],
  ])('%j are understood', (args, options) => {
    expect(parseAgainOptions(args)).toEqual(options);
  });

  it.each([[['0']], [['-1']], [['1.5']], [['many']], [['2', '3']], [['--idle']]])(
    '%j are refused',
    (args) => {
      expect(() => parseAgainOptions(args)).toThrow();
    },
  );
});

describe('what test:again reports', () => {
  const test = (title: string, status: string, failureMessages: string[] = []) => ({
    ancestorTitles: ['a group'],
    title,
    status,
    failureMessages,
  });

  it('names each test that failed, and each file that failed without one', () => {
    const report = {
      testResults: [
        {
          name: '/root/test/a.test.ts',
          status: 'failed',
          message: '',
          assertionResults: [test('holds', 'passed'), test('fails', 'failed', ['expected 1\n  at a.ts'])],
        },
        { name: '/root/test/b.test.ts', status: 'failed', message: 'no such module\n', assertionResults: [] },
        {
          name: '/root/test/c.test.ts',
          status: 'passed',
          message: '',
          assertionResults: [test('x', 'skipped')],
        },
      ],
    };
    expect(failuresOf(JSON.stringify(report), '/root')).toEqual([
      { name: 'test/a.test.ts > a group > fails', message: 'expected 1' },
      { name: 'test/b.test.ts', message: 'no such module' },
    ]);
  });

  it('tells a run without any file from one in which nothing failed', () => {
    const file = { name: '/root/test/a.test.ts', status: 'passed', message: '', assertionResults: [] };
    expect(hasRun(JSON.stringify({ testResults: [file] }))).toBe(true);
    expect(hasRun(JSON.stringify({ testResults: [] }))).toBe(false);
  });

  it('counts how often each failed, the most frequent first', () => {
    expect(describeRuns([['b'], [], ['c', 'a', 'b']])).toBe(
      '3 failed in 3 runs\n  2 of 3: b\n  1 of 3: a\n  1 of 3: c',
    );
    expect(describeRuns([[], []])).toBe('0 failed in 2 runs');
    expect(describeRuns([[]])).toBe('0 failed in 1 run');
  });
});
