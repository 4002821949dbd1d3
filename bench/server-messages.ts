import * as z from 'zod';

export const destinationSchema = z.enum(['qovery', 'hasura-cloud']);

/** What is compared. */
export type Destination = z.infer<typeof destinationSchema>;

const limitSchema = z.object({
  perSecond: z.number(),
  tell: z.enum(['retry-after', 'both', 'headers']),
});

const server = z.number();

/** What the thread of the servers can be asked; each message has a number, which its answer repeats. */
export const requestSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('open'), destination: destinationSchema, limit: limitSchema.optional() }),
  z.object({ action: z.literal('addPlace'), server }),
  z.object({ action: z.literal('setRoundTrip'), server, ms: z.number() }),
  z.object({ action: z.literal('clear'), server }),
  z.object({ action: z.literal('counts'), server }),
  z.object({ action: z.literal('values'), server }),
  z.object({ action: z.literal('close'), server }),
]);

export type ServerRequest = z.infer<typeof requestSchema>;

export const envelopeSchema = z.object({ number: z.number(), content: z.unknown() });

export const openedSchema = z.object({ server, url: z.string(), accessToken: z.string() });

/** The `destinationConfig` of a new place, with the ids that its destination has. */
export const placeSchema = z.record(z.string(), z.string());
export type Place = z.infer<typeof placeSchema>;

/** Requests that came, those that were answered 429, and for how long the thread was at work, in ms. */
export const countsSchema = z.object({ requests: z.number(), refused: z.number(), busy: z.number() });
export type Counts = z.infer<typeof countsSchema>;

/** What stands at the place that was added last. */
export const valuesSchema = z.array(z.tuple([z.string(), z.string()]));

export const nothingSchema = z.null();
