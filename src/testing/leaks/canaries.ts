import { AssertionError } from 'node:assert';
import { createHash } from 'node:crypto';
import { inspectAll } from './inspect-all.js';
import { needlesOfHashes, needlesOfPiece, type Needle } from './needles.js';
import { createTextSearch } from './text-search.js';

/** A secret that was planted, to be looked for where it does not belong. */
export interface Canary {
  /** Its kind, such as `multi-line`. */
  readonly name: string;
  readonly text: string;
}

/** A needle of one canary. */
export interface CanaryNeedle extends Needle {
  /** The name of the canary. */
  readonly canary: string;
}

/** A canary that was found, and in which form. */
export interface CanaryFinding {
  readonly canary: string;
  readonly form: string;
}

/** Planted secrets, and the means to find them again. */
export interface Canaries {
  /** Secrets' values, of every kind that has its own way of getting out. */
  readonly values: readonly Canary[];
  /** Credentials: they fit into a header. */
  readonly tokens: readonly Canary[];
  /** What is looked for: each canary raw, its lines and parts, encoded, escaped and hashed. */
  readonly needles: readonly CanaryNeedle[];
  /** Which canaries are in a text, or in bytes that may hold text, and in which form; each once. */
  find(text: string | Uint8Array): readonly CanaryFinding[];
  /**
   * Throws an `AssertionError` that names the channel, the canaries and their forms, when any is found in `thing`. What
   * is neither text nor bytes is looked through by {@link inspectAll}.
   */
  assertAbsent(channel: string, thing: unknown): void;
}

const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789';
// Improbable in any other text, in base64 and in escapes, so that four of them are enough.
const RARE = [...'ꙮ⸎꧅𖡄⸙ꔹ𓂀ꖴ⏣𐂂ꗈ⧫'];

interface Planted extends Canary {
  /** Pieces that are secret by themselves. */
  readonly pieces: readonly string[];
}

/** Makes canaries: the same for the same seed. */
export function createCanaries(seed = 1): Canaries {
  const random = randomFrom(seed);
  const pick = <Item>(items: ArrayLike<Item>, count: number): Item[] =>
    Array.from({ length: count }, () => items[Math.floor(random() * items.length)]).filter(
      (item) => item !== undefined,
    );
  const word = (length = 24): string => pick(ALPHABET, length).join('');
  const plant = (name: string, text: string, pieces: readonly string[] = []): Planted => ({
    name,
    text,
    pieces,
  });
  const lines = [word(48), word(48), word(31)];
  const [user, password] = [word(), word()];
  const segments = [word(), word(60), word(43)];

  const values = [
    plant('random', word(32)),
    plant('multi-line', ['-----BEGIN KEY-----', ...lines, '-----END KEY-----', ''].join('\n'), lines),
    plant('JSON-shaped', JSON.stringify({ user, nested: { password } }), [user, password]),
    plant('quotes and backslashes', `${word(8)}"'\`\\${word(8)}\\n\\\\"${word(8)}'`),
    plant('Unicode', `пароль-${word(8)}-密码-${word(8)}-🔑é`),
    plant('four characters', pick(RARE, 4).join('')),
    plant('URL-reserved', `${word(8)}?a=b&c=<d>/#%20+@:;,$ ${word(8)}`),
  ];
  const tokens = [
    plant('token', `pat_${word(40)}`),
    plant('token in segments', `eyJ${segments.join('.')}`, segments),
  ];
  const needles = [...values, ...tokens].flatMap(needlesOf);
  const search = createTextSearch(needles);

  const find = (text: string | Uint8Array): readonly CanaryFinding[] => {
    const haystack = typeof text === 'string' ? text : new TextDecoder().decode(text);
    const found = new Map<string, CanaryFinding>();
    for (const { canary, form } of search(haystack))
      found.set(JSON.stringify([canary, form]), { canary, form });
    return [...found.values()];
  };

  return {
    values: values.map(({ name, text }) => ({ name, text })),
    tokens: tokens.map(({ name, text }) => ({ name, text })),
    needles,
    find,
    assertAbsent(channel, thing) {
      const found = find(
        typeof thing === 'string' || thing instanceof Uint8Array ? thing : inspectAll(thing),
      );
      if (found.length === 0) return;
      const list = found.map(({ canary, form }) => `"${canary}" (${form})`).join(', ');
      throw new AssertionError({ message: `${channel} shows planted secrets: ${list}` });
    },
  };
}

function needlesOf({ name, text, pieces }: Planted): readonly CanaryNeedle[] {
  const needles = [
    ...needlesOfPiece(text),
    ...pieces.flatMap((piece) => needlesOfPiece(piece, 'part')),
    ...needlesOfHashes(text),
  ];
  const distinct = new Map(needles.map((needle) => [`${needle.form} ${needle.text}`, needle]));
  return [...distinct.values()].map((needle) => ({ canary: name, ...needle }));
}

/** Numbers from 0 to below 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let drawn = 0;
  return () => createHash('sha256').update(`${seed}/${drawn++}`).digest().readUInt32BE() / 2 ** 32;
}
