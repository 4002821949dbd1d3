import { describe, expect, it } from 'vitest';
import { driverConformance } from '../../src/testing/conformance/driver/index.js';
import type { Exchange } from './exchanges.js';
import { EXCEPTIONS, qoverySpecification } from './qovery/specification.js';
import { QOVERY_FAILURES, qoveryFixture, type QoveryFixtureOptions } from './qovery-fixture.js';

const VARIANTS: readonly (readonly [name: string, options: QoveryFixtureOptions])[] = [
  ['qovery with secrets', {}],
  ['qovery with variables of a project', { variableType: 'variable', scope: 'project' }],
  [
    'qovery with secrets, where what is not documented is otherwise',
    {
      bothKinds: 'allowed',
      updatedAt: 'after-edit',
      listPrecision: 's',
      answerPrecision: 'ms',
      timeZone: '+00:00',
      conflictBody: 'plain',
      ownedBy: 'api-token',
      missing: '403',
      secretValue: 'absent',
      emptyFields: 'absent',
      projectListShowsDependents: true,
      errorBody: 'text',
    },
  ],
];

/** What the last variant leaves out, although the specification wants it. */
const OTHERWISE = 'VariableResponse.value is missing';

const exchanges: Exchange[] = [];

VARIANTS.forEach(([name, options], index) => {
  // Failures and sockets differ little between the variants, and take their time.
  const failures = index === 0 ? QOVERY_FAILURES : [];
  driverConformance(
    {
      name,
      create: (tokens) => qoveryFixture(tokens, { ...options, exchanges, sockets: index === 0 }),
      failures,
      followUp: options.scope !== 'project',
    },
    { describe, it },
  );
});

describe('what went over the wire in all of this', () => {
  it('is valid by the official specification: each request, and each response but for the listed exceptions', () => {
    const { requestProblems, responseProblems } = qoverySpecification();
    const requests = new Set(exchanges.flatMap((exchange) => requestProblems(exchange)));
    expect([...requests]).toEqual([]);
    const responses = new Set(exchanges.flatMap((exchange) => responseProblems(exchange)));
    expect(responses).toContain(OTHERWISE);
    expect([...responses].filter((problem) => ![...EXCEPTIONS, OTHERWISE].includes(problem))).toEqual([]);
    const methods = new Set(exchanges.map(({ method }) => method));
    expect([...methods].sort()).toEqual(['DELETE', 'GET', 'POST', 'PUT']);
    expect(exchanges.filter(({ status }) => status !== undefined).length).toBeGreaterThan(500);
  });
});
