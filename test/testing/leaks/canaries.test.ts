import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretSyncError } from '../../../src/contracts/errors.js';
import { SecretValue } from '../../../src/contracts/secret.js';
import { createCanaries, type Canary } from '../../../src/testing/leaks/canaries.js';
import { inspectAll } from '../../../src/testing/leaks/inspect-all.js';

const canaries = createCanaries(7);
const planted = [...canaries.values, ...canaries.tokens];
const forms = (text: string | Uint8Array, { name }: Canary) =>
  canaries.find(text).flatMap(({ canary, form }) => (canary === name ? [form] : []));

const html = (text: string) =>
  text.replace(
    /[&<>"']/g,
    (one) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }[one] ?? ''};`,
  );

describe('canaries', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(createCanaries(7).values).toEqual(canaries.values);
    const others = createCanaries(8);
    for (const { text } of planted) expect(others.find(text)).toEqual([]);
  });

  it('come in every kind that gets out in its own way', () => {
    const named = new Map(canaries.values.map(({ name, text }) => [name, text]));
    expect([...named.keys()]).toEqual([
      'random',
      'multi-line',
      'JSON-shaped',
      'quotes and backslashes',
      'Unicode',
      'four characters',
      'URL-reserved',
    ]);
    expect(named.get('multi-line')?.split('\n')).toHaveLength(6);
    expect(JSON.parse(named.get('JSON-shaped') ?? '')).toHaveProperty('nested.password');
    expect([...(named.get('four characters') ?? '')]).toHaveLength(4);
    for (const { text } of canaries.tokens)
      expect(() => new Headers({ authorization: `Token ${text}` })).not.toThrow();
  });

  describe.each(planted)('$name', (canary) => {
    const { text } = canary;
    const bytes = Buffer.from(text);

    it('is found raw, in text and in bytes', () => {
      expect(forms(`before ${text} after`, canary)).toContain('raw');
      expect(forms(Buffer.concat([Buffer.from([0xff, 0x00]), bytes, Buffer.from([0xc3])]), canary)).toContain(
        'raw',
      );
    });

    it.each([0, 1, 2, 3, 4, 5])('is found in base64 and base64url after %i bytes', (offset) => {
      const around = Buffer.concat([Buffer.alloc(offset, 0xa5), bytes, Buffer.from('tail')]);
      expect(forms(around.toString('base64'), canary)).toContain('base64');
      expect(forms(around.toString('base64url'), canary)).toContain('base64url');
    });

    it('is found in hex of either case', () => {
      const hex = bytes.toString('hex');
      expect(forms(`0${hex}0`, canary)).toContain('hex');
      expect(forms(hex.toUpperCase(), canary)).toContain('hex');
    });

    it.each([
      ['encodeURIComponent', encodeURIComponent(text)],
      ['a form', new URLSearchParams({ value: text }).toString()],
      ['a URL', new URL(`https://host.test/?q=${encodeURIComponent(text)}`).href],
      ['lower case', encodeURIComponent(text).replace(/%../g, (one) => one.toLowerCase())],
    ])('is found percent-encoded by %s', (_, encoded) => {
      expect(canaries.find(encoded).map(({ canary: name }) => name)).toContain(canary.name);
    });

    it('is found in JSON, in JSON within JSON, and in JSON of ASCII alone', () => {
      const json = JSON.stringify({ value: text });
      expect(forms(json, canary)).toContain('JSON-escaped');
      expect(forms(JSON.stringify({ json }), canary)).toContain('JSON-escaped');
      const ascii = json.replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
      expect(forms(ascii, canary)).toContain('JSON-escaped');
    });

    it('is found in HTML', () => {
      expect(forms(`<p>${html(text)}</p>`, canary)).toContain('HTML-escaped');
    });

    it('is found where util.inspect shows it', () => {
      expect(forms(inspect({ value: [text] }), canary)).not.toEqual([]);
      expect(forms(inspect({ value: `it's ${text}` }), canary)).not.toEqual([]);
    });

    it.each(['md5', 'sha1', 'sha256', 'sha512'])('is found as its %s, also a shortened one', (algorithm) => {
      const digest = createHash(algorithm).update(text).digest();
      for (const shown of [
        digest.toString('hex'),
        digest.toString('hex').toUpperCase(),
        digest.toString('hex').slice(0, 20),
        digest.toString('base64'),
        digest.toString('base64url'),
      ])
        expect(forms(shown, canary)).toContain(algorithm);
    });
  });

  it('are found by a line or a part of them', () => {
    const multiLine = canaries.values.find(({ name }) => name === 'multi-line');
    const lines = multiLine?.text.split('\n').slice(1, 4) ?? [];
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(canaries.find(`  ${line}`)).toContainEqual({ canary: 'multi-line', form: 'part' });
      expect(canaries.find(Buffer.from(`x${line}`).toString('base64'))).toContainEqual({
        canary: 'multi-line',
        form: 'part base64',
      });
    }
    const json = canaries.values.find(({ name }) => name === 'JSON-shaped');
    const { nested } = JSON.parse(json?.text ?? '') as { nested: { password: string } };
    expect(canaries.find(nested.password)).toContainEqual({ canary: 'JSON-shaped', form: 'part' });
  });

  it('are not found where they are not', () => {
    for (const innocent of [
      '',
      '-----BEGIN KEY-----\n-----END KEY-----',
      '[redacted]',
      '{"user":"","nested":{}}',
    ])
      expect(canaries.find(innocent)).toEqual([]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
        expect(canaries.find(text)).toEqual([]);
        expect(canaries.find(Buffer.from(text).toString('base64'))).toEqual([]);
      }),
    );
  });

  it('leave no needle so short that chance could make it', () => {
    for (const { text } of canaries.needles) expect(Buffer.from(text).length).toBeGreaterThanOrEqual(12);
  });
});

