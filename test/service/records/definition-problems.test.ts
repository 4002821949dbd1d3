import { describe, expect, it } from 'vitest';
import type { SyncChanges } from '../../../src/service/records/definition-patch.js';
import { problemsOfChanges, problemsOfDefinition } from '../../../src/service/records/definition-problems.js';

describe('what is wrong with changes', () => {
  it.each<[string, object, readonly string[]]>([
    ['nothing', {}, []],
    ['fields of the right types', { name: 'shop', isEnabled: false, destinationConfig: { place: 'a' } }, []],
    ['a null that clears', { description: null, connectionId: null, syncOptions: { keySchema: null } }, []],
    ['a null that clears nothing', { isEnabled: null, syncOptions: null }, ['isEnabled', 'syncOptions']],
    ['fields of wrong types', { name: 5, environment: 5 }, ['name', 'environment']],
    ['options that are unknown', { syncOptions: { forced: true } }, ['syncOptions.forced']],
    ['a key schema for an environment', { syncOptions: { keySchema: '{{environment}}_{{secretKey}}' } }, []],
    [
      'a key schema for an environment that is cleared',
      { environment: null, syncOptions: { keySchema: '{{environment}}_{{secretKey}}' } },
      ['syncOptions.keySchema'],
    ],
  ])('is told for %s', (_title, changes: SyncChanges, paths) => {
    expect(problemsOfChanges(changes).map(({ path }) => path)).toEqual(paths);
  });

  it('is that the destination of a sync stays', () => {
    expect(() => problemsOfChanges({ destination: 'elsewhere' } as SyncChanges)).toThrow(/destination/);
  });
});

describe('what is wrong with a definition', () => {
  it('is told with every path, and without its driver', () => {
    const definition = { name: 'My Sync', destination: 'unheard-of', isEnabled: 'true' };
    const paths = problemsOfDefinition(definition).map(({ path }) => path);
    expect(paths).toEqual(['name', 'isEnabled', 'destinationConfig']);
    expect(problemsOfDefinition({ name: 'shop', destination: 'unheard-of', destinationConfig: {} })).toEqual(
      [],
    );
  });
});
