import type { SecretValue } from '../../contracts/secret.js';
import type { SourcePart, SourceRead } from '../../contracts/source.js';
import { createEchoSearch, readingsOf, type EchoSearch } from '../../shared/echo-search.js';
import type { InfisicalPlace } from './options.js';
import { holdsReference, type ListedSecret, type Listing } from './wire.js';

/** What a folder holds in the end. */
export interface Effective extends SourceRead {
  readonly secrets: readonly (readonly [string, SecretValue])[];
  readonly unreadable: readonly string[];
  readonly parts: readonly SourcePart[];
  readonly unresolved: readonly string[];
}

/** The secrets that all see, by key; a key that is listed twice has two. */
export function byKey(secrets: readonly ListedSecret[]): Map<string, ListedSecret[]> {
  const groups = new Map<string, ListedSecret[]>();
  for (const secret of secrets) {
    if (secret.isPersonal) continue;
    const group = groups.get(secret.key);
    if (group === undefined) groups.set(secret.key, [secret]);
    else group.push(secret);
  }
  return groups;
}

/** The length of the shortest value that is looked for in a name: shorter ones are often words. */
const SHORTEST = 16;

/** Returns whether a name that the server returned holds a value of the list: then it must not be shown. */
function echoesIn(secrets: readonly ListedSecret[]): (name: string) => boolean {
  let values: EchoSearch | undefined;
  return (name) => {
    if (values === undefined) {
      values = createEchoSearch();
      for (const { value } of secrets)
        if (value !== undefined && value.reveal().length >= SHORTEST) values.add(value.reveal());
    }
    return values.finds(readingsOf(name));
  };
}

/** The imports and the folder itself, from the weakest to the strongest, each under the name of its part. */
function layersOf({ secrets, imports }: Listing, { environment, secretPath }: InfisicalPlace) {
  const layers = new Map<string, ListedSecret[]>();
  const add = (name: string, held: readonly ListedSecret[]) => {
    const before = layers.get(name) ?? [];
    // Named twice, it counts where it is named last.
    layers.delete(name);
    layers.set(name, [...before, ...held]);
  };
  const listed = imports ?? [];
  const isEcho = echoesIn([...secrets, ...listed.flatMap((imported) => imported.secrets)]);
  listed.forEach(({ environment: from, secretPath: path, secrets: held }, index) => {
    const name = typeof from === 'string' && typeof path === 'string' ? `${from}:${path}` : undefined;
    add(name === undefined || isEcho(name) ? `import ${index + 1}` : name, held);
  });
  add(`${environment}:${secretPath}`, secrets);
  return layers;
}

const holds = ({ value }: ListedSecret, isWanted: (text: string) => boolean): boolean =>
  value !== undefined && isWanted(value.reveal());

/** The secrets that win: a folder's own over imported ones, of which the last import wins (official documentation). */
function winnersOf(layers: Iterable<readonly ListedSecret[]>): readonly ListedSecret[] {
  const winners = new Map<string, readonly ListedSecret[]>();
  for (const layer of layers) for (const [key, group] of byKey(layer)) winners.set(key, group);
  return [...winners.values()].flat();
}

/**
 * Returns what a folder holds in the end. Where the secret that wins is hidden, its key is unreadable, whatever an import
 * behind it shows. Each import is a part, and so are the folder's own secrets.
 */
export function effectiveSecrets(listing: Listing, place: InfisicalPlace): Effective {
  const layers = layersOf(listing, place);
  const all = winnersOf(layers.values());
  return {
    secrets: all.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value] as const])),
    unreadable: all.flatMap(({ key, value }) => (value === undefined ? [key] : [])),
    parts: Array.from(layers, ([name, secrets]) => ({ name, keys: [...byKey(secrets).keys()] })),
    unresolved: all.flatMap((secret) => (holds(secret, holdsReference) ? [secret.key] : [])),
  };
}

/** The keys whose values are empty: those of references that a server left out. */
export const emptyKeys = ({ secrets }: Effective): readonly string[] =>
  secrets.flatMap(([key, value]) => (value.reveal() === '' ? [key] : []));
