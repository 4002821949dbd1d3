import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { memorySource } from '../../src/sources/memory.js';
import type { Fault } from '../../src/testing/emulators/server/types.js';
import { propertyRuns } from '../support/properties/property.js';
import { bodyOf, during, hasuraSite } from './sites.js';

const answerSchema = z.object({
  data: z.record(z.string(), z.nullable(z.object({ hash: z.string() }))),
  errors: z.undefined().optional(),
});
const mutationSchema = z.object({ variables: z.object({ currentHash: z.string() }) });

/** The newest hash that any answer has shown, and whether each mutation carried it. */
function watchHashes(fetch: typeof globalThis.fetch) {
  let newest: string | undefined;
  const mutations: { readonly sent: string; readonly newest: string | undefined }[] = [];
  const watched: typeof globalThis.fetch = async (input, init) => {
    const sent = mutationSchema.safeParse(JSON.parse(bodyOf(init)));
    if (sent.success) mutations.push({ sent: sent.data.variables.currentHash, newest });
    const response = await fetch(input, init);
    const text = await response.text();
    try {
      const answer = answerSchema.parse(JSON.parse(text));
      for (const field of Object.values(answer.data)) newest = field?.hash ?? newest;
    } catch {
      // An answer that can't be understood shows no hash.
    }
    return new Response(text, response);
  };
  return { watched, mutations };
}

const KEYS = ['A', 'B', 'C'] as const;
const anyFault = fc.constantFrom<Fault>(
  'reset-before',
  'reset-after',
  'truncate',
  'html-after',
  { status: 503 },
  { status: 500 },
  { act: true, status: 502 },
);
/** What happens right before a request is carried out: a fault, or an edit by somebody else. */
const anyIncident = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ fault: anyFault }) },
  { weight: 1, arbitrary: fc.record({ edit: fc.constantFrom(...KEYS), value: fc.constantFrom('x', 'y') }) },
  { weight: 1, arbitrary: fc.record({ drop: fc.constantFrom(...KEYS) }) },
);
const anyStep = fc.record({
  wanted: fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('1', '2'), { minKeys: 1 }),
  incidents: fc.array(anyIncident, { maxLength: 6 }),
});

it('each mutation at Hasura Cloud carries the newest hash that was seen, whatever happens in between', async () => {
  const site = await during(hasuraSite());
  const { watched, mutations } = watchHashes(site.emulator.fetch);
  let conflicts = 0;
  await fc.assert(
    // Each case goes on where the one before has left the project.
    fc.asyncProperty(anyStep, async ({ wanted, incidents }) => {
      mutations.length = 0;
      const left: object[] = [...incidents];
      site.emulator.setIntercept(() => {
        const incident = left.shift() ?? {};
        if ('edit' in incident && 'value' in incident)
          site.edit(String(incident.edit), String(incident.value));
        if ('drop' in incident) site.drop(String(incident.drop));
        return 'fault' in incident ? (incident.fault as Fault) : undefined;
      });
      const { engine, events } = site.engine({
        source: memorySource(wanted),
        fetch: site.clock.track(watched),
      });
      await engine
        .sync(site.definition({ syncOptions: { deletionScope: 'matching', maxDeletions: { ratio: 1 } } }))
        .catch((error: unknown) => expect(error).toMatchObject({ name: 'SecretSyncError' }));
      conflicts += events.filter(({ type }) => type === 'conflict').length;
      expect(mutations.map(({ sent }) => sent)).toEqual(mutations.map(({ newest }) => newest));
    }),
    { ...propertyRuns, endOnFailure: true },
  );
  expect(conflicts).toBeGreaterThan(0);
});
