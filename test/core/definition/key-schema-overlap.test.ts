import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileKeySchema } from '../../../src/core/definition/key-schema.js';
import { crossSyncConflict, type KeySchemaOf } from '../../../src/core/definition/key-schema-overlap.js';
import { propertyRuns } from '../../support/properties/property.js';

const K = '{{secretKey}}';

/** Each row: the first template, the second, and a key that both match; `undefined`: there is none. */
const TABLE: readonly (readonly [string | undefined, string | undefined, string | undefined])[] = [
  [undefined, undefined, 'X'],
  [undefined, `APP_${K}`, 'APP_X'],
  [K, `APP_${K}`, 'APP_X'],
  [`APP_${K}`, `APP_${K}`, 'APP_X'],
  [`APP_${K}`, ` APP_${K} `, 'APP_X'],
  [`APP_${K}`, `APP_EU_${K}`, 'APP_EU_X'],
  [`APP_${K}`, `APPLE_${K}`, undefined],
  [`APP_${K}`, `WEB_${K}`, undefined],
  [`${K}_A`, `${K}_B`, undefined],
  [`${K}_A`, `${K}_B_A`, 'X_B_A'],
  [`APP_${K}`, `${K}_EU`, 'APP_X_EU'],
  [`A_${K}_Z`, `A_B_${K}_Y_Z`, 'A_B_X_Y_Z'],
  [`A_${K}_Z`, `A_B_${K}_Y`, undefined],
  [`app/${K}`, `app/eu/${K}`, undefined],
  [`app/${K}`, `app/${K}`, 'app/X'],
  [`app${K}`, `app/eu/${K}`, 'app/eu/X'],
  [undefined, `app/eu/${K}`, 'app/eu/X'],
  [`${K}/prod`, `app/${K}`, 'app/prod'],
  [`p${K}/x`, `pQ/${K}`, 'pQ/x'],
  [`p${K}/x`, `pQ/${K}/x`, undefined],
];

describe('two key schemas at one place', () => {
  it.each(TABLE)('%s and %s: both match %s', (first, second, key) => {
    expect(crossSyncConflict({ keySchema: first }, { keySchema: second })).toBe(key);
    expect(crossSyncConflict({ keySchema: second }, { keySchema: first })).toBe(key);
  });

  it('conflict by their environments, not by how they are written', () => {
    const keySchema = `{{environment}}_${K}`;
    const [dev, prod] = [
      { keySchema, environment: 'dev' },
      { keySchema, environment: 'prod' },
    ];
    expect(crossSyncConflict(dev, prod)).toBeUndefined();
    expect(crossSyncConflict(dev, dev)).toBe('dev_X');
    expect(crossSyncConflict(dev, { keySchema: `dev_${K}` })).toBe('dev_X');
  });

  it('are refused when one is no key schema', () => {
    expect(() => crossSyncConflict({ keySchema: 'APP' }, {})).toThrow(/exactly once/);
  });

  it('are refused when one is no object, and both are named', () => {
    const attempt = (): unknown => Reflect.apply(crossSyncConflict, undefined, ['APP_', null]);
    expect(attempt).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(/crossSyncConflict[^]*"first"[^]*"second"/) as unknown,
      }),
    );
  });

  const affix = fc.stringMatching(/^[AB/]{0,3}$/);
  const schema = fc
    .tuple(affix, affix)
    .map(([before, after]): KeySchemaOf => ({ keySchema: before + K + after }));
  const keysOf = (length: number): string[] =>
    length === 0 ? [''] : keysOf(length - 1).flatMap((key) => [`${key}A`, `${key}B`, `${key}/`]);
  const SHORT_KEYS = [1, 2, 3, 4, 5, 6, 7].flatMap(keysOf);

  it('have no conflict exactly where no key matches both', () => {
    fc.assert(
      fc.property(schema, schema, (first, second) => {
        const schemas = [first, second].map(({ keySchema }) => compileKeySchema(keySchema));
        const found = crossSyncConflict(first, second);
        if (found !== undefined) expect(schemas.map(({ match }) => match(found))).toEqual([true, true]);
        else expect(SHORT_KEYS.filter((key) => schemas.every(({ match }) => match(key)))).toEqual([]);
      }),
      propertyRuns,
    );
  });
});
