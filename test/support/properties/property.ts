/** How often each property is tried; `PROPERTY_RUNS` sets it. */
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 100);

/** Parameters of every `fc.assert`: a failing property prints its seed. */
export const propertyRuns = { numRuns } as const;
