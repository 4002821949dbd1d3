import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createTextSearch } from '../../../src/testing/leaks/text-search.js';
import { propertyRuns } from '../../support/properties/property.js';

// Few letters, so that texts overlap and occur in each other; one of them of two UTF-16 units.
const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '🔑'), maxLength: 12 });

it('finds what stands in a text, wherever and however short, in the order in which it was asked for', () => {
  fc.assert(
    fc.property(fc.array(text), fc.array(text), (texts, parts) => {
      const wanted = texts.map((one) => ({ text: one }));
      const whole = parts.join('');
      expect(createTextSearch(wanted)(whole)).toEqual(wanted.filter((one) => whole.includes(one.text)));
    }),
    propertyRuns,
  );
});
