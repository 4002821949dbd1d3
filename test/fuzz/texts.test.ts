import { parse } from 'dotenv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileKeySchema } from '../../src/core/definition/key-schema.js';
import { readQuota, readToldTime } from '../../src/http/pacing/told-times.js';
import { END_OF_TIME } from '../../src/shared/timestamps.js';
import { editDotenvText } from '../../src/sources/dotenv/edit.js';
import { pairsOf, parseDotenvText } from '../../src/sources/dotenv/parse.js';
import { anyText } from '../support/properties/arbitraries.js';
import { corpusOf, fuzz, outcomeOf } from './fuzz.js';
import { mutatedText } from './mutations.js';

const NOW = Date.UTC(2026, 0, 15);

describe('any text', () => {
  const dotenvTexts = mutatedText(corpusOf('dotenv'));

  it('as a .env is read as the dotenv package reads it, save for what that hides', async () => {
    await fuzz(dotenvTexts, (text) => {
      const parsed = parseDotenvText(text);
      const { malformed } = parsed;
      const lines = text.split(/\r\n?|\n/).length;
      for (const { line } of malformed) expect(line).toBeLessThanOrEqual(lines);
      for (const { message } of malformed) expect(message).toMatch(/^(?:is not|opens|holds)/);
      if (malformed.length > 0) return;
      const ours = new Map(pairsOf(parsed).filter(([name]) => name !== '__proto__'));
      expect(ours).toEqual(new Map(Object.entries(parse(text))));
    });
  });

  it('as a .env is edited so that the edit is read back, and nothing else moves', async () => {
    const edits = fc.tuple(dotenvTexts, fc.constantFrom('A', 'NEW', 'export', 'x.y-z'), anyText);
    await fuzz(edits, ([text, key, value]) => {
      const before = parseDotenvText(text);
      if (before.malformed.length > 0) return;
      const { text: after, refused } = editDotenvText(text, new Map([[key, value]]));
      if (refused.length > 0) {
        expect(after).toBe(text);
        return;
      }
      const read = parseDotenvText(after);
      expect(read.malformed).toEqual([]);
      expect(new Map(pairsOf(read))).toEqual(new Map([...pairsOf(before), [key, value]]));
    });
  });

  it('as a header that tells when to come back gives a moment to come, or none', async () => {
    const headers = fc.tuple(
      fc.option(mutatedText(corpusOf('retry-after')), { nil: undefined }),
      fc.option(mutatedText(['0', '100', '3600', '1768435200', '1768435200000']), { nil: undefined }),
      fc.option(mutatedText(['0', '1', '1000']), { nil: undefined }),
    );
    await fuzz(headers, ([retryAfter, reset, remaining]) => {
      const given = new Headers();
      for (const [name, text] of [
        ['retry-after', retryAfter],
        ['x-ratelimit-reset', reset],
        ['x-ratelimit-remaining', remaining],
      ] as const) {
        try {
          if (text !== undefined) given.set(name, text);
        } catch {
          // No server can send it.
        }
      }
      const told = readToldTime(given, NOW);
      if (told !== undefined) {
        expect(told).toBeGreaterThan(NOW);
        expect(told).toBeLessThanOrEqual(END_OF_TIME);
        expect(Number.isInteger(told)).toBe(true);
      }
      const quota = readQuota(given, NOW);
      if (quota === undefined) return;
      expect(quota.remaining).toBeGreaterThanOrEqual(0);
      expect(quota.resetAt).toBeGreaterThan(NOW);
    });
  });

  it('as a key schema is refused with what is wrong, or gives keys that lead back', async () => {
    const schemas = fc.tuple(mutatedText(corpusOf('key-schemas')), anyText, anyText);
    await fuzz(schemas, async ([template, environment, sourceKey]) => {
      const outcome = await outcomeOf(() => compileKeySchema(template, { environment }));
      if ('error' in outcome) {
        expect(outcome.error.code).toBe('INVALID_KEY_SCHEMA');
        expect(outcome.error.problems?.length).toBeGreaterThan(0);
        return;
      }
      const { render, match, strip, prefix, suffix } = outcome.value;
      const key = render(sourceKey);
      expect(key).toBe(prefix + sourceKey + suffix);
      if (match(key)) expect(strip(key)).toBe(sourceKey);
      else expect(strip(key)).toBeUndefined();
    });
  });
});
