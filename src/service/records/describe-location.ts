import * as z from 'zod/mini';
import type { SyncDefinition } from '../../contracts/definition.js';
import type { SourceDescription } from '../../contracts/source.js';
import { locationIn } from '../../core/inputs/location.js';
import type { ResolvedServiceOptions } from '../options.js';
import { settlesWithin } from '../../shared/async.js';

/** How long a source may take to say what a location is called, in ms. */
const PATIENCE_MS = 5_000;

const environmentSchema = z.object({ slug: z.string(), name: z.string(), id: z.string() });
const folderSchema = z.object({ id: z.string(), path: z.string() });
const answerSchema = z.object({ environment: z.optional(z.unknown()), folder: z.optional(z.unknown()) });

/** The part of an answer that a record keeps: whatever else a source says, a record stays one that can be read. */
function partOf(answer: unknown): SourceDescription | null {
  const { data } = answerSchema.safeParse(answer);
  const environment = environmentSchema.safeParse(data?.environment).data;
  const folder = folderSchema.safeParse(data?.folder).data;
  if (environment === undefined && folder === undefined) return null;
  return { ...(environment !== undefined && { environment }), ...(folder !== undefined && { folder }) };
}

/** What the source calls the location of a definition; `null` where it can't say, in time: a record does without. */
export async function describeLocation(
  { engine: { source }, clock }: Pick<ResolvedServiceOptions, 'engine' | 'clock'>,
  definition: SyncDefinition,
): Promise<SourceDescription | null> {
  if (source.describe === undefined) return null;
  const patience = new AbortController();
  const { signal } = patience;
  const answer = Promise.resolve()
    .then(() => source.describe?.(locationIn(definition), { signal }))
    .then(partOf, () => null);
  try {
    return (await settlesWithin(answer, PATIENCE_MS, clock)) ? await answer : null;
  } finally {
    patience.abort();
  }
}
