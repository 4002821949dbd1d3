import { expect, it } from 'vitest';
import { complaintsIn } from './complaints.js';

const HINT = '(Use `node --trace-warnings ...` to show where the warning was created)\n';
const EXPERIMENTAL = '(node:7) ExperimentalWarning: CommonJS module a.js is loading ES Module b.js\n';
const DEPRECATION = '(node:7) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.\n';
const LEAK = '(node:7) MaxListenersExceededWarning: 11 abort listeners added to [AbortSignal].\n';

it.each([
  ['', ''],
  [EXPERIMENTAL + HINT, ''],
  [DEPRECATION + '(Use `node --trace-deprecation ...` to show where the warning was created)\n', ''],
  [`${EXPERIMENTAL}${HINT}Error: no\n`, 'Error: no\n'],
  [LEAK + HINT, LEAK + HINT],
  [HINT, HINT],
])(
  'of what a program wrote to its stderr, what Node says of itself is no complaint: %j',
  (stderr, complaints) => {
    expect(complaintsIn(stderr)).toBe(complaints);
  },
);
