import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { compileKeySchema } from '../../../src/core/definition/key-schema.js';
import { anyKey, anyText } from '../../support/properties/arbitraries.js';
import { propertyRuns } from '../../support/properties/property.js';

const SECRET = '{{secretKey}}';
const ENVIRONMENT = '{{environment}}';

function problemsOf(template: string, environment?: string) {
  try {
    compileKeySchema(template, { environment });
  } catch (error) {
    if (isSecretSyncError(error, 'INVALID_KEY_SCHEMA')) return error.problems ?? [];
    throw error;
  }
  return [];
}

describe('a key schema renders', () => {
  it.each([
    [`APP_${SECRET}`, undefined, 'KEY', 'APP_KEY'],
    [`${SECRET}_APP`, undefined, 'KEY', 'KEY_APP'],
    [`A-b/9_${SECRET}/z`, undefined, 'KEY', 'A-b/9_KEY/z'],
    [`${SECRET}`, undefined, 'KEY', 'KEY'],
    [`  APP_${SECRET}\n`, undefined, 'KEY', 'APP_KEY'],
    [`${ENVIRONMENT}_${SECRET}_${ENVIRONMENT}`, 'prod', 'KEY', 'prod_KEY_prod'],
    [`${ENVIRONMENT}${ENVIRONMENT}${SECRET}`, 'x', 'KEY', 'xxKEY'],
    [`APP_${SECRET}`, 'prod', ENVIRONMENT, `APP_${ENVIRONMENT}`],
    [`${ENVIRONMENT}_${SECRET}`, 'prod', SECRET, `prod_${SECRET}`],
    [`${ENVIRONMENT}_${SECRET}`, SECRET, 'KEY', `${SECRET}_KEY`],
    [`${ENVIRONMENT}_${SECRET}`, '$& $1 <b>&amp;', '$&<"\'>', '$& $1 <b>&amp;_$&<"\'>'],
  ])('%j in the environment %j: %j becomes %j', (template, environment, sourceKey, key) => {
    const schema = compileKeySchema(template, { environment });
    expect(schema.render(sourceKey)).toBe(key);
  });

  it('every key as itself when there is no template', () => {
    const schema = compileKeySchema(undefined);
    expect(schema.template).toBeUndefined();
    expect(['A', '', '__proto__'].map(schema.render)).toEqual(['A', '', '__proto__']);
    expect(['A', '', '__proto__'].map(schema.strip)).toEqual(['A', '', '__proto__']);
    expect(schema.match('') && schema.match('anything/at all')).toBe(true);
  });
});

describe('a destination key', () => {
  it.each([
    ['that holds prefix and suffix matches', `A_${SECRET}_Z`, 'A_KEY_Z', 'KEY'],
    ['with another prefix does not match', `A_${SECRET}_Z`, 'B_KEY_Z', undefined],
    ['with another suffix does not match', `A_${SECRET}_Z`, 'A_KEY_Y', undefined],
    ['with an empty secret part does not match', `A_${SECRET}`, 'A_', undefined],
    ['in which prefix and suffix overlap does not match', `A_${SECRET}_A`, 'A_A', undefined],
    ['that is empty does not match a bare placeholder', SECRET, '', undefined],
    ['in another case does not match', `A_${SECRET}`, 'a_KEY', undefined],
    ['that holds the prefix twice loses it once', `A_${SECRET}`, 'A_A_KEY', 'A_KEY'],
    ['with a slash in the secret part matches where the schema has none', `A_${SECRET}`, 'A_x/y', 'x/y'],
    [
      'with a slash in the secret part does not match below a prefix with one',
      `a/${SECRET}`,
      'a/x/y',
      undefined,
    ],
    [
      'with a slash in the secret part does not match above a suffix with one',
      `${SECRET}/z`,
      'x/y/z',
      undefined,
    ],
    ['of one segment matches below a prefix with a slash', `a/${SECRET}`, 'a/x', 'x'],
  ])('%s', (_title, template, key, stripped) => {
    const schema = compileKeySchema(template);
    expect(schema.strip(key)).toBe(stripped);
    expect(schema.match(key)).toBe(stripped !== undefined);
  });

  it('does not match across segments when it is the environment that brings the slash', () => {
    const schema = compileKeySchema(`${ENVIRONMENT}_${SECRET}`, { environment: 'eu/prod' });
    expect(schema.strip('eu/prod_A')).toBe('A');
    expect(schema.match('eu/prod_A/B')).toBe(false);
  });
});

