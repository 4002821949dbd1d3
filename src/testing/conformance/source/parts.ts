import assert from 'node:assert/strict';
import type { SecretSource, SourceRead } from '../../../contracts/source.js';
import { isSourceRead } from '../../../contracts/source.js';
import { sourceSnapshot } from '../../../core/inputs/source-snapshot.js';
import { calm } from '../calls.js';
import type { SourceKit } from './kit.js';
import { FEW, type Pairs } from './options.js';

/** From the weakest to the strongest: one that another wins over in part, one that wins, one that holds nothing. */
const PARTS: readonly Pairs[] = [
  [
    ['A', '1'],
    ['B', '2'],
  ],
  [
    ['B', '3'],
    ['C', '4'],
  ],
  [],
];

/** Adds the tests of `parts` and `unresolved`. */
export function addPartTests({ options, test, testAlone, notTested }: SourceKit): void {
  const { location = {}, createWithParts, createUnresolved } = options;
  const readOf = async (source: SecretSource): Promise<SourceRead> => {
    const result = await source.read(location, calm());
    return isSourceRead(result) ? result : { secrets: result };
  };

  test(
    'names its parts the same at every read, and lists each key in one, if it has parts',
    FEW,
    async (source) => {
      const reads = [await readOf(source), await readOf(source)] as const;
      const [names, again] = reads.map(({ parts }) => [...(parts ?? [])].map(({ name }) => name));
      assert.deepEqual(again, names, 'the names of its parts differ from read to read');
      if (reads[0].parts === undefined) return;
      const { secrets, partOf } = sourceSnapshot(reads[0]);
      assert.deepEqual(
        [...secrets.keys()].filter((key) => !partOf.has(key)),
        [],
        'no part lists these keys',
      );
    },
  );

  const splitTitle = 'says which part each key came from, and which parts hold nothing';
  if (createWithParts === undefined) notTested(splitTitle, 'createWithParts');
  else {
    testAlone(
      splitTitle,
      () => createWithParts(PARTS),
      async (source) => {
        const read = await readOf(source);
        const names = [...(read.parts ?? [])].map(({ name }) => name);
        assert.equal(names.length, PARTS.length, 'it does not have as many parts as it was made of');
        const { partOf, emptyParts } = sourceSnapshot(read);
        const indexes = ['A', 'B', 'C'].map((key) => names.indexOf(partOf.get(key) ?? ''));
        assert.deepEqual(indexes, [0, 1, 1], 'A, B and C did not come from these parts');
        assert.deepEqual([...emptyParts], names.slice(2), 'these parts hold nothing');
      },
    );
  }

  const unresolvedTitle = 'lists a key whose value holds a reference that it left unresolved, and no other';
  if (createUnresolved === undefined) notTested(unresolvedTitle, 'createUnresolved');
  else {
    testAlone(
      unresolvedTitle,
      () => createUnresolved('LEFT'),
      async (source) => assert.deepEqual([...sourceSnapshot(await readOf(source)).unresolved], ['LEFT']),
    );
  }
}
