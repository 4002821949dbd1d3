import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { parseDefinitionFields } from '../../../src/core/definition/parse-definition.js';
import { planSync, type PlanSyncInput } from '../../../src/core/plan-sync.js';
import { deepFreeze } from '../../support/properties/deep-freeze.js';
import { type ErrorProblem } from '../../../src/contracts/error-codes.js';

/** A definition as JSON, which can hold anything. */
const attempt = (definition: unknown) =>
  planSync({ definition: definition as PlanSyncInput['definition'], source: {}, destination: {} });

function thrownBy(definition: unknown) {
  try {
    attempt(definition);
  } catch (error) {
    if (isSecretSyncError(error)) return error;
    throw error;
  }
  throw new Error('The definition was taken.');
}

const problemsOf = (definition: unknown): readonly ErrorProblem[] => thrownBy(definition).problems ?? [];

const long = (length: number) => 'a'.repeat(length);

describe('a definition is refused, with path and remedy, where', () => {
  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['the name is missing', { name: undefined }, 'name', /missing; set it/],
    ['the name is not a string', { name: 7 }, 'name', /must be a string/],
    ['the name is empty', { name: '' }, 'name', /not a slug; use a-z and 0-9/],
    ['the name has capitals', { name: 'Nightly' }, 'name', /not a slug/],
    ['the name has two dashes in a row', { name: 'a--b' }, 'name', /not a slug/],
    ['the name starts with a dash', { name: '-a' }, 'name', /not a slug/],
    ['the name ends with a dash', { name: 'a-' }, 'name', /not a slug/],
    ['the name has 257 characters', { name: long(257) }, 'name', /too long; shorten it to 256/],
    ['the id is empty', { id: '' }, 'id', /1 to 256/],
    ['the id has a slash', { id: 'a/b' }, 'id', /1 to 256/],
    ['the id is one dot', { id: '.' }, 'id', /1 to 256/],
    ['the id is two dots', { id: '..' }, 'id', /1 to 256/],
    ['the id is not a string', { id: 1 }, 'id', /must be a string/],
    ['the description has 257 characters', { description: long(257) }, 'description', /shorten it to 256/],
    ['the description is not a string', { description: {} }, 'description', /must be a string/],
    ['projectId is not a string', { projectId: 1 }, 'projectId', /must be a string/],
    ['environment is not a string', { environment: 1 }, 'environment', /must be a string/],
    ['secretPath is not a string', { secretPath: [] }, 'secretPath', /must be a string/],
    ['connectionId is empty', { connectionId: '' }, 'connectionId', /leave it out/],
    ['isEnabled is no boolean', { isEnabled: 'yes' }, 'isEnabled', /true or false/],
    ['destination is empty', { destination: '' }, 'destination', /it is empty; set it/],
    ['destination is not a string', { destination: 1 }, 'destination', /must be a string/],
    ['syncOptions is no object', { syncOptions: 'x' }, 'syncOptions', /must be an object/],
    ['destinationConfig is null', { destinationConfig: null }, 'destinationConfig', /must be an object/],
    ['destinationConfig is a list', { destinationConfig: [] }, 'destinationConfig', /must be an object/],
    [
      'initialSyncBehavior is unknown',
      { syncOptions: { initialSyncBehavior: 'merge' } },
      'syncOptions.initialSyncBehavior',
      /"overwrite-destination", "import-prioritize-source"/,
    ],
    [
      'autoSyncEnabled is no boolean',
      { syncOptions: { autoSyncEnabled: 1 } },
      'syncOptions.autoSyncEnabled',
      /true or false/,
    ],
    [
      'disableSecretDeletion is no boolean',
      { syncOptions: { disableSecretDeletion: 'true' } },
      'syncOptions.disableSecretDeletion',
      /true or false/,
    ],
    [
      'keySchema is not a string',
      { syncOptions: { keySchema: 1 } },
      'syncOptions.keySchema',
      /must be a string/,
    ],
    [
      'keySchema has no placeholder',
      { syncOptions: { keySchema: 'A' } },
      'syncOptions.keySchema',
      /exactly once/,
    ],
    [
      'deletionScope is unknown',
      { syncOptions: { deletionScope: 'all' } },
      'syncOptions.deletionScope',
      /"ask", "matching", "owned"/,
    ],
    ['maxDeletions is no object', { syncOptions: { maxDeletions: 5 } }, 'syncOptions.maxDeletions', /./],
    [
      'maxDeletions.count is negative',
      { syncOptions: { maxDeletions: { count: -1 } } },
      'syncOptions.maxDeletions.count',
      /at least 0/,
    ],
    [
      'maxDeletions.count is no whole number',
      { syncOptions: { maxDeletions: { count: 1.5 } } },
      'syncOptions.maxDeletions.count',
      /whole number/,
    ],
    [
      'maxDeletions.count is NaN',
      { syncOptions: { maxDeletions: { count: NaN } } },
      'syncOptions.maxDeletions.count',
      /whole number/,
    ],
    [
      'maxDeletions.ratio is no number',
      { syncOptions: { maxDeletions: { ratio: 'half' } } },
      'syncOptions.maxDeletions.ratio',
      /^it must be a number from 0 to 1$/,
    ],
    [
      'maxDeletions.ratio is above 1',
      { syncOptions: { maxDeletions: { ratio: 1.1 } } },
      'syncOptions.maxDeletions.ratio',
      /0 to 1/,
    ],
    [
      'maxDeletions.ratio is below 0',
      { syncOptions: { maxDeletions: { ratio: -0.1 } } },
      'syncOptions.maxDeletions.ratio',
      /0 to 1/,
    ],
    [
      'allowEmptySource is no boolean',
      { syncOptions: { allowEmptySource: 0 } },
      'syncOptions.allowEmptySource',
      /true or false/,
    ],
    [
      'allowReplace is no boolean',
      { syncOptions: { allowReplace: 0 } },
      'syncOptions.allowReplace',
      /true or false/,
    ],
    [
      'invalidKeys is unknown',
      { syncOptions: { invalidKeys: 'drop' } },
      'syncOptions.invalidKeys',
      /"refuse", "skip"/,
    ],
    [
      'redeploy is unknown',
      { syncOptions: { redeploy: true } },
      'syncOptions.redeploy',
      /"never", "start", "wait"/,
    ],
    [
      'a field of syncOptions is unknown',
      { syncOptions: { keyScheme: 'x' } },
      'syncOptions.keyScheme',
      /unknown; remove it, or correct its name/,
    ],
    [
      'a field of maxDeletions is unknown',
      { syncOptions: { maxDeletions: { most: 1 } } },
      'syncOptions.maxDeletions.most',
      /unknown; remove it/,
    ],
  ])('%s', (_title, fields, path, message) => {
    const problems = problemsOf({ name: 'nightly', ...fields });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ path, message: expect.stringMatching(message) as unknown });
  });

  it('an environment that the key schema needs is not a string: both are named', () => {
    const syncOptions = { keySchema: '{{environment}}_{{secretKey}}' };
    expect(problemsOf({ name: 'nightly', environment: 7, syncOptions }).map(({ path }) => path)).toEqual([
      'environment',
      'syncOptions.keySchema',
    ]);
  });

  it('a field is unknown, __proto__ too: it is named', () => {
    const definition: unknown = JSON.parse('{ "name": "nightly", "nmae": 1, "__proto__": {} }');
    expect(thrownBy(definition).message).toMatch(/"__proto__": it is unknown[^]*"nmae": it is unknown/);
    const withProto: unknown = JSON.parse('{ "name": "nightly", "syncOptions": { "__proto__": 1 } }');
    expect(thrownBy(withProto).message).toMatch(/"syncOptions.__proto__": it is unknown/);
  });

  it('many things are wrong: all are named at once', () => {
    const error = thrownBy({
      name: 'Bad Name',
      description: long(257),
      isEnabled: 1,
      extra: true,
      syncOptions: {
        keySchema: '{{environment}}.',
        deletionScope: 'all',
        maxDeletions: { count: -1, ratio: 2 },
      },
    });
    expect(error.code).toBe('INVALID_DEFINITION');
    const paths = (error.problems ?? []).map(({ path }) => path);
    expect(new Set(paths)).toEqual(
      new Set([
        'extra',
        'name',
        'description',
        'isEnabled',
        'syncOptions.keySchema',
        'syncOptions.deletionScope',
        'syncOptions.maxDeletions.count',
        'syncOptions.maxDeletions.ratio',
      ]),
    );
    expect(paths.filter((path) => path === 'syncOptions.keySchema')).toHaveLength(3);
    for (const path of paths) expect(error.message).toContain(path);
  });

  it('only a field is wrong: the code of the problem is that of the error', () => {
    const { code, problems } = thrownBy({ name: 7 });
    expect(code).toBe('INVALID_DEFINITION');
    expect(problems).toEqual([{ code: 'INVALID_DEFINITION', path: 'name', message: 'it must be a string' }]);
  });

  it('only the key schema is wrong: the code says so', () => {
    expect(thrownBy({ name: 'nightly', syncOptions: { keySchema: 'A' } }).code).toBe('INVALID_KEY_SCHEMA');
  });

  it('the schema needs an environment that the definition does not have', () => {
    const syncOptions = { keySchema: '{{environment}}_{{secretKey}}' };
    expect(thrownBy({ name: 'nightly', syncOptions }).message).toMatch(/set the definition's environment/);
    expect(attempt({ name: 'nightly', environment: 'prod', syncOptions }).applicable).toBe(true);
  });
});

