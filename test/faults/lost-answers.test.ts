import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../src/sources/memory.js';
import type { Fault } from '../../src/testing/emulators/server/types.js';
import { propertyRuns } from '../support/properties/property.js';
import {
  during,
  endsOf,
  expectConvergence,
  expectSettled,
  qoverySite,
  requestsOf,
  resultOf,
  SITES,
  type Phase,
  type Site,
} from './sites.js';

type WriteKind = 'create' | 'update' | 'delete';
const KINDS: readonly WriteKind[] = ['create', 'update', 'delete'];
const phaseOfKind = (kind: WriteKind): Phase => (kind === 'delete' ? 'delete' : 'upsert');

/** A site with one write of the kind to be done: of the key `KEY`, beside one that stays as it is. */
async function oneWrite<Opened extends Site>(opening: Promise<Opened>, kind: WriteKind) {
  const site = await during(opening);
  const source = memorySource({ SAME: 'same', ...(kind === 'create' ? {} : { KEY: 'old' }) });
  const { engine, events } = site.engine({ source });
  const definition = site.definition();
  await engine.sync(definition);
  if (kind === 'delete') source.delete('KEY');
  else source.set('KEY', 'new');
  site.emulator.clearRequests();
  const end = { SAME: 'same', ...(kind === 'delete' ? {} : { KEY: 'new' }) };
  return { site, engine, events, definition, end };
}

/** How the answer to a request that was carried out can be lost. */
const LOSSES: readonly Fault[] = [
  'reset-after',
  'html-after',
  'truncate',
  'cut',
  { act: true, status: 500 },
  { act: true, status: 502, body: '<html>bad gateway</html>' },
  { act: true, body: { nothing: 'that is expected' } },
  { act: true, body: '' },
];

describe.each(SITES)('%s: the answer to a write is lost', (_name, open) => {
  describe.each(KINDS)('%s', (kind) => {
    it.each(LOSSES.map((fault) => [JSON.stringify(fault), fault] as const))(
      'by %s: it is settled, applied, and done once',
      async (_title, fault) => {
        const { site, engine, definition, end } = await oneWrite(open(), kind);
        let left = 1;
        site.emulator.setIntercept((request) =>
          site.phaseOf(request) === phaseOfKind(kind) && left-- > 0 ? fault : undefined,
        );
        expect(endsOf(await engine.sync(definition))).toEqual(['KEY applied']);
        expect(left).toBeLessThanOrEqual(0);
        expect(Object.fromEntries(site.values())).toEqual(end);
        await expectSettled(site, engine, definition, end);
      },
    );

    it.each(['reset-after', 'html-after', 'hang-after'] as const)(
      'by %s, and reading back fails too: indeterminate, remembered as begun, and a rerun converges',
      async (fault) => {
        const { site, engine, definition, end } = await oneWrite(open(), kind);
        let isLost = false;
        site.emulator.setIntercept((request) => {
          if (!isLost && site.phaseOf(request) !== phaseOfKind(kind)) return undefined;
          if (isLost) return 'reset-before';
          isLost = true;
          if (fault === 'hang-after') void site.clock.advance(30_000);
          return fault;
        });
        const result = await resultOf(engine.sync(definition));
        expect(result.status).toBe('failed');
        expect(endsOf(result)).toEqual(['KEY indeterminate']);
        expect(result.outcomes[0]?.error).toEqual(
          expect.objectContaining({ message: expect.stringMatching(/./) as unknown }),
        );
        expect(site.clock.sleepers).toBe(0);
        const [state = ''] = await site.store.list('places/');
        expect((await site.store.get(state))?.document).toMatchObject({
          entries: [{ key: 'KEY', pending: { syncId: 'nightly', action: kind } }, { key: 'SAME' }],
        });
        await expectConvergence(site, engine, definition, end);
      },
    );
  });

  it('and reading back fails too, of an upsert: no deletion follows', async () => {
    const { site, engine, definition } = await oneWrite(open(), 'create');
    const source = memorySource({ KEY: 'new' });
    const other = site.engine({ source });
    let isLost = false;
    site.emulator.setIntercept((request) => {
      isLost ||= site.phaseOf(request) === 'upsert';
      return isLost ? 'reset-after' : undefined;
    });
    const result = await resultOf(other.engine.sync(definition));
    expect(endsOf(result)).toEqual(['KEY indeterminate', 'SAME withheld']);
    expect(requestsOf(site, 'delete')).toEqual([]);
    await expectConvergence(site, engine, definition, { KEY: 'new', SAME: 'same' });
  });
});

