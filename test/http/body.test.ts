import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SecretValue } from '../../src/contracts/secret.js';
import type { HttpBody } from '../../src/contracts/http.js';
import { readBody, serializeBody } from '../../src/http/body.js';

const signal = new AbortController().signal;

describe('serializeBody', () => {
  it('writes the text of secrets wherever they stand', () => {
    const body = {
      a: new SecretValue('one'),
      list: [new SecretValue('t"wo\n')],
      deep: { b: new SecretValue('') },
    };
    expect(serializeBody(body)).toBe('{"a":"one","list":["t\\"wo\\n"],"deep":{"b":""}}');
    expect(serializeBody(new SecretValue('root'))).toBe('"root"');
  });

  it('keeps keys that JavaScript has a use for', () => {
    const names = ['__proto__', 'constructor', 'toString', 'toJSON'];
    const body = Object.fromEntries(names.map((name) => [name, new SecretValue(`of ${name}`)]));
    expect(serializeBody(body)).toBe(
      '{"__proto__":"of __proto__","constructor":"of constructor","toString":"of toString","toJSON":"of toJSON"}',
    );
  });

  it('says what JSON.stringify says of the same texts without wrapping', () => {
    const { tree } = fc.letrec<{ tree: HttpBody }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary' }),
        fc.double({ noNaN: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree')),
        fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('tree')),
      ),
    }));
    const wrap = (body: HttpBody): HttpBody => {
      if (typeof body === 'string') return new SecretValue(body);
      if (Array.isArray(body)) return body.map(wrap);
      if (typeof body !== 'object' || body === null || SecretValue.is(body)) return body;
      return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, wrap(value ?? null)]));
    };
    fc.assert(
      fc.property(tree, (body) => {
        expect(serializeBody(wrap(body))).toBe(JSON.stringify(body));
      }),
    );
  });
});

describe('readBody', () => {
  it('joins characters that came in pieces and drops a byte order mark', async () => {
    const bytes = new TextEncoder().encode('\ufeff{"a":"é☃😀"}');
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    expect(await readBody(new Response(stream), 1_000, signal)).toBe('{"a":"é☃😀"}');
  });

  it('stops, and cancels the rest, one byte past the limit', async () => {
    let cancelled = 0;
    let pulled = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            pulled += 1;
            controller.enqueue(new Uint8Array(10));
          },
          cancel() {
            cancelled += 1;
          },
        },
        { highWaterMark: 0 },
      );
    expect(await readBody(new Response(endless()), 95, signal)).toBeUndefined();
    expect([cancelled, pulled]).toEqual([1, 10]);
    expect(await readBody(new Response('12345'), 5, signal)).toBe('12345');
    expect(await readBody(new Response('12345'), 4, signal)).toBeUndefined();
  });

  it('does not begin to read what announces to be too long', async () => {
    let pulled = 0;
    const stream = new ReadableStream({ pull: () => void (pulled += 1) }, { highWaterMark: 0 });
    const response = new Response(stream, { headers: { 'content-length': '96' } });
    expect(await readBody(response, 95, signal)).toBeUndefined();
    expect(pulled).toBe(0);
  });
});
