import * as z from 'zod/mini';
import type { SyncDefinition } from '../../contracts/definition.js';
import type { SourceDescription } from '../../contracts/source.js';
import { locationIn } from '../../core/inputs/location.js';
import type { EnginePort } from '../../engine/port.js';

const environmentSchema = z.object({ slug: z.string(), name: z.string(), id: z.string() });
const folderSchema = z.object({ id: z.string(), path: z.string() });
const descriptionSchema = z.object({ environment: z.optional(z.unknown()), folder: z.optional(z.unknown()) });

/**
 * Returns what the source calls the location of a definition, as far as a record keeps it: whatever else a source says, a
 * record stays one that can be read. `null` where the source can't say, in time: a record does without.
 */
export async function describeLocation(
  port: EnginePort,
  definition: SyncDefinition,
): Promise<SourceDescription | null> {
  const { data } = descriptionSchema.safeParse(await port.describe(locationIn(definition)));
  const environment = environmentSchema.safeParse(data?.environment).data;
  const folder = folderSchema.safeParse(data?.folder).data;
  if (environment === undefined && folder === undefined) return null;
  return { ...(environment !== undefined && { environment }), ...(folder !== undefined && { folder }) };
}