describe('Qovery: the answer to a create is lost', () => {
  it('and settling it is refused: indeterminate, and the entry stays this sync’s own', async () => {
    const { site, engine, definition } = await oneWrite(qoverySite(), 'create');
    let left = 1;
    site.emulator.setIntercept(({ method }) =>
      method === 'PUT' ? { status: 403 } : method === 'POST' && left-- > 0 ? 'reset-after' : undefined,
    );
    expect(endsOf(await resultOf(engine.sync(definition)))).toEqual(['KEY indeterminate']);
    site.emulator.setIntercept(undefined);
    // No consent is needed to delete what a sync has written itself.
    await site.engine({ source: memorySource({ SAME: 'same' }) }).engine.sync(definition);
    expect(Object.fromEntries(site.values())).toEqual({ SAME: 'same' });
  });

  it('and reading back works at the second time only, by a token whose creates bear a name: applied', async () => {
    const { site, engine, definition, end } = await oneWrite(
      qoverySite({ ownedBy: 'api-token:ci' }),
      'create',
    );
    let [creates, lists] = [1, 0];
    site.emulator.setIntercept(({ method }) => {
      if (method === 'POST') return creates-- > 0 ? 'reset-after' : undefined;
      return method === 'GET' && creates <= 0 && (lists += 1) <= 5 ? { status: 503 } : undefined;
    });
    expect(endsOf(await engine.sync(definition))).toEqual(['KEY applied']);
    expect(site.emulator.findAll('KEY')).toHaveLength(1);
    await expectSettled(site, engine, definition, end);
  });
});

describe('Qovery: the answer to one half of a replace is lost', () => {
  it.each([
    ['deletion', 'delete'],
    ['creation', 'upsert'],
  ] as const)('the %s: the other kind is gone, the new one stands once', async (_title, phase) => {
    const site = await during(qoverySite());
    site.target.add({ key: 'KEY', value: 'old', is_secret: false });
    const { engine } = site.engine({ source: memorySource({ KEY: 'new' }) });
    const definition = site.definition({ syncOptions: { allowReplace: true } });
    let left = 1;
    site.emulator.setIntercept((request) =>
      site.phaseOf(request) === phase && left-- > 0 ? 'reset-after' : undefined,
    );
    const result = await engine.sync(definition);
    expect(result.outcomes).toMatchObject([{ key: 'KEY', action: 'replace', status: 'applied' }]);
    expect(site.emulator.findAll('KEY')).toMatchObject([{ value: 'new', is_secret: true }]);
    await expectSettled(site, engine, definition, { KEY: 'new' });
  });
});

describe.each(SITES)('%s: whatever is lost or refused, in any order', (_name, open) => {
  const anyFault: fc.Arbitrary<Fault> = fc.constantFrom(
    ...LOSSES,
    'reset-before' as const,
    'html-before' as const,
    { status: 400 },
    { status: 403 },
    { status: 429, headers: { 'retry-after': '2' } },
    { status: 500 },
    { status: 503 },
  );
  // Long stretches without any: a run in which all fails would settle little.
  const anyScript = fc.array(fc.option(anyFault, { freq: 2, nil: undefined }), { maxLength: 30 });

  const refusedAfter = (reads: number): [(Fault | undefined)[]] => [
    [...Array<undefined>(reads), ...Array<Fault>(20).fill({ status: 403 })],
  ];

  it('outcomes tell the truth about what stands there, and a rerun converges', async () => {
    const site = await during(open());
    const definition = site.definition();
    // There and back again: what one case leaves behind is where the next one starts.
    const ends = [
      { BOTH: 'one', ONE: '1', SAME: 'same' },
      { BOTH: 'two', TWO: '2', SAME: 'same' },
    ];
    let runs = 0;
    const seen = new Set<string>();
    await site.engine({ source: memorySource(ends[1] ?? {}) }).engine.sync(definition);
    await fc.assert(
      fc.asyncProperty(anyScript, async (script) => {
        const end = new Map(Object.entries(ends[runs++ % 2] ?? {}));
        const before = site.values();
        const left = [...script];
        site.emulator.setIntercept(() => left.shift());
        const { engine } = site.engine({ source: memorySource(end) });
        const run = await resultOf(engine.sync(definition)).catch(() => undefined);
        const after = site.values();
        if (run === undefined) expect(after).toEqual(before);
        for (const { key, action, status } of run?.outcomes ?? []) {
          seen.add(`${action} ${status}`);
          if (status === 'applied') expect([key, after.get(key)]).toEqual([key, end.get(key)]);
          if (status === 'failed' || status === 'withheld')
            expect([key, after.get(key)]).toEqual([key, before.get(key)]);
        }
        site.emulator.setIntercept(undefined);
        expect((await engine.sync(definition)).status).toBe('succeeded');
        expect(site.values()).toEqual(end);
      }),
      // What must come up at least once is not left to chance: nothing is refused, and then all that follows the reads.
      { ...propertyRuns, endOnFailure: true, examples: [[[]], ...[1, 2, 3].map(refusedAfter)] },
    );
    expect([...seen]).toEqual(expect.arrayContaining(['update applied', 'create failed', 'delete withheld']));
  });
});
