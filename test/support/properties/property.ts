/** How often each property is tried; `PROPERTY_RUNS` sets it: `npm run test:deep` tries each 1,000 times. */
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 40);

/** Parameters of every `fc.assert`: a failing property prints its seed. */
export const propertyRuns = { numRuns } as const;