describe('a definition is taken', () => {
  it('at the bounds of what is allowed', () => {
    const { definition } = attempt({
      name: `${long(254)}-1`,
      id: 'A.b_c-1',
      description: long(256),
      syncOptions: { maxDeletions: { count: 0, ratio: 1 } },
    });
    expect(definition.id).toBe('A.b_c-1');
    expect(definition.syncOptions.maxDeletions).toEqual({ count: 0, ratio: 1 });
  });

  it.each(['my-long-sync', 'a', '0', '2026-01-01', 'a1-b2'])('with the name %s', (name) => {
    expect(attempt({ name }).definition).toMatchObject({ name, id: name });
  });

  it.each(['.env', '..a', '...', 'a.', '-', '_', 'A'])('with the id %s', (id) => {
    expect(attempt({ name: 'nightly', id }).definition.id).toBe(id);
  });

  it('with null in its destinationConfig, which is left as it is', () => {
    const destinationConfig = { none: null, list: [null] };
    expect(attempt({ name: 'nightly', destinationConfig }).definition.destinationConfig).toEqual(
      destinationConfig,
    );
  });

  it('with fields that are undefined, as without them', () => {
    const fields = { description: undefined, syncOptions: { keySchema: undefined, maxDeletions: undefined } };
    expect(attempt({ name: 'nightly', ...fields })).toEqual(attempt({ name: 'nightly' }));
  });

  it('as it stands in JSON, every field of it, and comes back with its defaults', () => {
    const given = {
      id: 'fixed',
      name: 'nightly',
      description: 'words',
      projectId: 'p',
      environment: 'prod',
      secretPath: '/app',
      connectionId: 'c',
      isEnabled: false,
      syncOptions: {
        initialSyncBehavior: 'import-prioritize-source',
        autoSyncEnabled: false,
        disableSecretDeletion: true,
        keySchema: 'APP_{{secretKey}}',
        deletionScope: 'owned',
        maxDeletions: { count: 3, ratio: 0.1 },
        allowEmptySource: true,
        allowReplace: true,
        invalidKeys: 'skip',
        deleteLeftBehind: true,
        redeploy: 'wait',
      },
      destination: 'my-driver',
      destinationConfig: { b: [{ y: 1, x: 2 }], a: 'z' },
    };
    const plan = attempt(deepFreeze(given));
    expect(plan.definition).toEqual(given);
    expect(plan.place).toBe('my-driver');
  });

  it.each(['never', 'start', 'wait'] as const)('with a redeployment %s', (redeploy) => {
    expect(attempt({ name: 'nightly', syncOptions: { redeploy } }).definition.syncOptions.redeploy).toBe(
      redeploy,
    );
  });

  it('in any order of its fields, to the same bytes', () => {
    const config = { b: [{ y: 1, x: 2 }], a: 'z' };
    const there = attempt({
      name: 'nightly',
      id: 'x',
      syncOptions: { allowReplace: true, deletionScope: 'owned' },
      destinationConfig: config,
    });
    const back = attempt({
      destinationConfig: { a: 'z', b: [{ x: 2, y: 1 }] },
      syncOptions: { deletionScope: 'owned', allowReplace: true },
      id: 'x',
      name: 'nightly',
    });
    expect(JSON.stringify(back)).toBe(JSON.stringify(there));
  });
});

