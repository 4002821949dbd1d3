import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/sources/memory.js';
import { startQoveryEmulator, type QoveryEmulator } from '../../../src/testing/emulators/qovery/index.js';
import { createEngine, qoveryTarget } from '../../support/engine.js';
import { notingFetch, type Exchange } from '../exchanges.js';
import { EXCEPTIONS, qoverySpecification } from './specification.js';

let emulator: QoveryEmulator;
const exchanges: Exchange[] = [];
beforeAll(async () => {
  emulator = await startQoveryEmulator();
  const { driver, definition } = qoveryTarget(emulator);
  const source = memorySource({ A: '1' });
  const { engine } = createEngine({ source, drivers: [driver], fetch: notingFetch(exchanges) });
  await engine.sync(definition());
});
afterAll(() => emulator.close());

type Change = Readonly<Partial<Record<'body' | 'response' | 'query', Readonly<Record<string, unknown>>>>> & {
  readonly path?: string;
};

/** The create as it was sent, with something changed; `undefined` leaves a field out. */
function broken({ path, ...changes }: Change): Exchange {
  const real = exchanges.find(({ method }) => method === 'POST');
  if (real === undefined) throw new Error('No variable was created.');
  const merge = (part: keyof typeof changes): unknown =>
    JSON.parse(JSON.stringify({ ...Object(real[part]), ...changes[part] }));
  return {
    ...real,
    path: path ?? real.path,
    query: { ...real.query, ...(changes.query as Record<string, string>) },
    body: merge('body'),
    response: merge('response'),
  };
}

const problemsOf = (exchange: Exchange): string[] => {
  const { requestProblems, responseProblems } = qoverySpecification();
  return [...requestProblems(exchange), ...responseProblems(exchange)].filter(
    (problem) => !EXCEPTIONS.includes(problem),
  );
};

describe('the official specification of Qovery, made from the types of its client', () => {
  it('finds nothing in what the driver sends and the emulator returns', () => {
    expect(exchanges.map(({ method }) => method)).toEqual(['GET', 'POST']);
    expect(exchanges.flatMap(problemsOf)).toEqual([]);
  });

  it.each<readonly [fault: string, change: Change, problem: string]>([
    ['a field that is not declared', { body: { secret: true } }, 'VariableRequest.secret is not declared'],
    ['a field that is missing', { body: { is_secret: undefined } }, 'VariableRequest.is_secret is missing'],
    ['a value of another type', { body: { value: 1 } }, 'VariableRequest.value breaks its type'],
    [
      'a word that is no scope',
      { body: { variable_scope: 'environment' } },
      'VariableRequest.variable_scope breaks its enum',
    ],
    [
      'an id that is no UUID',
      { body: { variable_parent_id: 'shop' } },
      'VariableRequest.variable_parent_id breaks its format',
    ],
    ['a null where none was captured', { response: { key: null } }, 'VariableResponse.key is null'],
    [
      'a time that is none',
      { response: { created_at: '2026-08-01 at noon' } },
      'VariableResponse.created_at breaks its format',
    ],
    ['a query that is not declared', { query: { page: '1' } }, 'the query has page, which is not declared'],
    ['a path that does not exist', { path: '/variables' }, 'POST is no call of the specification'],
  ])('finds each deliberate fault: %s', (_fault, change, problem) => {
    expect(problemsOf(broken(change))).toEqual([problem]);
  });
});
