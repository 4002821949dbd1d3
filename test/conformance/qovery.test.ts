import { describe, it } from 'vitest';
import { driverConformance } from '../../src/testing/conformance/driver/index.js';
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

VARIANTS.forEach(([name, options], index) => {
  // Failures differ little between the variants, and take their time.
  const failures = index === 0 ? QOVERY_FAILURES : [];
  driverConformance({ name, create: (tokens) => qoveryFixture(tokens, options), failures }, { describe, it });
});