describe('what an error can say of a definition', () => {
  const rest = { destination: 'memory', destinationConfig: {} };

  it.each<[string, Record<string, unknown>, string | undefined, string | undefined]>([
    ['its id and its connection', { id: 'fixed', name: 'nightly', connectionId: 'c' }, 'fixed', 'c'],
    ['its name where it has no id', { name: 'nightly' }, 'nightly', undefined],
    [
      'also where another field is wrong',
      { name: 'nightly', connectionId: 'c', isEnabled: 1 },
      'nightly',
      'c',
    ],
    ['no id that is wrong', { id: 'a/b', name: 'nightly' }, undefined, undefined],
    ['no id that is no string', { id: 7, name: 'nightly' }, undefined, undefined],
    ['no name that is wrong', { name: 'Not A Slug' }, undefined, undefined],
    ['no connection that is wrong', { name: 'nightly', connectionId: '' }, 'nightly', undefined],
    ['nothing where it has none of them', { connectionId: 7 }, undefined, undefined],
  ])('is %s', (_title, fields, definitionId, connectionId) => {
    const { context } = parseDefinitionFields({ ...fields, ...rest });
    expect(context).toEqual({ definitionId, connectionId });
  });

  it('is nothing where it is too deep or too large to be read', () => {
    const circle: Record<string, unknown> = { name: 'nightly', ...rest };
    circle['destinationConfig'] = circle;
    const message = (start: string) =>
      expect.stringMatching(new RegExp(`^it ${start}.*; make it a plain, flat object$`)) as unknown;
    expect(parseDefinitionFields(circle)).toEqual({
      problems: [{ code: 'INVALID_DEFINITION', message: message('is nested deeper') }],
      context: {},
    });
    const wide = { name: 'nightly', ...rest, destinationConfig: { list: Array(10_001).fill(0) } };
    expect(parseDefinitionFields(wide).problems).toEqual([
      { code: 'INVALID_DEFINITION', message: message('has more than 10000 fields') },
    ]);
  });
});