describe('a template is refused, with the remedy, when it', () => {
  it.each([
    [
      'has no placeholder for the key',
      'APP',
      undefined,
      /does not contain \{\{secretKey\}\}; write it exactly once/,
    ],
    ['is empty', '', undefined, /does not contain/],
    ['has two placeholders for the key', `${SECRET}${SECRET}`, undefined, /2 times.*exactly once/],
    [
      'has an unknown placeholder',
      `{{folder}}_${SECRET}`,
      undefined,
      /"\{\{folder\}\}" is not a placeholder/,
    ],
    ['has blanks in a placeholder', `{{ secretKey }}_${SECRET}`, undefined, /without spaces/],
    ['has a character that is not allowed', `APP.${SECRET}`, undefined, /"\."; use only A-Z/],
    ['has a blank within', `A B_${SECRET}`, undefined, /" "/],
    ['has a control character', `A\u0000${SECRET}`, undefined, /"\\u0000"/],
    ['has a brace too many', `{${SECRET}}`, undefined, /"\{", "\}"/],
    ['has a placeholder that is not closed', `{{environment_${SECRET}`, 'prod', /use only A-Z/],
    ['hides the key in another placeholder', `{{environ${SECRET}ment}}`, 'prod', /use only A-Z/],
    [
      'hides a placeholder in the one for the key',
      `{{secret${ENVIRONMENT}Key}}${SECRET}`,
      'prod',
      /use only A-Z/,
    ],
    [
      'has 256 characters',
      'A'.repeat(256 - SECRET.length) + SECRET,
      undefined,
      /256 characters; shorten it to 255/,
    ],
    [
      'needs an environment and there is none',
      `${ENVIRONMENT}_${SECRET}`,
      undefined,
      /there is no environment/,
    ],
    ['needs an environment and it is empty', `${ENVIRONMENT}_${SECRET}`, '', /there is no environment/],
  ])('%s', (_title, template, environment, message) => {
    const problems = problemsOf(template, environment);
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(message);
    expect(problems.every((problem) => problem.code === 'INVALID_KEY_SCHEMA')).toBe(true);
  });

  it.each([
    ['is not a string', 7, undefined],
    ['is null', null, 'prod'],
    ['has an environment that is not a string', SECRET, 7],
    ['has an environment that is not a string, also where it does not use it', `APP_${SECRET}`, {}],
  ])('%s', (_title, template, environment) => {
    const attempt = (): unknown => Reflect.apply(compileKeySchema, undefined, [template, { environment }]);
    const problem = {
      code: 'INVALID_KEY_SCHEMA',
      path: 'keySchema',
      message: 'it must be a string, and the environment too',
    };
    expect(attempt).toThrow(expect.objectContaining({ code: 'INVALID_KEY_SCHEMA', problems: [problem] }));
  });

  it('names its own field, and nothing but what is wrong', () => {
    expect(problemsOf(`{{folder}}_${SECRET}`)).toEqual([
      {
        code: 'INVALID_KEY_SCHEMA',
        path: 'keySchema',
        message: '"{{folder}}" is not a placeholder; use {{secretKey}} and {{environment}}, without spaces',
      },
    ]);
    expect(() => compileKeySchema('A')).toThrowError(/^The key schema is not valid: "keySchema": /);
  });

  it('names everything that is wrong at once', () => {
    const messages = problemsOf(`{{x}}.${ENVIRONMENT}`).map((problem) => problem.message);
    expect(messages).toHaveLength(4);
    expect(messages.join('\n')).toMatch(/does not contain[^]*not a placeholder[^]*"\."[^]*no environment/);
  });

  it('takes 255 characters, blanks around not counted', () => {
    expect(problemsOf(` ${'A'.repeat(255 - SECRET.length)}${SECRET} `)).toEqual([]);
  });
});

const anyAffix = fc.string({ unit: fc.constantFrom(...'AZaz09_-/'), maxLength: 6 });

describe('for any schema and key', () => {
  it('strip gives back what was rendered whenever that matches, and matches are what can be stripped', () => {
    const anyPart = fc.oneof(anyAffix, fc.constant(ENVIRONMENT));
    fc.assert(
      fc.property(
        anyPart,
        anyPart,
        anyText,
        anyKey,
        anyKey,
        (prefix, suffix, environment, sourceKey, other) => {
          const schema = compileKeySchema(prefix + SECRET + suffix, { environment: `e${environment}` });
          const key = schema.render(sourceKey);
          if (schema.match(key)) expect(schema.strip(key)).toBe(sourceKey);
          expect(schema.match(other)).toBe(schema.strip(other) !== undefined);
          const stripped = schema.strip(other);
          if (stripped !== undefined) expect(schema.render(stripped)).toBe(other);
        },
      ),
      propertyRuns,
    );
  });

  it('two source keys never render to the same key', () => {
    fc.assert(
      fc.property(anyAffix, anyAffix, anyKey, anyKey, (prefix, suffix, first, second) => {
        const { render } = compileKeySchema(prefix + SECRET + suffix);
        expect(render(first) === render(second)).toBe(first === second);
      }),
      propertyRuns,
    );
  });
});
