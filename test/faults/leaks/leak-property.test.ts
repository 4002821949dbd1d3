import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretSyncError } from '../../../src/contracts/errors.js';
import { formatPlan } from '../../../src/format/format-plan.js';
import { formatResult } from '../../../src/format/format-result.js';
import { memorySource } from '../../../src/sources/memory.js';
import { createCanaries } from '../../../src/testing/leaks/canaries.js';
import type { Fault } from '../../../src/testing/emulators/server/types.js';
import { propertyRuns } from '../../support/properties/property.js';
import { assertClean, SECRET_KEY, TOKEN } from './leak-channels.js';
import { during, hasuraSite, qoverySite, type Site } from '../sites.js';

const anyFault = fc.constantFrom<Fault>(
  ...(['reset-before', 'reset-after', 'html-before', 'html-after', 'truncate', 'cut'] as const),
  ...[400, 401, 403, 404, 409, 500, 503].map((status) => ({ status })),
  { status: 429, headers: { 'retry-after': '2' } },
  { status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3' } },
);

const echoing = { echo: true, accessToken: TOKEN } as const;

describe.each<[string, () => Promise<Site>]>([
  ['Hasura Cloud', () => hasuraSite(echoing)],
  ['Qovery', () => qoverySite(echoing)],
])('%s', (_name, open) => {
  it('shows no value and no token in any channel, whatever they are, and whatever fails', async () => {
    const site = await during(open());
    const definition = site.definition({ syncOptions: { deletionScope: 'matching' } });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(100_000),
        fc.uniqueArray(fc.nat(6), { minLength: 1, maxLength: 3 }),
        fc.array(fc.option(anyFault, { freq: 2, nil: undefined }), { maxLength: 6 }),
        async (seed, chosen, faults) => {
          const canaries = createCanaries(seed);
          const texts = canaries.values.map(({ text }) => text);
          const source = memorySource(chosen.map((index) => [`KEY_${index}`, texts[index] ?? ''] as const));
          // Secret too: what stands there, and is written over or deleted.
          site.emulator.setIntercept(undefined);
          site.edit('KEY_0', texts[3] ?? '');
          site.edit('GONE', texts[4] ?? '');
          site.emulator.clearRequests();
          const left = [...faults];
          site.emulator.setIntercept(() => left.shift());
          const { engine, events } = site.engine({ source, fingerprintKey: SECRET_KEY });
          const seen: unknown[] = [];
          const plan = await engine.plan(definition).catch((error: unknown) => void seen.push(error));
          if (plan !== undefined) seen.push(plan, formatPlan(plan));
          try {
            seen.push(formatResult(await engine.sync(definition)));
          } catch (error) {
            expect(isSecretSyncError(error)).toBe(true);
            seen.push(error);
            const result = isSecretSyncError(error) ? error.result : undefined;
            if (result !== undefined) seen.push(formatResult(result));
          }
          const documents = await Promise.all(
            (await site.store.list('')).map(async (key) => [key, await site.store.get(key)]),
          );
          const channels = new Map<string, unknown[]>([
            ['what comes out', seen],
            ['the events', events],
            ['the store', documents],
            ['a URL', site.emulator.requests.map(({ url }) => url)],
          ]);
          for (const [channel, things] of channels) canaries.assertAbsent(channel, things);
          assertClean(channels);
        },
      ),
      { ...propertyRuns, endOnFailure: true },
    );
  });
});
