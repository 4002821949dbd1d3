import assert from 'node:assert/strict';
import { createCanaries } from '../../leaks/canaries.js';
import { parse, parsed } from './assertions.js';
import { PREFIX, type Kit } from './kit.js';

type Test = (title: string, body: (kit: Kit) => void | Promise<void>) => void;

const ODD_TEXTS = [
  '',
  '__proto__',
  'constructor',
  ' ',
  'a b',
  'ä',
  '🔑',
  '\0',
  '\ud800',
  '\n',
  'A'.repeat(10_000),
];

/** All texts in plain data. */
function textsOf(data: unknown): string[] {
  if (typeof data === 'string') return [data];
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(textsOf) : [];
}

/** Its names, schemas and identities. */
function testIdentity(test: Test): void {
  test('is a driver of this version, with a name for definitions and one for people', ({ driver }) => {
    assert.equal(driver.specVersion, 1);
    assert.match(driver.name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
    assert.notEqual(driver.displayName, '');
  });

  test('takes its config and credentials without waiting, and takes what it parsed again', (kit) => {
    const { driver, fixture, config, accepted } = kit;
    for (const place of [fixture.place, fixture.otherPlace]) parsed(driver.configSchema, place.config);
    assert.deepEqual(parsed(driver.configSchema, config), config, 'a parsed config is parsed to another one');
    parsed(driver.credentialsSchema, accepted);
  });

  test('refuses a config and credentials with unknown fields, and what is not an object', ({
    driver,
    fixture,
  }) => {
    for (const [schema, input] of [
      [driver.configSchema, fixture.place.config],
      [driver.credentialsSchema, fixture.credentials],
    ] as const) {
      assert(typeof input === 'object' && input !== null);
      const { issues } = parse(schema, { ...input, aFieldThatNobodyKnows: 1 });
      assert(issues !== undefined && issues.length > 0, 'an unknown field is taken');
      for (const wrong of [undefined, null, 'text', 3, true, []])
        assert(parse(schema, wrong).issues !== undefined, `${String(wrong)} is taken`);
    }
  });

  test('names a place the same way each time, whatever the credentials and the kind', (kit) => {
    const { driver, fixture, accepted, refused, config } = kit;
    const place = driver.identity(accepted, config);
    assert.notEqual(place, '');
    assert.equal(driver.identity(accepted, config), place);
    assert.equal(driver.identity(accepted, kit.configOf(fixture.place.config)), place);
    assert.equal(driver.identity(refused, config), place, 'the credentials are part of the identity');
    if (fixture.otherKindConfig !== undefined) {
      const other = kit.configOf(fixture.otherKindConfig);
      assert.equal(driver.identity(accepted, other), place, 'the kind is part of the identity');
    }
  });

  test('names two places differently', ({ driver, fixture, accepted, config, configOf }) => {
    const other = configOf(fixture.otherPlace.config);
    assert.notEqual(driver.identity(accepted, other), driver.identity(accepted, config));
  });

  test('shows no token in identity and endpoint', ({ driver, accepted, refused, config }) => {
    const shared = new Set(textsOf(refused));
    const tokens = textsOf(accepted).filter((text) => !shared.has(text));
    assert(tokens.length > 0, 'the credentials of the fixture do not differ');
    const shown = driver.identity(accepted, config) + driver.endpoint(accepted);
    assert.deepEqual(
      tokens.map((token) => shown.includes(token)),
      tokens.map(() => false),
      'a token is shown',
    );
  });
}

/** What depends on keys and values. */
function testCapabilities(test: Test): void {
  test('returns endpoint, headers and capabilities the same way each time', (kit) => {
    const { driver, accepted } = kit;
    assert.equal(driver.endpoint(accepted), driver.endpoint(accepted));
    assert(URL.canParse(driver.endpoint(accepted)), 'the endpoint is not a URL');
    assert(
      JSON.stringify(driver.authorization(accepted)) === JSON.stringify(driver.authorization(accepted)),
      'the headers differ',
    );
    const [first, second] = [kit.capabilitiesOf(), kit.capabilitiesOf()];
    assert.equal(JSON.stringify(first), JSON.stringify(second));
    for (const text of ODD_TEXTS) {
      assert.equal(first.checkKey(text), second.checkKey(text));
      assert.equal(first.checkValue(text), second.checkValue(text));
      assert.equal(first.isReserved(text), second.isReserved(text));
      assert.equal(first.canonicalKey?.(text), second.canonicalKey?.(text));
    }
  });

  test('takes plain keys and values, and knows its reserved key', (kit) => {
    const capabilities = kit.capabilitiesOf();
    assert.equal(capabilities.checkKey(`${PREFIX}A`), undefined);
    assert.equal(capabilities.checkValue('a value'), undefined);
    assert.equal(capabilities.isReserved(`${PREFIX}A`), false);
    const { reservedKey } = kit.fixture;
    if (reservedKey !== undefined) assert.equal(capabilities.isReserved(reservedKey), true);
  });

  test('quotes no value in what it says about one', (kit) => {
    const capabilities = kit.capabilitiesOf();
    const canaries = createCanaries();
    for (const { text } of canaries.values)
      for (const odd of ODD_TEXTS)
        canaries.assertAbsent('checkValue', capabilities.checkValue(text + odd) ?? '');
  });
}

/** Tests what a driver says of itself: pure, synchronous and without secrets. */
export function testDeclarations(test: Test): void {
  testIdentity(test);
  testCapabilities(test);
}
