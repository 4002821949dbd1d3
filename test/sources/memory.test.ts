import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { SecretValue } from '../../src/contracts/secret.js';
import type { SecretSource } from '../../src/contracts/source.js';
import { dotenvSource } from '../../src/sources/dotenv/index.js';
import { memorySource } from '../../src/sources/memory.js';
import { createCanaries } from '../../src/testing/leaks/canaries.js';
import { sourceConformance } from '../../src/testing/conformance/source/index.js';

sourceConformance(
  {
    name: 'memorySource',
    create: (secrets) => memorySource(secrets),
    writable: true,
    watchable: true,
    describable: false,
  },
  { describe, it },
);

const call = () => ({ signal: new AbortController().signal });
const shown = (source: ReturnType<typeof memorySource>) =>
  source.entries().map(([key, value]) => [key, value.reveal()]);

describe('memorySource', () => {
  it('takes a record, a Map, pairs, SecretValues and nothing', () => {
    const secret = new SecretValue('1');
    expect(shown(memorySource({ A: '1', B: secret }))).toEqual([
      ['A', '1'],
      ['B', '1'],
    ]);
    expect(shown(memorySource(new Map([['A', secret]])))).toEqual([['A', '1']]);
    expect(shown(memorySource([['A', '1']]))).toEqual([['A', '1']]);
    expect(shown(memorySource())).toEqual([]);
    const fromJson = JSON.parse('{"__proto__":"data"}') as Record<string, string>;
    expect(shown(memorySource(fromJson))).toEqual([['__proto__', 'data']]);
  });

  it('hands a key that stands twice in a list on twice, until it is set', async () => {
    const source = memorySource([
      ['A', '1'],
      ['B', '2'],
      ['A', '3'],
    ]);
    expect(
      [...((await source.read({}, call())) as Iterable<[string, SecretValue]>)].map(([key]) => key),
    ).toEqual(['A', 'A', 'B']);
    source.set('A', '4');
    expect(shown(source)).toEqual([
      ['A', '4'],
      ['B', '2'],
    ]);
  });

  it('is not changed by what is done to what it was made of, or to what it answered', async () => {
    const mine: Record<string, string> = { A: '1' };
    const source = memorySource(mine);
    mine['A'] = '2';
    const answered = (await source.read({}, call())) as unknown[];
    answered.length = 0;
    source.entries().length = 0;
    expect(shown(source)).toEqual([['A', '1']]);
  });

  it('tells who watches of every change, until the signal is aborted', async () => {
    const source = memorySource({ A: '1' });
    const [first, second] = [new AbortController(), new AbortController()];
    const onChange = vi.fn();
    await source.watch({}, onChange, { signal: first.signal });
    await source.watch({}, onChange, { signal: second.signal });
    source.set('B', '2');
    expect(onChange).toHaveBeenCalledTimes(2);
    first.abort();
    expect(source.delete('B')).toBe(true);
    expect(onChange).toHaveBeenCalledTimes(3);
    expect(source.delete('B')).toBe(false);
    expect(onChange).toHaveBeenCalledTimes(3);
    await source.write({}, [{ key: 'C', value: new SecretValue('3'), action: 'create' }], call());
    expect(onChange).toHaveBeenCalledTimes(4);
    second.abort();
    await source.watch({}, onChange, { signal: second.signal });
    source.set('A', '2');
    expect(onChange).toHaveBeenCalledTimes(4);
  });

  it('shows no value when it is logged', () => {
    const canaries = createCanaries();
    const source = memorySource(canaries.values.map(({ name, text }) => [name, text] as const));
    canaries.assertAbsent('the source', source);
    canaries.assertAbsent('its entries', source.entries());
  });
});

describe('sources that are watched many times with one signal', () => {
  it.each<[string, () => Required<Pick<SecretSource, 'watch'>>]>([
    ['in memory', () => memorySource()],
    ['of files', () => dotenvSource(fileURLToPath(import.meta.url))],
  ])('share one listener on it, and leave none: %s', async (_title, create) => {
    const shutdown = new AbortController();
    const { signal } = shutdown;
    const sources = Array.from({ length: 12 }, create);
    for (const source of sources) await source.watch({}, () => undefined, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    shutdown.abort();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
