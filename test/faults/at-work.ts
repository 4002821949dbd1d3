import { memorySource } from '../../src/sources/memory.js';
import { during, type Site } from './sites.js';

/** A site with one secret that was synced, one that has changed since, a new one, and one to delete. */
export async function atWork<Opened extends Site>(opening: Promise<Opened>) {
  const site = await during(opening);
  const source = memorySource({ SAME: 'same', CHANGED: 'old', GONE: 'gone' });
  const { engine, events } = site.engine({ source, concurrency: 1 });
  const definition = site.definition();
  await engine.sync(definition);
  source.set('CHANGED', 'new');
  source.set('NEW', 'new');
  source.delete('GONE');
  site.emulator.clearRequests();
  events.length = 0;
  return { site, source, engine, events, definition };
}
/** What stands there once it was synced. */
export const END = { CHANGED: 'new', NEW: 'new', SAME: 'same' };