describe('assertAbsent', () => {
  const [canary] = canaries.values;
  const text = canary?.text ?? '';
  const refuses = (thing: unknown) => {
    expect(() => canaries.assertAbsent('the log', thing)).toThrow(
      'the log shows planted secrets: "random" (raw',
    );
  };

  it('passes what holds nothing, a SecretValue among them', () => {
    canaries.assertAbsent('the log', {
      key: 'A',
      value: new SecretValue(text),
      map: new Map([['A', new SecretValue(text)]]),
    });
    canaries.assertAbsent('the log', undefined);
    canaries.assertAbsent('the log', 'harmless');
  });

  it('names channel, canary and form, and not the text', () => {
    try {
      canaries.assertAbsent('the log', Buffer.from(text).toString('hex'));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ message: 'the log shows planted secrets: "random" (hex)' });
      expect(canaries.find(inspectAll(error))).toEqual([]);
    }
  });

  it.each<[string, () => unknown]>([
    ['text', () => text],
    ['bytes', () => new TextEncoder().encode(text)],
    ['a nested array', () => [[[[[[text]]]]]]],
    ['a name', () => ({ [text]: 1 })],
    ['the name of a symbol', () => ({ [Symbol(text)]: 1 })],
    ['a map key', () => new Map([[text, 1]])],
    ['a set in a map', () => new Map([['a', new Set([text])]])],
    ['a hidden property', () => Object.defineProperty({}, 'hidden', { value: { deep: text } })],
    [
      'a getter',
      () => ({
        get value() {
          return { text };
        },
      }),
    ],
    [
      'a getter of a class',
      () =>
        new (class {
          get value() {
            return text;
          }
        })(),
    ],
    ['a method of JSON', () => ({ toJSON: () => text })],
    ['a method of String', () => ({ toString: () => text })],
    [
      'a getter that throws',
      () => ({
        get value(): string {
          throw new Error(text);
        },
      }),
    ],
    ['an error', () => new Error(text)],
    ['a cause of a cause', () => new Error('a', { cause: new Error('b', { cause: { text } }) })],
    ['an error of several', () => new AggregateError([new Error('a'), new Error(text)])],
    [
      'an error of ours',
      () => new SecretSyncError('CONFLICT', 'no', { problems: [{ code: 'CONFLICT', message: text }] }),
    ],
    ['a property of a function', () => Object.assign(() => 1, { text })],
    ['headers', () => ({ headers: new Headers({ 'x-value': text }) })],
    ['a URL', () => [new URL(`https://host.test/${text}`)]],
    ['a buffer within', () => ({ body: new TextEncoder().encode(text).buffer })],
    [
      'something circular',
      () => {
        const thing: Record<string, unknown> = { text };
        thing['self'] = thing;
        return thing;
      },
    ],
    ['something without a prototype', () => Object.assign(Object.create(null) as object, { text })],
    ['depth', () => Array.from({ length: 2_000 }).reduce((inner) => ({ inner }), { text })],
  ])('refuses it in %s', (_, thing) => refuses(thing()));
});
