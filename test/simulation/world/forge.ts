import type { JsonValue } from '../../../src/contracts/json.js';
import type { Forgery, Step } from '../steps.js';
import type { SiteName, SyncSetting } from './setting.js';
import type { World } from './world.js';

/** The document of a site in the store. */
export function findDocument(world: World, site: SiteName, prefix: 'places/' | 'intents/') {
  const { destinationConfig } = world.site(site);
  const id = destinationConfig['environmentId'] ?? destinationConfig['projectId'] ?? '';
  for (const [key, { document, version }] of world.documents) {
    if (key.startsWith(prefix) && JSON.stringify(document).includes(id)) return { key, document, version };
  }
  return undefined;
}

type Fields = Readonly<Record<string, JsonValue>>;

const isFields = (value: JsonValue | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function tamper(document: Fields, forgery: Forgery, { name }: SyncSetting): JsonValue {
  const { mac: _, ...unsealed } = document;
  const { entries = [] } = document;
  const all: readonly JsonValue[] = Array.isArray(entries) ? entries : [];
  const text = JSON.stringify(document);
  switch (forgery) {
    case 'claimed': {
      const mine: JsonValue[] = [
        ...all.map((entry): JsonValue => (isFields(entry) ? { ...entry, syncId: name } : entry)),
        { key: 'OTHER', syncId: name },
      ];
      return { ...document, entries: mine };
    }
    case 'emptied':
      return { ...document, entries: [], facts: [['forged', 'yes']] };
    case 'cut-off':
      return text.slice(0, text.length / 2);
    case 'unsealed':
      return unsealed;
    case 'other-key':
      return { ...document, keyId: '0123456789abcdef' };
  }
}

/** Puts a forged document in place of one that is there; false where none is, or nothing could tell it. */
export function forge(
  world: World,
  sync: SyncSetting,
  { document, forgery }: Extract<Step, { readonly do: 'forge' }>,
): boolean {
  // Once a key was lost, what it had sealed is believed, as the engine is told to.
  if (world.hasLostKey) return false;
  const found =
    (document === 'intent' ? findDocument(world, sync.site, 'intents/') : undefined) ??
    findDocument(world, sync.site, 'places/');
  if (found === undefined || !isFields(found.document)) return false;
  world.forged.set(found.key, tamper(found.document, forgery, sync));
  world.count(`forged ${forgery}`);
  return true;
}
