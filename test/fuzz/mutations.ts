import fc from 'fast-check';

/** Texts that parsers have stumbled over: names that objects know, ends of ranges, what is not shown, what is long. */
const HOSTILE_TEXTS = [
  '',
  ' ',
  '\n',
  '\r',
  '\0',
  '\t=',
  '"',
  "'",
  '`',
  '\\',
  '#',
  '=',
  ':',
  ',',
  ';',
  '{',
  '}',
  '[',
  '{{',
  '}}',
  '{{secretKey}}',
  '{{environment}}',
  '${A}',
  '$(id)',
  '../',
  '%2e%2e%2f',
  '/',
  '?',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '\u202e',
  '\u2028',
  '\u001b[31m',
  '\ud800',
  '\ufeff',
  '🔑',
  '0',
  '-1',
  '-0',
  '1e999',
  'NaN',
  'Infinity',
  '9007199254740993',
  '99999999999999999999',
  'null',
  'true',
  '1970-01-01T00:00:00Z',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'x'.repeat(20_000),
] as const;

const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  [[]],
  [null],
  { __proto__: null },
  JSON.parse('{"__proto__":{"isAdmin":true}}'),
  Array.from({ length: 300 }, () => 'x'),
  JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`),
];

const hostileText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
);

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: hostileText },
  { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_VALUES) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

const edit = fc.record({
  do: fc.constantFrom('insert', 'remove', 'repeat', 'replace', 'cut', 'splice'),
  at: fc.nat(100_000),
  length: fc.nat(12),
  text: hostileText,
});

/** A text of the corpus, changed in up to four places. */
export const mutatedText = (corpus: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...corpus), fc.constantFrom(...corpus), fc.array(edit, { maxLength: 4 }))
    .map(([text, other, edits]) =>
      edits.reduce((changed, { do: what, at, length, text: hostile }) => {
        const start = at % (changed.length + 1);
        const head = changed.slice(0, start);
        const piece = changed.slice(start, start + length);
        const tail = changed.slice(start + length);
        switch (what) {
          case 'insert':
            return head + hostile + piece + tail;
          case 'remove':
            return head + tail;
          case 'repeat':
            return head + piece + piece + tail;
          case 'replace':
            return head + hostile + tail;
          case 'cut':
            return head;
          case 'splice':
            return head + other.slice(at % (other.length + 1));
        }
      }, text),
    );

type Container = Record<string, unknown> | unknown[];

/** Every field and item of a document, by what holds it. */
function* slotsOf(node: unknown): Generator<readonly [holder: Container, name: string]> {
  if (typeof node !== 'object' || node === null) return;
  for (const name of Object.keys(node)) {
    yield [node as Container, name];
    yield* slotsOf(Reflect.get(node, name));
  }
}

const setField = (holder: Container, name: string, value: unknown): void => {
  // Defined and not assigned, so that `__proto__` becomes a field.
  Object.defineProperty(holder, name, { value, writable: true, enumerable: true, configurable: true });
};

const changeOf = (texts: readonly string[]) =>
  fc.record({
    do: fc.constantFrom('set', 'remove', 'rename', 'add', 'repeat', 'swap', 'text'),
    at: fc.nat(100_000),
    other: fc.nat(100_000),
    text: texts.length === 0 ? hostileText : fc.oneof(hostileText, fc.constantFrom(...texts)),
    value: texts.length === 0 ? hostileValue : fc.oneof(hostileValue, fc.constantFrom<unknown>(...texts)),
  });

/** A JSON document of the corpus, changed in up to three places; rarely something else altogether. `texts` are put into it too. */
export function mutatedJson(
  corpus: readonly unknown[],
  texts: readonly string[] = [],
): fc.Arbitrary<unknown> {
  const documents = corpus.map((document) => JSON.stringify(document));
  const mutated = fc
    .tuple(fc.constantFrom(...documents), fc.array(changeOf(texts), { minLength: 1, maxLength: 3 }))
    .map(([text, changes]) => {
      const root: { document: unknown } = { document: JSON.parse(text) };
      for (const { do: what, at, other, text: hostile, value } of changes) {
        const slots = [...slotsOf(root)];
        const slot = slots[at % slots.length];
        const second = slots[other % slots.length];
        if (slot === undefined || second === undefined) continue;
        const [holder, name] = slot;
        const held: unknown = Reflect.get(holder, name);
        if (what === 'set') setField(holder, name, value);
        else if (what === 'text') setField(holder, name, typeof held === 'string' ? held + hostile : hostile);
        else if (what === 'swap') setField(holder, name, structuredClone(Reflect.get(...second)));
        else if (Array.isArray(holder)) {
          if (what === 'remove') holder.splice(Number(name), 1);
          else if (what === 'repeat') holder.push(structuredClone(held));
          else holder.push(value);
        } else if (what === 'add') setField(holder, hostile, value);
        else if (holder !== root && what === 'remove') Reflect.deleteProperty(holder, name);
        else if (holder !== root && what === 'rename') {
          Reflect.deleteProperty(holder, name);
          setField(holder, hostile, held);
        }
      }
      return root.document;
    });
  return fc.oneof({ weight: 30, arbitrary: mutated }, { weight: 1, arbitrary: hostileValue });
}
