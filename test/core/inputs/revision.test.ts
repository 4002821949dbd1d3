import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameRevision } from '../../../src/core/inputs/revision.js';
import { propertyRuns } from '../../support/properties/property.js';

describe('two revisions of one entry', () => {
  it.each<[string, string | undefined, string | undefined, boolean]>([
    ['are the same where nothing is remembered', undefined, '2026-01-01T00:00:00Z', true],
    ['are the same where none is given', '2026-01-01T00:00:00Z', undefined, true],
    ['are the same where neither is known', undefined, undefined, true],
    ['are the same where the text is the same', 'v7', 'v7', true],
    ['differ where opaque texts differ', 'v7', 'v8', false],
    ['differ where one is a timestamp and the other is not', '2026-01-01T00:00:00Z', 'v8', false],
    [
      'are compared at the second where one ends there',
      '2026-01-01T00:00:05Z',
      '2026-01-01T00:00:05.250Z',
      true,
    ],
    [
      'are compared at the second, whichever ends there',
      '2026-01-01T00:00:05.250Z',
      '2026-01-01T00:00:05Z',
      true,
    ],
    [
      'are compared at the digits that both have',
      '2026-01-01T00:00:05.123Z',
      '2026-01-01T00:00:05.123456Z',
      true,
    ],
    [
      'are the same where the coarser one was rounded up',
      '2026-01-01T00:00:06Z',
      '2026-01-01T00:00:05.500Z',
      true,
    ],
    ['differ where it was not', '2026-01-01T00:00:06Z', '2026-01-01T00:00:05.499Z', false],
    [
      'are the same where the coarser one was rounded over a year',
      '2026-01-01T00:00:00Z',
      '2025-12-31T23:59:59.9Z',
      true,
    ],
    ['differ at the digits that both have', '2026-01-01T00:00:05.1Z', '2026-01-01T00:00:05.2Z', false],
    [
      'differ at the last of many digits',
      '2026-01-01T00:00:05.123456Z',
      '2026-01-01T00:00:05.123457Z',
      false,
    ],
    ['differ at the second', '2026-01-01T00:00:05Z', '2026-01-01T00:00:06Z', false],
    ['are the same in another zone', '2026-01-01T00:00:05Z', '2026-01-01T02:00:05+02:00', true],
    ['are the same in a zone without a colon', '2026-01-01T00:00:05Z', '2026-01-01T02:00:05+0200', true],
    ['are the same without a zone, which is UTC', '2026-01-01T00:00:05Z', '2026-01-01 00:00:05', true],
    [
      'differ where a zone makes it another moment',
      '2026-01-01T00:00:05Z',
      '2026-01-01T00:00:05+02:00',
      false,
    ],
    [
      'are the same where the coarser one was rounded up within a second',
      '2026-01-01T00:00:05.003Z',
      '2026-01-01T00:00:05.0026Z',
      true,
    ],
    [
      'differ where it was rounded up too far',
      '2026-01-01T00:00:05.003Z',
      '2026-01-01T00:00:05.0014Z',
      false,
    ],
    [
      'are the same where zeros at the end were left out',
      '2026-01-01T00:00:05.5Z',
      '2026-01-01T00:00:05.500Z',
      true,
    ],
    [
      'differ where zeros at the end were left out of one',
      '2026-01-01T00:00:05.5Z',
      '2026-01-01T00:00:05.515Z',
      false,
    ],
    [
      'differ at the second where the digits after it are the same',
      '2026-01-01T00:00:05.1Z',
      '2026-01-01T00:00:06.1Z',
      false,
    ],
    ['differ where one only ends as a timestamp', 'v2026-01-01T00:00:05Z', '2026-01-01T00:00:05.0Z', false],
    [
      'differ where one only begins as a timestamp',
      '2026-01-01T00:00:05Z-2',
      '2026-01-01T00:00:05.0Z',
      false,
    ],
    ['differ where one is no real date', '2026-13-01T00:00:05Z', '2026-01-01T00:00:05Z', false],
  ])('%s (%j, %j)', (_title, remembered, current, same) => {
    expect(sameRevision(remembered, current)).toBe(same);
  });

  it('are the same for one moment, cut off at seconds, or thousandths of any order, in either order', () => {
    const anyDigits = fc.constantFrom(0, 3, 6, 9);
    const anyFraction = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59 }),
        anyFraction,
        anyDigits,
        anyDigits,
        (second, fraction, first, other) => {
          const write = (digits: number) =>
            `2026-01-01T00:00:${String(second).padStart(2, '0')}${digits === 0 ? '' : `.${fraction.slice(0, digits)}`}Z`;
          expect(sameRevision(write(first), write(other))).toBe(true);
          expect(sameRevision(write(other), write(first))).toBe(true);
        },
      ),
      propertyRuns,
    );
  });
});
